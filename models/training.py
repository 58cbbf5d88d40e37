"""Fitting every way of forecasting on past seasons, judging each on the seasons it did not see, choosing one per lead.

Pure: daily means in, a `Trained` out that can be written as JSON and read back. Never looks at a day after those it is
given.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import TooLittleData
from models.baselines import Damped, UsualYear, fit_damped, later, usual_year
from models.conformal import Spread, fit_spread
from models.driven import Chosen, driven_features, narrowed, sets, usable
from models.features import LONGEST, elsewhere_features, features, joined
from models.loglinear import (
    RECENT_DAYS,
    Inputs,
    Learned,
    LogLinear,
    fit_learned,
    forecast_lines,
    forecast_trees,
    recent_shift,
)
from models.partial import PARTIAL, Partial, judge, prefer, rmse, told
from models.shapes import bends, passages, products, slopes
from models.station_days import Floats, StationDays, haze_years, months

LEADS = (1, 2, 3)
PERSISTENCE, DAMPED, CLIMATOLOGY = "persistence", "damped_persistence", "climatology"
LINEAR, WIDE, TREES, BLEND = "log_linear", "log_linear_wide", "trees", "blend"
BENT, PRODUCTS = "log_linear_bent", "log_linear_products"
#: The bent line and the blend with fires and weather in them: there only where enough seasons of either are stored.
DRIVEN, DRIVEN_BLEND = "log_linear_drivers", "blend_drivers"
#: In the order of the report card; of two that are equally good the earlier is served. Those of `PARTIAL` stand beside.
METHODS = (PERSISTENCE, DAMPED, CLIMATOLOGY, LINEAR, WIDE, BENT, PRODUCTS, TREES, BLEND, DRIVEN, DRIVEN_BLEND)
#: The blend is the mean of these; with drivers, of the others.
BLENDED, DRIVEN_BLENDED = (WIDE, BENT, PRODUCTS), (WIDE, DRIVEN, PRODUCTS)
#: What speaks for a method where neither fires nor weather are known.
WITHOUT_DRIVERS = {DRIVEN: BENT, DRIVEN_BLEND: BLEND}
#: Months of the days aimed at that are learned from, and those that are judged: the season, and a month on both sides.
LEARNING_MONTHS, SEASON_MONTHS = (11, 12, 1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 5)
#: Days of the past that a forecast looks at: the longest mean, the recent errors that are taken off, the recent ones
#: that intervals are drawn towards, and the leads between.
WINDOW = LONGEST + 2 * RECENT_DAYS + 3 * max(LEADS)
#: Days of January to May with at least three stations that make a season usable.
SEASON_DAYS = 60
_FEWEST_STATIONS = 3
#: Days without which not even persistence can say how wrong it may be. In the dry season the weather changes about once
#: a week; three weeks hold some of these changes, and calm days between them.
_FEWEST_KNOWN = 21
#: Error of one method over that of another that a handful of seasons cannot tell from 1.
_NEARLY = 1.02
#: Changes when anything here or below would give other numbers from equal data.
VERSION = 3


@dataclass(frozen=True)
class LeadModels:
    """Everything fitted for one lead; `drivers` names the columns of each group of drivers that it looks at."""

    usual: UsualYear
    damped: Damped
    climatology: Damped
    learned: Learned | None
    drivers: Chosen


@dataclass(frozen=True)
class Trained:
    """What past seasons taught.

    Attributes
    ----------
    years : tuple of int
        Haze years of learning.
    stations : tuple of str
    leads : dict of int to LeadModels
        Empty when no season was there: then only persistence can be served.
    record : dict of int to dict of str to float
        Root mean square error, µg/m³, of every method on held-out seasons, by lead.
    spread : dict of int to dict of str to Spread
        How wrong each method was on held-out seasons.
    key : str
        Name of everything that was learned from (see `training_key`).
    held_out : bool
        False when there was one season or none, so that nothing could be held out.
    partial : dict of int to dict of str to Partial
        The methods of `models.partial` that told of something in these seasons, by lead.
    """

    years: tuple[int, ...]
    stations: tuple[str, ...]
    leads: dict[int, LeadModels]
    record: dict[int, dict[str, float]]
    spread: dict[int, dict[str, Spread]]
    key: str
    held_out: bool
    partial: dict[int, dict[str, Partial]] = field(default_factory=dict)

    @property
    def served(self) -> dict[int, str]:
        """Method that is served, by lead."""
        return {lead: choose(record) for lead, record in self.record.items()}

    @property
    def preferred(self) -> dict[int, str]:
        """Method that goes before the served one wherever it tells something, by lead; most often there is none."""
        served = self.served
        found = {lead: prefer(some, served[lead], _NEARLY) for lead, some in self.partial.items()}
        return {lead: method for lead, method in found.items() if method is not None}


def usable_years(data: StationDays) -> tuple[int, ...]:
    """Return the haze years with enough days of January to May to learn from or be judged on."""
    enough = (np.isfinite(data.value).sum(axis=1) >= _FEWEST_STATIONS) & np.isin(data.month, SEASON_MONTHS)
    years, days = np.unique(data.year[enough], return_counts=True)
    return tuple(int(year) for year, count in zip(years, days, strict=True) if count >= SEASON_DAYS)


def train(data: StationDays, years: Sequence[int]) -> Trained:
    """Fit all methods on whole seasons, and hold each season out once to see which is best and how wrong it is.

    Parameters
    ----------
    data : StationDays
        May hold other years too; they are not looked at.
    years : sequence of int
        Haze years of learning.

    Raises
    ------
    TooLittleData
        When there are too few pairs of days to know how wrong persistence is.
    """
    years = tuple(sorted(years))
    if not years and (known := int(np.isfinite(data.value).any(axis=1).sum())) < _FEWEST_KNOWN:
        raise TooLittleData(
            f"expected daily means of at least {_FEWEST_KNOWN} days, got {known}",
            key="forecast_few_days",
            context={"needed": _FEWEST_KNOWN, "found": known},
            hint="import earlier daily means",
        )
    key = training_key(data, years)
    data = narrowed(data, usable(data, years))
    outside = _outside(data, years)
    record, spread, partial = {}, {}, {}
    for lead in LEADS:
        aimed, found = zip(*(_judged(data, lead, year, values[lead]) for year, values in outside), strict=True)
        pairs = {method: np.concatenate([one[method] for one in found], axis=1) for method in found[0]}
        partly = {method: pairs.pop(method) for method in PARTIAL if method in pairs}
        record[lead] = {method: rmse(*rows) for method, rows in pairs.items()}
        spread[lead] = {method: fit_spread(rows[0], rows[1]) for method, rows in pairs.items()}
        judged = {method: judge(method, rows, np.concatenate(aimed), pairs) for method, rows in partly.items() if years}
        partial[lead] = {method: one for method, one in judged.items() if one is not None}
    several = len(years) >= 2
    leads = {lead: fit_lead(data, years, lead, learned=several) for lead in LEADS} if years else {}
    return Trained(years, data.stations, leads, record, spread, key, held_out=several, partial=partial)


def choose(record: Mapping[str, float]) -> str:
    """Return the method to serve: the best learned one where it beats damped persistence, else the best baseline.

    Parameters
    ----------
    record : mapping of str to float
        Root mean square error on held-out seasons.

    Notes
    -----
    A handful of seasons cannot tell methods apart that differ by less than `_NEARLY`. Among such, a blend is served,
    the one without drivers first: a mean of methods is seldom the worst of them on the next season.
    """
    baselines = [method for method in (PERSISTENCE, DAMPED) if method in record]
    safe = min(baselines, key=lambda method: record[method])
    learned = [method for method in METHODS if method in record and method not in (PERSISTENCE, DAMPED)]
    best = min(learned, key=lambda method: record[method], default=safe)
    blends = [blend for blend in (BLEND, DRIVEN_BLEND) if blend in record and record[blend] <= _NEARLY * record[best]]
    best = blends[0] if blends else best
    return best if record[best] < record[safe] else safe


def fit_lead(data: StationDays, years: Sequence[int], lead: int, *, learned: bool = True) -> LeadModels:
    """Fit all methods for one lead on some haze years and nothing else."""
    usual = usual_year(data, np.isin(data.year, years))
    then = later(data.value, lead)
    aimed = data.days + np.timedelta64(lead, "D")
    # The day of issue too must be of these years: at the turn of two, it may belong to one that is held out.
    mine = np.isin(haze_years(aimed), years) & np.isin(data.year, years) & np.isin(months(aimed), LEARNING_MONTHS)
    rows = mine[:, None] & data.fixed & np.isfinite(then) & np.isfinite(data.value)
    usual_now, usual_then = usual.of(data.days), usual.of(aimed)
    chosen = usual_now[rows], usual_then[rows], data.value[rows], then[rows], data.weight[rows]
    drivers = {group: tuple(columns) for group, columns in data.drivers.items()} if learned else {}
    models = LeadModels(usual, fit_damped(*chosen), fit_damped(*chosen, climatology=True), None, drivers)
    if not learned:
        return models
    weight = np.where(rows, data.weight, 0.0)
    inputs = _inputs(data, usual, lead)
    return dataclasses.replace(models, learned=fit_learned(inputs, usual_then, data.value, lead, weight))


def forecasts(leads: Mapping[int, LeadModels], data: StationDays, lead: int) -> dict[str, Floats]:
    """Return what every method says, µg/m³, shape (T, S) by day of issue, from nothing but the days up to it."""
    whole = _whole(leads, data, lead)
    return whole | told(data, lead, whole.get(BLEND, whole.get(DAMPED, whole[PERSISTENCE])))


def _whole(leads: Mapping[int, LeadModels], data: StationDays, lead: int) -> dict[str, Floats]:
    out = {PERSISTENCE: data.value}
    models = leads.get(lead)
    if models is None:
        return out
    usual_now, usual_then = models.usual.of(data.days), models.usual.of(data.days + np.timedelta64(lead, "D"))
    out[DAMPED] = models.damped.forecast(usual_now, usual_then, data.value)
    out[CLIMATOLOGY] = np.broadcast_to(
        models.climatology.forecast(usual_now, usual_then, data.value), data.value.shape
    ).copy()
    if models.learned is None:
        return out
    inputs, lines = _inputs(narrowed(data, models.drivers), models.usual, lead), models.learned.lines
    learned = {
        LINEAR: forecast_lines(lines["straight"][:1], inputs["straight"], usual_then),
        WIDE: forecast_lines(lines["straight"], inputs["straight"], usual_then),
        BENT: forecast_lines(lines["bent"], inputs["bent"], usual_then),
        PRODUCTS: forecast_lines(lines["products"], inputs["products"], usual_then),
        TREES: forecast_trees(models.learned, inputs["straight"], usual_then),
    }
    blends = {BLEND: BLENDED}
    if "driven" in lines:
        # Where no driver is known, the bent line speaks as it does alone.
        known = inputs.get("driven", inputs["bent"])
        learned[DRIVEN] = forecast_lines(lines["bent"] + lines["driven"], known, usual_then)
        blends[DRIVEN_BLEND] = DRIVEN_BLENDED
    out |= {name: value * recent_shift(value, data.value, lead) for name, value in learned.items()}
    # Where they disagree, the middle way was wrong by less on most seasons.
    for name, members in blends.items():
        out[name] = np.asarray(np.mean([out[member] for member in members], axis=0), dtype=float)
    return out


def training_key(data: StationDays, years: Sequence[int]) -> str:
    """Return a name of everything that training looks at: equal data give an equal name.

    Drivers that too few seasons have are not looked at, and change nothing.
    """
    data = narrowed(data, usable(data, years))
    mine = np.isin(data.year, list(years)) if years else np.ones(len(data.days), bool)
    seen = hashlib.sha256(json.dumps([VERSION, list(map(int, years)), list(data.stations)]).encode())
    parts = [data.days[mine].astype(np.int64), data.value[mine], data.lon, data.lat, data.fixed]
    parts += [data.elsewhere[part][mine] for part in sorted(data.elsewhere)]
    # Without a word of the model in these seasons the name is that of a store that never had one.
    parts += [model[mine] for _, model in sorted(data.model.items()) if years and np.isfinite(model[mine]).any()]
    for group, columns in sorted(data.drivers.items()):
        seen.update(json.dumps([group, *columns]).encode())
        parts += [value[mine] for value in columns.values()]
    for part in parts:
        seen.update(np.ascontiguousarray(part).tobytes())
    return seen.hexdigest()[:16]


def to_json(trained: Trained) -> str:
    """Return what was learned as text."""
    return json.dumps(dataclasses.asdict(trained), default=lambda value: value.tolist())


def from_json(text: str) -> Trained:
    """Return what `to_json` wrote."""
    found = json.loads(text)
    leads = {int(lead): _lead_models(entry) for lead, entry in found["leads"].items()}
    names = ("record", "spread", "partial")
    by_lead = {name: {int(lead): value for lead, value in found[name].items()} for name in names}
    spread = {
        lead: {method: _spread(one) for method, one in entry.items()} for lead, entry in by_lead["spread"].items()
    }
    partial = {
        lead: {method: _partial(one) for method, one in entry.items()} for lead, entry in by_lead["partial"].items()
    }
    return Trained(
        tuple(found["years"]),
        tuple(found["stations"]),
        leads,
        by_lead["record"],
        spread,
        str(found["key"]),
        bool(found["held_out"]),
        partial,
    )


def _spread(entry: dict[str, Any]) -> Spread:
    return Spread(np.array(entry["level"]), np.array(entry["quantile"]))


def _partial(entry: dict[str, Any]) -> Partial:
    days = {int(season): count for season, count in entry["days"].items()}
    return Partial(entry["record"], days, None if entry["spread"] is None else _spread(entry["spread"]))


def _lead_models(entry: dict[str, Any]) -> LeadModels:
    usual = entry["usual"]
    elsewhere = {part: (np.array(curve), np.array(offset)) for part, (curve, offset) in usual["elsewhere"].items()}
    learned = None
    if entry["learned"] is not None:
        lines = {kind: tuple(map(_line, some)) for kind, some in entry["learned"]["lines"].items()}
        learned = Learned(lines, entry["learned"]["trees"], entry["learned"]["trees_factor"])
    return LeadModels(
        UsualYear(np.array(usual["curve"]), np.array(usual["offset"]), elsewhere),
        Damped(**entry["damped"]),
        Damped(**entry["climatology"]),
        learned,
        {group: tuple(columns) for group, columns in entry["drivers"].items()},
    )


def _line(entry: dict[str, Any]) -> LogLinear:
    arrays = {name: np.array(entry[name]) for name in ("middle", "scale", "slope")}
    return LogLinear(groups=tuple(entry["groups"]), level=entry["level"], factor=entry["factor"], **arrays)


def _inputs(data: StationDays, usual: UsualYear, lead: int) -> dict[str, Inputs]:
    base = features(data, usual, lead)
    elsewhere = elsewhere_features(data, usual)
    curved = joined([base, bends(base), slopes(base)])
    further = {} if elsewhere is None else {"elsewhere": elsewhere}
    passed = {} if elsewhere is None else {"elsewhere": joined([elsewhere, passages(base, elsewhere)])}
    multiplied = {} if elsewhere is None else {"elsewhere": joined([elsewhere, products(base, elsewhere)])}
    inputs = {
        "straight": Inputs(base, further),
        "bent": Inputs(curved, passed),
        "products": Inputs(curved, multiplied),
    }
    driven = driven_features(data, lead)
    if driven:
        inputs["driven"] = Inputs(curved, passed | driven, sets([*passed, *driven]))
    return inputs


def _outside(data: StationDays, years: tuple[int, ...]) -> list[tuple[int | None, dict[int, dict[str, Floats]]]]:
    """Return what every method says of each season from the others: by season, lead and method."""
    if len(years) >= 2:
        return [(year, {lead: _from_others(data, years, year, lead) for lead in LEADS}) for year in years]
    # One season cannot be held out, but the one number of damped persistence hardly bends to it. Without any season,
    # persistence learns nothing and any day can tell how wrong it is.
    fitted = {lead: fit_lead(data, years, lead, learned=False) for lead in LEADS} if years else {}
    seen = _season(data, years[0]) if years else data
    return [(years[0] if years else None, {lead: forecasts(fitted, seen, lead) for lead in LEADS})]


def _season(data: StationDays, year: int) -> StationDays:
    """Return the days of a haze year with what a forecast of its first day looks back on."""
    return data.since(dt.date(year - 1, 12, 31) - dt.timedelta(days=WINDOW)).until(dt.date(year, 6, 30))


def _from_others(data: StationDays, years: tuple[int, ...], year: int, lead: int) -> dict[str, Floats]:
    others = [other for other in years if other != year]
    return forecasts({lead: fit_lead(data, others, lead)}, _season(data, year), lead)


def _judged(
    data: StationDays, lead: int, year: int | None, values: Mapping[str, Floats]
) -> tuple[NDArray[np.datetime64], dict[str, Floats]]:
    """Return the day aimed at, shape (n,), and forecast, measured and weight, shape (3, n), of the days of a season.

    Of all days that every method tells of but those of `PARTIAL`, which are missing where they cannot tell.
    """
    data = data if year is None else _season(data, year)
    then = later(data.value, lead)
    aimed = data.days + np.timedelta64(lead, "D")
    in_season = np.isin(months(aimed), SEASON_MONTHS) & (haze_years(aimed) == year)
    mine = np.ones(len(aimed), bool) if year is None else in_season
    every = np.all([np.isfinite(value) for method, value in values.items() if method not in PARTIAL], axis=0)
    rows = mine[:, None] & data.fixed & np.isfinite(then) & every
    pairs = {method: np.stack([value[rows], then[rows], data.weight[rows]]) for method, value in values.items()}
    return aimed[np.nonzero(rows)[0]], pairs
