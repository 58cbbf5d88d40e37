"""Names of tambons and amphoes to codes, as people write them, with the nearest spellings when a name is unknown.

Reads the register of the Department of Provincial Administration that the package ``geothai`` holds (CC BY 4.0). Never
corrects a name by itself: what is not there is offered, not taken.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any

import geothai

_PREFIX = re.compile(r"^\s*(?:ตำบล|แขวง|อำเภอ|เขต|จังหวัด|[ตอจ]\.|tambon|amphoe)\s*", re.IGNORECASE)
#: How alike two spellings must be to be offered, by the ratio of difflib.
_ALIKE = 0.55
_OFFERED = 3


class Unplaced(ValueError):
    """A row names no place that the register knows: `key` of the reason and what to say with it."""

    def __init__(self, key: str, context: dict[str, str]) -> None:
        super().__init__(f"{key}: {context}")
        self.key = key
        self.context = context


def plain_name(name: str) -> str:
    """Return a name without its level: "ต.พิชัย" is "พิชัย"."""
    return _PREFIX.sub("", name.strip()).strip()


@functools.cache
def _tambons(province: str) -> dict[str, tuple[str, str]]:
    below = (one for amphoe in geothai.districts(province) for one in geothai.subdistricts(amphoe.code))
    return dict(sorted((one.code, (one.name_th, one.name_en)) for one in below))


@functools.cache
def _amphoes(province: str) -> dict[str, tuple[str, str]]:
    return dict(sorted((one.code, (one.name_th, one.name_en)) for one in geothai.districts(province)))


def name_of(code: str) -> str:
    """Return the Thai name of a tambon (6 digits), amphoe (4) or province (2); the code itself when unknown."""
    found = {6: geothai.subdistrict, 4: geothai.district, 2: geothai.province}.get(len(code), lambda _: None)(code)
    return str(found.name_th) if found else code


def province_code(text: str) -> str:
    """Return the two digits of a province by name or code, "" when it is unknown."""
    plain = plain_name(text)
    return next((one.code for one in geothai.provinces() if plain == one.code or _same(plain, _both(one))), "")


def _both(area: Any) -> tuple[str, str]:
    return str(area.name_th), str(area.name_en)


def is_known(code: str) -> bool:
    """Return whether the register holds a code of 2, 4 or 6 digits."""
    look = {6: geothai.subdistrict, 4: geothai.district, 2: geothai.province}.get(len(code))
    return look is not None and look(code) is not None


def place_of(tambon: str, amphoe: str, provinces: Iterable[str]) -> tuple[str, str]:
    """Return the codes that two names or codes mean.

    Parameters
    ----------
    tambon, amphoe : str
        Names in Thai or English with or without their level, or codes; either may be empty.
    provinces : iterable of str
        Two-digit codes in which names are looked up.

    Returns
    -------
    tambon, amphoe : str
        Six digits or "", four digits or "".

    Raises
    ------
    Unplaced
        ``no_such_amphoe``, ``no_such_tambon`` (with the nearest spellings), ``wrong_amphoe`` (with where a tambon of
        this name is), ``ambiguous_tambon``.
    """
    found = _place_of(tambon, amphoe, tuple(provinces))
    if isinstance(found, Unplaced):
        raise Unplaced(found.key, found.context)
    return found


@functools.lru_cache(maxsize=4096)
def _place_of(tambon: str, amphoe: str, provinces: tuple[str, ...]) -> tuple[str, str] | Unplaced:
    # Long files name the same few places again and again, right or wrong.
    try:
        return _looked_up(tambon, amphoe, provinces)
    except Unplaced as reason:
        return reason


def _looked_up(tambon: str, amphoe: str, provinces: Sequence[str]) -> tuple[str, str]:
    amphoe_code = _amphoe(plain_name(amphoe), provinces) if amphoe.strip() else ""
    if not tambon.strip():
        return "", amphoe_code
    wanted = plain_name(tambon)
    if wanted.isdigit():
        if not is_known(wanted) or len(wanted) != 6:
            raise Unplaced("unknown_tambon_code", {"tambon": wanted})
        found = [wanted]
    else:
        found = [code for one in provinces for code, names in _tambons(one).items() if _same(wanted, names)]
    if not found:
        raise Unplaced("no_such_tambon", {"tambon": wanted, "nearest": _nearest(wanted, provinces, amphoe_code)})
    inside = [code for code in found if code[:4] == amphoe_code] if amphoe_code else found
    if not inside:
        where = ", ".join(dict.fromkeys(name_of(code[:4]) for code in found))
        raise Unplaced("wrong_amphoe", {"tambon": name_of(found[0]), "amphoe": name_of(amphoe_code), "where": where})
    if len(inside) > 1:
        where = ", ".join(name_of(code[:4]) for code in inside)
        raise Unplaced("ambiguous_tambon", {"tambon": wanted, "where": where})
    return inside[0], inside[0][:4]


def _amphoe(wanted: str, provinces: Sequence[str]) -> str:
    if wanted.isdigit():
        if len(wanted) == 4 and is_known(wanted):
            return wanted
        raise Unplaced("no_such_amphoe", {"amphoe": wanted, "nearest": "–"})
    for province in provinces:
        for code, names in _amphoes(province).items():
            # The amphoe of the provincial town is called "Mueang" alone by those who live there.
            if _same(wanted, names) or (code.endswith("01") and wanted in ("เมือง", "Mueang")):
                return code
    known = [names[0] for province in provinces for names in _amphoes(province).values()]
    near = difflib.get_close_matches(wanted, known, _OFFERED, _ALIKE)
    raise Unplaced("no_such_amphoe", {"amphoe": wanted, "nearest": ", ".join(near) or "–"})


def _same(wanted: str, names: tuple[str, str]) -> bool:
    return wanted == names[0] or wanted.casefold() == names[1].casefold()


def _nearest(wanted: str, provinces: Sequence[str], amphoe: str) -> str:
    """Return up to three nearest spellings, those of the stated amphoe first, each with its amphoe."""
    names = {code: name[0] for province in provinces for code, name in _tambons(province).items()}
    alike = {code: difflib.SequenceMatcher(None, wanted, name).ratio() for code, name in names.items()}
    close = [code for code, ratio in alike.items() if ratio >= _ALIKE]
    close.sort(key=lambda code: (code[:4] != amphoe, -alike[code], code))
    return ", ".join(f"{names[code]} ({name_of(code[:4])})" for code in close[:_OFFERED]) or "–"
