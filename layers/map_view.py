"""The map on a Streamlit page: a frame with the published page, fed with values at each rerun.

Returns the tambon a person chose. Never builds payloads (that is `layers/map.py`), never reruns on pan or zoom.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from layers.assets import STATIC

_DESK = STATIC / "desk"

# The script is sent with every rerun that changes the map: so it is a page long, and the map itself is not in it.
_frame = st.components.v2.component(
    "haze_desk_map",
    css=(_DESK / "frame.css").read_text(encoding="utf-8"),
    js=(_DESK / "frame.js").read_text(encoding="utf-8"),
)


def chosen_on(key: str) -> str | None:
    """Return what `show_map(key, ...)` will return in this rerun, before the map is drawn.

    Asked at the top of a page, the choice can go into the view and so into everything drawn in the same rerun.
    """
    state = st.session_state.get(key)
    code: str | None = state.get("clicked") if state is not None else None
    return code


def drawn_on(key: str) -> str | None:
    """Return the shape that was finished on the map `key` in this rerun, as GeoJSON text; None when none was."""
    state = st.session_state.get(key)
    shape: str | None = state.get("drawn") if state is not None else None
    return shape


def show_map(
    key: str,
    page_url: str,
    values: Mapping[str, Any],
    *,
    title: str,
    height: int = 560,
    phone_height: int = 420,
) -> str | None:
    """Show the map and return what was chosen on it in this rerun.

    Parameters
    ----------
    key : str
        Keeps this map alive over reruns; one per map on a page.
    page_url : str
        Of a page made by `layers.map.page_html` and published.
    values : mapping
        From `layers.map.map_values`.
    title : str
        What the map shows, in the user's language, for those who do not see it.
    height, phone_height : int
        Pixels; the second in windows up to 640 pixels wide.

    Returns
    -------
    str or None
        The six-digit code of the tambon that was clicked; "" when the way back to the whole province was taken and
        nothing is chosen any more; None when nothing happened on the map. Give it back as `chosen` in the values.
    """
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    payload = {
        "page": f"/{base}/app/static/{page_url}".replace("//", "/"),
        "values": values,
        "title": title,
        "height": height,
        "phone_height": phone_height,
    }
    answer = _frame(key=key, data=payload, on_clicked_change=_note_choice, on_drawn_change=_note_choice)
    code: str | None = answer.clicked
    return code


def _note_choice() -> None:
    """Do nothing: Streamlit hands a trigger's value over only when something listens to it."""
