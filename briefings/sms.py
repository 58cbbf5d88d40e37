"""What fits into one SMS: 160 characters of the GSM alphabet, or 70 of any other script such as Thai.

Counts and cuts (3GPP TS 23.038 and 23.040). Never words anything, never sends.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import gsm0338  # noqa: F401, makes the codec known

#: Units of one SMS, and of each part of a longer one, whose header takes the rest (3GPP TS 23.040, 9.2.3.24.1).
GSM, UCS2 = (160, 153), (70, 67)
#: Thai vowels that are written before the consonant they belong to.
_LEADING = "เแโใไ"
_JOINERS = "\u200d\ufe0f"
#: Signs that the GSM alphabet lacks, as one writes them without.
_PLAIN = str.maketrans({"µ": "u", "³": "3", "–": "-", "“": '"', "”": '"', "…": "...", "’": "'", "°": " deg"})


@dataclass(frozen=True)
class Size:
    """How long a text is as SMS.

    Attributes
    ----------
    units : int
        Septets of the GSM alphabet, or 16-bit units of UCS-2.
    most : int
        Units that fit into one SMS of this alphabet.
    parts : int
        SMS that it takes; 0 for an empty text.
    """

    units: int
    most: int
    parts: int


def plain(text: str) -> str:
    """Return a text without signs that would make every SMS of it half as long; one in another script as it is."""
    made = text.translate(_PLAIN)
    return made if _is_gsm(made) else text


def size(text: str) -> Size:
    """Return how long a text is as SMS, in the smaller alphabet that holds all of it."""
    single, joined = GSM if _is_gsm(text) else UCS2
    lengths = [_units(letter, single) for letter in text]
    units, parts, room = sum(lengths), 1, 0
    if units <= single:
        return Size(units, single, int(units > 0))
    for length in lengths:
        # A character that takes two units is never parted.
        if room + length > joined:
            parts, room = parts + 1, 0
        room += length
    return Size(units, single, parts)


def cut(text: str) -> str:
    """Return a text that fits into one SMS, cut between clusters and with an ellipsis where it must be."""
    whole = size(text)
    if whole.units <= whole.most:
        return text
    # The GSM alphabet has no ellipsis of one character.
    ellipsis = "..." if whole.most == GSM[0] else "…"
    kept, room = "", whole.most - len(ellipsis)
    for cluster in clusters(text):
        length = sum(_units(letter, whole.most) for letter in cluster)
        if length > room:
            break
        kept, room = kept + cluster, room - length
    return kept.rstrip() + ellipsis


def clusters(text: str) -> Iterator[str]:
    """Give the pieces of a text that a reader sees as one: a letter with its marks, and a vowel written before it."""
    piece = ""
    for letter in text:
        bound = unicodedata.category(letter).startswith("M") or letter in "ำ" or letter in _JOINERS
        if piece and not (bound or piece[-1] in _LEADING or piece[-1] == "\u200d"):
            yield piece
            piece = ""
        piece += letter
    if piece:
        yield piece


def _is_gsm(text: str) -> bool:
    try:
        text.encode("gsm03.38")
    except UnicodeEncodeError:
        return False
    return True


def _units(letter: str, single: int) -> int:
    return len(letter.encode("gsm03.38")) if single == GSM[0] else len(letter.encode("utf-16-le")) // 2
