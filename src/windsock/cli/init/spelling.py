"""Names in letters that every address and every file system takes."""

from __future__ import annotations

import re
import unicodedata

# Letters that are no other letter with a mark, and how they are written without them.
_LETTERS = str.maketrans({"æ": "ae", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "œ": "oe", "ø": "o", "þ": "th"})


def spelt(text: str) -> str:
    """A text in lower-case letters, digits and underscores of ASCII, with hyphens for the rest; "" if none are left."""
    # Folded first, which makes "ss" of "ß"; then letters are taken apart from their marks.
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(char for char in apart if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")
