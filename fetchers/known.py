"""JSON replies of services that the desk knows by sight and does not read from files.

So that a person who brings one is told what it is. Never parses a value.
"""

from __future__ import annotations

from typing import Any


def name_of(document: Any) -> str | None:
    """Return the short name of the service whose reply a JSON document is, or None.

    Parameters
    ----------
    document : object
        JSON as loaded.
    """
    first = document[0] if isinstance(document, list) and document else document
    if isinstance(first, dict):
        return next((name for name, looks in _LOOKS if looks(first)), None)
    return "GISTDA PM2.5 history" if _is_gistda_history(document) else None


def _is_gistda_history(document: Any) -> bool:
    """Tell a list of pairs, a number (at times as text) and a stamp that ends in Z, from other lists."""
    if not isinstance(document, list) or not document:
        return False
    return all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], str) and pair[1].endswith("Z")
        for pair in document
    )


def _is_gistda(entry: dict[str, Any]) -> bool:
    inner = entry["data"] if isinstance(entry.get("data"), dict) else entry
    return "pm25" in inner and any(key.startswith("pm25Avg24hr") for key in inner)


def is_openaq(entry: dict[str, Any]) -> bool:
    """Tell whether a document is a reply of OpenAQ, by its own name in it."""
    meta = entry.get("meta")
    return (
        isinstance(meta, dict)
        and isinstance(entry.get("results"), list)
        and str(meta.get("name", "")).startswith("openaq")
    )


_LOOKS = (
    ("DustBoy station list", lambda entry: "dustboy_id" in entry),
    ("DustBoy list of regions", lambda entry: {"zone_id", "provinces"} <= set(entry)),
    ("DustBoy index table", lambda entry: "us_aqi" in entry and isinstance(entry["us_aqi"], dict)),
    ("OpenAQ reply", is_openaq),
    ("Open-Meteo reply", lambda entry: {"latitude", "longitude", "utc_offset_seconds"} <= set(entry)),
    ("GISTDA PM2.5 reply", _is_gistda),
)
