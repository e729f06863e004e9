"""python -m benchmarks.house [FOLDER]: the house counted, of this or another checkout.

Lines, files, rooms, arrows between rooms, long files, the longest function, functions of many
parameters. Facts, not goals.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

LONG, MANY = 400, 7


def figures(package: Path) -> dict[str, object]:
    """What is counted of a package, by name."""
    files = [p for p in sorted(package.rglob("*.py")) if "migrations" not in p.parts]
    texts = {p: p.read_text("utf-8") for p in files}
    trees = {p: ast.parse(text) for p, text in texts.items()}
    functions = [
        (node, p) for p, tree in trees.items() for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]  # fmt: skip
    longest, where = max(functions, key=lambda f: lines_of(f[0]))
    place = f"{where.relative_to(package)}:{longest.name}"
    arrows = {(room(p, package), to) for p, tree in trees.items() for to in imported(tree)
              if to != room(p, package)}  # fmt: skip
    lengths = {p: len(text.splitlines()) for p, text in texts.items()}
    return {
        "lines": sum(lengths.values()),
        "files": len(files),
        "rooms and files at the top": len(
            {room(p, package) for p in files if p.stem[:2] != "__" or p.parent != package}
        ),
        "arrows between rooms": len(arrows),
        f"files over {LONG} lines": sum(n > LONG for n in lengths.values()),
        "longest function": f"{lines_of(longest)} lines, {place}",
        f"functions with more than {MANY} parameters": sum(
            parameters(node) > MANY for node, _ in functions
        ),
    }


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return len(node.args.args) + len(node.args.kwonlyargs) + len(node.args.posonlyargs)


def room(path: Path, package: Path) -> str:
    return path.relative_to(package).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    """The rooms a file imports from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "dispatcher":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dispatcher."):
            yield (node.module or "").split(".")[1]


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    sys.stdout.write(json.dumps(figures(root / "dispatcher"), indent=1) + "\n")
