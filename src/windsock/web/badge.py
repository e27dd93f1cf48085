"""A badge: the state of a thing as a small picture, for a README or any page that shows pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup

from windsock import wire
from windsock.web.colors import Rgb, as_hex, ink, rgb
from windsock.web.widths import width

GREY: Rgb = (134, 142, 150)
"""What is not live has no other colour."""
PLAIN: Rgb = (90, 113, 153)
"""The colour of a state that has none."""
LONGEST = 60
"""Characters of a text that are drawn; `Badge.words` has it whole."""
_LEFT: Rgb = (68, 76, 86)
_SCHEMES = Markup(
    "<style>.ground{fill:#fff;stroke:#d0d7e2}.quiet{fill:#52607a}.loud{fill:#1a2433;font-weight:700}"
    ".dot{stroke:#1a243366}@media (prefers-color-scheme:dark){.ground{fill:#1a202a;stroke:#3a4556}"
    ".quiet{fill:#a3b0c4}.loud{fill:#edf1f7}.dot{stroke:#edf1f766}}</style>"
)


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says: on the left what the thing is called, on the right how it is, in a colour.

    ``doubt`` is why the right may not be true; however long that is, it is never cut off.
    """

    left: str
    right: str
    color: Rgb = GREY
    doubt: str = ""

    @property
    def words(self) -> str:
        """All of it, for those who cannot see it."""
        said = f"{self.right}{self._aside}"
        return f"{self.left}: {said}" if self.left else said

    @property
    def short(self) -> tuple[str, str]:
        """Left and right as they are drawn."""
        return _short(self.left), f"{_short(self.right)}{self._aside}"

    @property
    def _aside(self) -> str:
        return f" ({self.doubt})" if self.doubt else ""


def badge_of(thing: wire.Payload, title: str | None = None, show: str = "label") -> Badge:
    """The badge of a thing as its page is given it; ``title`` stands in place of its own, an empty one for none."""
    name = thing["title"] if title is None else title
    if thing["state"] is None:
        failing = thing["source"] == "failing"
        return Badge(name, "source failing" if failing else "nothing known yet")
    said = thing["state"] if show == "state" else thing["label"] or thing["state"]
    doubt = "source failing" if thing["source"] == "failing" else "silent" if thing["stale"] else ""
    if doubt:
        return Badge(name, said, GREY, doubt)
    plain = GREY if thing["state"] == thing["offline"] else PLAIN
    return Badge(name, said, rgb(thing["color"] or "") or plain)


def draw(badge: Badge, style: str = "flat") -> str:
    """A badge as SVG; `STYLES` has the styles, and any other is taken for the first."""
    badge = replace(badge, left=_shown(badge.left), right=_shown(badge.right) or "?")
    return str(STYLES.get(style, _flat)(badge))


def _shown(text: str) -> str:
    """A text as XML can hold it, on one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _flat(badge: Badge, radius: int = 3) -> Markup:
    return _halves(badge, _Form(height=20, size=11, pad=7, radius=radius))


def _square(badge: Badge) -> Markup:
    return _flat(badge, radius=0)


def _capitals(badge: Badge) -> Markup:
    return _halves(badge, _Form(height=28, size=10, pad=12, radius=4, spacing=1.2, capitals=True))


def _dot(badge: Badge) -> Markup:
    """A dot of the colour beside words that follow the viewer's light or dark scheme."""
    left, right = badge.short
    begin, long, bold = 23, width(left, 11), width(right, 11) * _BOLD
    then = begin + (long + 6 if left else 0)
    total = round(then + bold + 11)
    ground = Markup('<rect class="ground" x=".5" y=".5" width="{}" height="19" rx="9.5"/>').format(total - 1)
    dot = Markup('<circle class="dot" cx="13" cy="10" r="4.5" fill="{}"/>').format(as_hex(badge.color))
    texts = _text(begin, 14, long, left, "quiet") + _text(then, 14, bold, right, "loud")
    return _svg(badge, total, 20, _SCHEMES + ground + dot + _group(11, texts))


STYLES: Mapping[str, Callable[[Badge], Markup]] = {
    "flat": _flat,
    "flat-square": _square,
    "for-the-badge": _capitals,
    "dot": _dot,
}
_BOLD = 1.13
"""How much wider Verdana is when it is bold."""


@dataclass(frozen=True, slots=True)
class _Form:
    """The measures of a badge of two halves."""

    height: int
    size: int
    pad: int
    radius: int
    spacing: float = 0
    capitals: bool = False


def _halves(badge: Badge, form: _Form) -> Markup:
    said, how = badge.short
    left, right = _Half.of(said, form), _Half.of(how, form, bold=form.capitals)
    total = left.room + right.room
    grounds = _rect(0, left.room, form.height, _LEFT) + _rect(left.room, right.room, form.height, badge.color)
    rounded = Markup('<clipPath id="r"><rect width="{}" height="{}" rx="{}"/></clipPath><g clip-path="url(#r)">{}</g>')
    texts = left.drawn(0, form, _LEFT) + right.drawn(left.room, form, badge.color)
    ground = rounded.format(total, form.height, form.radius, grounds) if form.radius else grounds
    return _svg(badge, total, form.height, ground + _group(form.size, texts))


@dataclass(frozen=True, slots=True)
class _Half:
    text: str
    length: float
    room: int
    bold: bool

    @classmethod
    def of(cls, text: str, form: _Form, bold: bool = False) -> _Half:
        text = text.upper() if form.capitals else text
        length = width(text, form.size) * (_BOLD if bold else 1) + form.spacing * len(text)
        return cls(text, length, round(length + 2 * form.pad) if text else 0, bold)

    def drawn(self, x: int, form: _Form, ground: Rgb) -> Markup:
        baseline = form.height / 2 + form.size * 0.36
        return _text(x + form.pad, baseline, self.length, self.text, fill=ink(ground), bold=self.bold)


def _rect(x: float, wide: float, height: int, color: Rgb) -> Markup:
    return Markup('<rect x="{}" width="{}" height="{}" fill="{}"/>').format(x, wide, height, as_hex(color))


def _text(x: float, y: float, length: float, text: str, class_: str = "", fill: str = "", bold: bool = False) -> Markup:
    """A text of a certain length, whatever the font that there is makes of it."""
    if not text:
        return Markup()
    look = Markup(' class="{}"').format(class_) if class_ else Markup(' fill="{}"').format(fill)
    weight = Markup(' font-weight="700"') if bold else Markup()
    return Markup('<text x="{:.1f}" y="{:.1f}" textLength="{:.1f}"{}{}>{}</text>').format(
        x, y, length, look, weight, text
    )


def _group(size: int, texts: Markup) -> Markup:
    fonts = "Verdana,Geneva,DejaVu Sans,sans-serif"
    return Markup('<g font-family="{}" font-size="{}" aria-hidden="true">{}</g>').format(fonts, size, texts)


def _svg(badge: Badge, wide: float, height: int, inner: Markup) -> Markup:
    head = Markup('<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}" role="img" aria-label="{}">')
    return head.format(wide, height, badge.words) + Markup("<title>{}</title>{}</svg>").format(badge.words, inner)
