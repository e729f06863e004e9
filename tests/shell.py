"""`dispatcher` for scripts of the shell, without reading the program anew for each command.

As a program it waits at a socket and forks each command from itself, with the words, folder,
environment and open files of whoever asks: pipes and redirections are those of the shell.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

CLIENT = """#!{python} -IS
import json, os, socket, sys
link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
link.connect({place!r})
asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(link, [asked], [0, 1, 2])
sys.exit(int(link.recv(16) or 1))
"""


@contextmanager
def commands(folder: Path):
    """A folder with a program `dispatcher` to put into PATH."""
    place = folder / "socket"
    command = folder / "dispatcher"
    command.write_text(CLIENT.format(python=sys.executable, place=str(place)), encoding="utf-8")
    command.chmod(0o755)
    server = subprocess.Popen([sys.executable, __file__, str(place)], stdout=subprocess.PIPE)
    try:
        assert server.stdout.readline() == b"ready\n"
        yield folder
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def serve(place):
    """Fork whoever answers the next one that asks, for ever."""
    from warm import MODULES

    for module in MODULES:
        import_module(module)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(place)
        door.listen()
        os.write(1, b"ready\n")
        while True:
            link, _ = door.accept()
            if os.fork() == 0:
                door.close()
                break
            link.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asked, files, _, _ = socket.recv_fds(link, 1 << 20, 3)
    child = os.fork()
    if child == 0:
        link.close()
        work(files, *json.loads(asked))
    for file in files:
        os.close(file)
    _, status = os.waitpid(child, 0)
    link.send(str(os.waitstatus_to_exitcode(status) % 256).encode())
    os._exit(0)


def work(files, words, folder, environment):
    """One command, as the shell would have started it."""
    from dispatcher.cli import main

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for own, given in enumerate(files):
        os.dup2(given, own)
        os.close(given)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    code = 1
    try:
        main(words)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    atexit._run_exitfuncs()
    with suppress(OSError):  # nobody reads any more
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)  # to take the whole program apart costs more than most commands


if __name__ == "__main__":
    serve(sys.argv[1])
