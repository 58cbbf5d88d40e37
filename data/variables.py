"""The registry of what is counted and measured: unit, range, standards, Thai index with colours and shapes.

Reads `variables.toml` once and hands out frozen objects. Never holds a constant of its own.
"""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from data.errors import ContractError


@dataclass(frozen=True)
class AqiClass:
    """One class of the index.

    Attributes
    ----------
    id : int
        1 to 5, the provider's ``color_id``.
    code : str
        Name in tables, never shown.
    low, high : float
        Edges in µg/m³, both belonging to the class; `high` is infinite in the last one.
    aqi_low : int
        Index at `low`.
    aqi_high : int or None
        Index at `high`; None in the last class, which has no upper end.
    rgb : tuple of int
        Colour, 0 to 255 each.
    shape : str
        Shape drawn with the colour: colour is never alone.
    label_th, label_en : str
        Official Thai label and its translation.
    """

    id: int
    code: str
    low: float
    high: float
    aqi_low: int
    aqi_high: int | None
    rgb: tuple[int, int, int]
    shape: str
    label_th: str
    label_en: str

    @property
    def colour(self) -> str:
        """Colour as ``#rrggbb``."""
        return "#" + "".join(f"{part:02x}" for part in self.rgb)


@dataclass(frozen=True)
class AqiScale:
    """An index over a concentration.

    Attributes
    ----------
    name : str
    averaging : str
        The one averaging that the index is defined for.
    since_year : int
        Common-era year of the announcement.
    above_offset : int
        Above the last finite edge the index is the whole part of the value plus this.
    source, colour_source : str
    classes : tuple of AqiClass
        From clean to bad.
    """

    name: str
    averaging: str
    since_year: int
    above_offset: int
    source: str
    colour_source: str
    classes: tuple[AqiClass, ...]


@dataclass(frozen=True)
class Standard:
    """A legal limit: value in the unit of its variable, first day on which it holds, source."""

    value: float
    since: dt.date
    source: str


@dataclass(frozen=True)
class Variable:
    """One thing that is counted or measured.

    Attributes
    ----------
    id, unit : str
    low, high : float
        Plausible range; what lies outside is a sentinel or a fault.
    decimals : int
        Decimals shown.
    label_th, label_en : str
    source : str
        Where the range comes from and since when it holds.
    standards_24h, standards_annual : tuple of Standard
        By first day; empty when there is none.
    aqi : AqiScale or None
    """

    id: str
    unit: str
    low: float
    high: float
    decimals: int
    label_th: str
    label_en: str
    source: str
    standards_24h: tuple[Standard, ...] = ()
    standards_annual: tuple[Standard, ...] = ()
    aqi: AqiScale | None = None


@functools.cache
def registry() -> Mapping[str, Variable]:
    """Return all variables by id, read once from ``variables.toml``."""
    with (Path(__file__).parent / "variables.toml").open("rb") as file:
        written = tomllib.load(file)
    return MappingProxyType({name: _variable(name, entry) for name, entry in written.items()})


def pm25_scale() -> AqiScale:
    """Return the Thai index for 24 h means of PM2.5.

    Raises
    ------
    ContractError
        Key ``no_standard``: the file holds none.
    """
    scale = registry()["pm25"].aqi
    if scale is None:
        raise ContractError(
            "pm25: no index in variables.toml", key="no_standard", context={"variable": "pm25", "day": "-"}
        )
    return scale


def aqi_class(class_id: int) -> AqiClass:
    """Return the class with the provider's number, 1 (clean) to 5 (bad); KeyError for another number."""
    return {entry.id: entry for entry in pm25_scale().classes}[class_id]


def standard_24h(day: dt.date, variable: str = "pm25") -> float:
    """Return the 24 h limit, µg/m³, in force on a Thai day.

    Raises
    ------
    ContractError
        Key ``no_standard``: there was none yet, or there is none for this variable.
    """
    return _in_force(registry()[variable].standards_24h, day, variable).value


def standard_annual(year: int, variable: str = "pm25") -> float:
    """Return the limit of the annual mean, µg/m³, in force at the end of a common-era year.

    Raises
    ------
    ContractError
        Key ``no_standard``: there was none yet, or there is none for this variable.
    """
    return _in_force(registry()[variable].standards_annual, dt.date(year, 12, 31), variable).value


def _in_force(standards: tuple[Standard, ...], day: dt.date, variable: str) -> Standard:
    for standard in reversed(standards):
        if standard.since <= day:
            return standard
    raise ContractError(
        f"{variable}: no standard in force on {day}", key="no_standard", context={"variable": variable, "day": day}
    )


def _variable(name: str, entry: Mapping[str, Any]) -> Variable:
    plain = {key: value for key, value in entry.items() if key not in ("standard_24h", "standard_annual", "aqi")}
    return Variable(
        id=name,
        **plain,
        standards_24h=_standards(entry.get("standard_24h", ())),
        standards_annual=_standards(entry.get("standard_annual", ())),
        aqi=_scale(entry["aqi"]) if "aqi" in entry else None,
    )


def _standards(entries: Any) -> tuple[Standard, ...]:
    return tuple(sorted((Standard(**entry) for entry in entries), key=lambda standard: standard.since))


def _scale(entry: Mapping[str, Any]) -> AqiScale:
    plain = {key: value for key, value in entry.items() if key != "class"}
    classes = tuple(
        AqiClass(**{"high": float("inf"), "aqi_high": None, **given, "rgb": tuple(given["rgb"])})
        for given in entry["class"]
    )
    return AqiScale(**plain, classes=classes)
