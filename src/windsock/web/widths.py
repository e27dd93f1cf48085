"""How wide a text is in Verdana, without a font at hand."""

from __future__ import annotations

import unicodedata

# Advance widths of Verdana in 1/2048 of its size, by those characters that have them.
_WIDTHS = {
    550: "'",
    562: "il",
    705: "j",
    720: " f\u00a0",
    745: ",.",
    806: "!",
    807: "t",
    862: "I",
    874: "r",
    930: "()-/:;[]\\|",
    931: "J",
    940: '"',
    1067: "cs",
    1076: "z",
    1117: "?",
    1140: "L",
    1177: "F",
    1212: "kvxy",
    1220: "e",
    1230: "a",
    1235: "P",
    1243: "o",
    1260: "Y",
    1262: "T",
    1276: "bdgpq",
    1295: "E",
    1296: "hnu",
    1300: "{}",
    1302: "$*0123456789_`",
    1400: "AVS",
    1403: "XZ",
    1404: "B",
    1419: "K",
    1424: "R",
    1430: "C",
    1487: "&",
    1499: "U",
    1532: "N",
    1539: "H",
    1578: "D",
    1588: "G",
    1612: "OQ",
    1676: "#+<=>^w~",
    1726: "M",
    1992: "m",
    2025: "W",
    2048: "@…—",
    2204: "%",
}
_OF = {character: width for width, characters in _WIDTHS.items() for character in characters}
_WIDE, _CAPITAL, _OTHER = 2048, 1500, 1296


def width(text: str, size: float) -> float:
    """The width of a text in Verdana of that size; near enough for letters that Verdana or the table lacks."""
    return sum(map(_advance, text)) * size / 2048


def _advance(character: str) -> int:
    if character in _OF:
        return _OF[character]
    plain = unicodedata.normalize("NFD", character)[0]
    if plain in _OF:
        return _OF[plain]
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE
    return _CAPITAL if character.isupper() else _OTHER
