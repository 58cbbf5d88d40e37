"""What the desk of a place is called, at the head of every page.

Never opens a desk.
"""

from __future__ import annotations

from data.places import Place
from layers.words import Lang, say


def title_of(lang: Lang, place: Place) -> str:
    """Return the name of the desk of a place; a single province is called one."""
    name = place.name_th if lang == "th" else place.name_en
    return say(lang, "app.title", place=say(lang, "app.province", name=name) if len(place.provinces) == 1 else name)
