"""What a page holds that its own Content-Security-Policy lets no browser use. Pure. See `windsock.web.pages`."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

# Of what HTML calls an event handler, what people write: other attributes may begin with "on" too.
_HANDLER = re.compile(
    r"on(auxclick|blur|cancel|change|(dbl)?click|close|contextmenu|copy|cut|ended|error|hashchange|input|invalid|load"
    r"|message|offline|online|paste|pause|play(ing)?|popstate|reset|resize|scroll(end)?|select|storage|submit|toggle"
    r"|unload|wheel|(after|before|animation|drag|focus|key|mouse|page|pointer|touch|transition)\w*|drop)"
)
# HTML, "prepare the script element": with any other type, it is no script but data.
_SCRIPTS = re.compile(r"|module|(application|text)/(x-)?(java|ecma)script")
_FRAMES = ("iframe", "frame", "object", "embed", "audio", "video")


def refused(page: str, policy: str) -> list[str]:
    """What it is and what to do instead, in words, in the order of the page. ``policy`` is that of its answer."""
    nonce = re.search("'nonce-([^']*)'", policy)
    finder = _Finder(nonce[1] if nonce else "")
    finder.feed(page)
    finder.close()
    return finder.found


class _Finder(HTMLParser):
    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._look(tag, given)
        for name, value in given.items():
            if _HANDLER.fullmatch(name):
                self.found.append(f"has {name} at a <{tag}>, which no browser will run: use addEventListener in a file")
            elif name == "style":
                self.found.append(f"has style at a <{tag}>, which no browser will use: use a class")
            elif name == "href" and value.strip().lower().startswith("javascript:"):
                self.found.append("has a link that is a script, which no browser will run: use a button, and a file")

    def _look(self, tag: str, given: dict[str, str]) -> None:
        if tag == "script" and _SCRIPTS.fullmatch(given.get("type", "").strip().lower()):
            if "src" not in given:
                self.found.append(
                    "has an inline script, which no browser will run: put it into a file, and name that in src"
                )
            self._at_home("a script", given.get("src", ""))
        elif tag == "link" and "stylesheet" in given.get("rel", "").lower():
            self._at_home("a style sheet", given.get("href", ""))
        elif tag == "img":
            self._at_home("a picture", given.get("src", ""))
        elif tag == "style" and given.get("nonce") != self.nonce:
            self.found.append('has a style without nonce="{{ nonce }}", which no browser will use')
        elif tag in _FRAMES:
            self.found.append(f"has an <{tag}>, which no browser will load")

    def _at_home(self, what: str, url: str) -> None:
        if urlsplit(url).netloc:
            self.found.append(f"has {what} from elsewhere ({url:.100}), which no browser will load: serve it yourself")
