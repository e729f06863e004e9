"""A form of a page as a browser would send it back: what stands in its fields already."""

from __future__ import annotations

from html.parser import HTMLParser


class _Forms(HTMLParser):
    """Reads the first form that is sent to `action`."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action, self._inside, self._chosen = action, False, ""
        self._text: str | None = None  # the name of the text area we are in
        self.found: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in pairs}
        if tag == "form" and given.get("action") == self._action and not self.found:
            self._inside = True
        if not self._inside:
            return
        name = given.get("name", "")
        match tag:
            case "select":
                self._chosen = name
            case "option" if self._chosen and (
                "selected" in given or self._chosen not in self.found
            ):
                self.found[self._chosen] = [given.get("value", "")]
            case "textarea":
                self._text, self.found[name] = name, [""]
            case "input" if name and self._is_sent(given):
                self.found.setdefault(name, []).append(given.get("value", "on"))

    @staticmethod
    def _is_sent(given: dict[str, str]) -> bool:
        kind = given.get("type", "text")
        return kind not in ("file", "submit") and (
            kind not in ("checkbox", "radio") or "checked" in given
        )

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self.found[self._text][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if tag == "select":
            self._chosen = ""
        if tag == "textarea":
            self._text = None


def form_of(page: str, action: str) -> dict[str, list[str]]:
    """The fields of the form that goes to `action`; none where the page has no such form."""
    reading = _Forms(action)
    reading.feed(page)
    return reading.found
