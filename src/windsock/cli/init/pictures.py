"""Pictures of states, drawn: a disc in the state's colour with a drawing, or with the state's initials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from windsock.cli.init.palette import mixed
from windsock.cli.init.spelling import spelt

_STROKE = 'fill="none" stroke="#fff" stroke-width="16" stroke-linecap="round" stroke-linejoin="round"'
# White on the disc, whose middle is at 240, 186.
_DRAWINGS = {
    "open": '<path d="M186 254V110h108v144M156 254h168"/>'
    '<path d="M186 110l54 26v150l-54-32z" fill="#fff"/><circle cx="226" cy="208" r="9" fill="{color}" stroke="none"/>',
    "shut": '<path d="M186 254V110h108v144M156 254h168"/><circle cx="266" cy="186" r="11" fill="#fff" stroke="none"/>',
    "lit": '<path d="M204 218c-42-34-26-104 36-104s78 70 36 104c-8 7-10 14-10 22h-52c0-8-2-15-10-22z" fill="#fff"/>'
    '<path d="M222 268h36M240 62v18M134 170h18M328 170h18M162 92l13 13M318 92l-13 13"/>',
    "unlit": '<path d="M204 218c-42-34-26-104 36-104s78 70 36 104c-8 7-10 14-10 22h-52c0-8-2-15-10-22zM222 268h36"/>',
    "check": '<path d="M170 192l50 50 92-104" stroke-width="26"/>',
    "cross": '<path d="M184 130l112 112M296 130L184 242" stroke-width="26"/>',
    "moon": '<path d="M268 108a84 84 0 1 0 54 118a70 70 0 0 1-54-118z" fill="#fff"/>',
    "dots": '<g fill="#fff" stroke="none"><circle cx="172" cy="186" r="19"/><circle cx="240" cy="186" r="19"/>'
    '<circle cx="308" cy="186" r="19"/></g>',
}
_PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 400" role="img">
  <title>{title}</title>
  <defs>
    <radialGradient id="skin" cx=".36" cy=".26" r=".9">
      <stop offset="0" stop-color="{light}"/>
      <stop offset=".55" stop-color="{color}"/>
      <stop offset="1" stop-color="{dark}"/>
    </radialGradient>
    <radialGradient id="ground">
      <stop offset="0" stop-color="#66789a" stop-opacity=".42"/>
      <stop offset="1" stop-color="#66789a" stop-opacity="0"/>
    </radialGradient>
  </defs>
  <ellipse cx="240" cy="366" rx="124" ry="16" fill="url(#ground)"/>
  <circle cx="240" cy="186" r="152" fill="url(#skin)" stroke="{edge}" stroke-width="8"/>
  <path d="M128 128a124 124 0 0 1 70-58" fill="none" stroke="#fff" stroke-opacity=".5" stroke-width="12" \
stroke-linecap="round"/>
  {drawing}
</svg>
"""
_SIZES = {1: 168, 2: 132}
# The characters that XML 1.0 has ("Characters", 2.2); a state's name may have others.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def draw(label: str, color: str, drawing: str, initials: str) -> str:
    """The picture of a state, as SVG."""
    return _PICTURE.format(
        title=_text(label),
        color=color,
        light=mixed(color, "#ffffff", 0.28),
        dark=mixed(color, "#101826", 0.2),
        edge=mixed(color, "#101826", 0.36),
        drawing=_drawing(drawing, color) if drawing else _letters(initials),
    )


def file_names(states: Iterable[str]) -> dict[str, str]:
    """A file for each state's picture: names that every file system takes, and none of them twice."""
    found: dict[str, str] = {}
    for state in states:
        plain = spelt(state).replace("_", "-") or "state"
        names = [f"{plain}.svg", *(f"{plain}-{number}.svg" for number in range(2, len(found) + 2))]
        found[state] = next(name for name in names if name not in found.values())
    return found


def initials(states: Sequence[str]) -> dict[str, str]:
    """One letter for each state, or two where another one begins with the same."""
    first = [_initials(state, 1) for state in states]
    return {
        state: _initials(state, 2) if first.count(letter) > 1 else letter
        for state, letter in zip(states, first, strict=True)
    }


def _initials(state: str, count: int) -> str:
    words = re.findall(r"[^\W_]+", state)
    letters = "".join(word[0] for word in words) if len(words) >= count else "".join(words)
    return letters[:count].upper()[:count] or "•"


def _drawing(name: str, color: str) -> str:
    return f"<g {_STROKE}>{_DRAWINGS[name].format(color=color)}</g>"


def _letters(text: str) -> str:
    size = _SIZES[len(text)]
    return (
        f'<text x="240" y="{186 + size * 0.36:.0f}" text-anchor="middle" fill="#fff" font-size="{size}" '
        f'font-weight="700" font-family="system-ui, sans-serif">{_text(text)}</text>'
    )


def _text(text: str) -> str:
    return escape(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", text))
