"""What can be done and what it may bring: measures with cost and assumed or measured effect, laid over tambons.

Reads the shipped planning assumptions or the user's own table. Never says that an assumption was measured: `basis`
goes with every number made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from data.errors import ContractError, FileRefused
from models.budget import OPTION_COLUMNS, check_options
from models.verdict import CANNOT_TELL

_SHIPPED = Path(__file__).parent.parent / "data" / "facts" / "measures.csv"
_NUMBERS = ("fixed_baht", "unit_baht", "most_units", "unit_crew_days", "share", "share_low", "share_high")
_TEXTS = ("measure", "name_th", "name_en", "unit_th", "unit_en", "needs", "excludes", "basis", "source")
_SHARES = ("share", "share_low", "share_high")
#: How the share is known.
BASES = ("assumed", "measured")


def read_measures(path: Path | None = None) -> pd.DataFrame:
    """Return a table of measures, the shipped one when no path is given.

    Returns
    -------
    DataFrame
        `measure`, names, unit in words, `fixed_baht` (once per tambon), `unit_baht`, `most_units` (per tambon),
        `unit_crew_days`, `share`, `share_low`, `share_high` (part of the tambon's hotspots of a season that one unit
        avoids, 0 to 1), `needs` and `excludes` (codes of other measures, separated by ``;``), `basis` (assumed or
        measured), `source`.

    Raises
    ------
    FileRefused
        When the file cannot be read as such a table; names the column and the rows.
    """
    given = path or _SHIPPED
    try:
        table = pd.read_csv(given, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise FileRefused(f"{given}: {error}", key="measures_unread", context={"problem": str(error)[:120]}) from error
    missing = [name for name in (*_TEXTS, *_NUMBERS) if name not in table]
    if missing:
        raise FileRefused(
            f"{given}: no column {missing[0]}", key="measures_column", context={"columns": ", ".join(missing)}
        )
    for name in _NUMBERS:
        numbers = pd.to_numeric(table[name], errors="coerce")
        _demand(table, name, np.isfinite(numbers) & (numbers >= 0))
        table[name] = numbers
    _demand(table, "measure", (table["measure"] != "") & ~table["measure"].duplicated(keep=False))
    _demand(table, "basis", table["basis"].isin(BASES))
    _demand(table, "most_units", (table["most_units"] >= 1) & (table["most_units"] % 1 == 0))
    ordered = (table["share_low"] <= table["share"]) & (table["share"] <= table["share_high"])
    _demand(table, "share", ordered & (table["share_high"] * table["most_units"] <= 1))
    known = set(table["measure"])
    for name in ("needs", "excludes"):
        _demand(table, name, table[name].map(lambda text: set(_codes(text)) <= known))
    return table.astype({"most_units": "int64"})


def _demand(table: pd.DataFrame, column: str, holds: pd.Series) -> None:
    wrong = table.index[~holds.astype(bool)][:5]
    if len(wrong):
        rows = ", ".join(str(at + 1) for at in wrong)
        got = ", ".join(str(value) for value in table.loc[wrong, column])
        raise FileRefused(
            f"measures: column {column}, rows {rows}: got {got}",
            key="measures_rows",
            context={"column": column, "rows": rows, "got": got[:80]},
        )


def _codes(text: str) -> list[str]:
    return [code.strip() for code in text.split(";") if code.strip()]


def pairs(measures: pd.DataFrame, column: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs that `needs` or `excludes` names, for `models.budget.Rules`."""
    listed = zip(measures["measure"], measures[column], strict=True)
    return tuple((one, other) for one, text in listed for other in _codes(text))


def options_of(measures: pd.DataFrame, burden: Mapping[str, float], amphoe: Mapping[str, str]) -> pd.DataFrame:
    """Lay measures over tambons: every measure may stand in every tambon that has a known burden.

    Parameters
    ----------
    measures : DataFrame
        From `read_measures`.
    burden : mapping of str to float
        Hotspots in a season by tambon.
    amphoe : mapping of str to str
        Amphoe code by tambon.

    Returns
    -------
    DataFrame
        `models.budget.OPTION_COLUMNS`; the benefit is in hotspots avoided in a season by one unit.
    """
    places = pd.DataFrame({"tambon": list(burden), "burden": list(burden.values())}).dropna()
    if bool((places["burden"] < 0).any()):
        raise ContractError("burden: a negative number of hotspots", context={"column": "burden", "got": "< 0"})
    both = places.merge(measures, how="cross")
    both["amphoe"] = both["tambon"].map(dict(amphoe))
    for name, share in (("benefit", "share"), ("benefit_low", "share_low"), ("benefit_high", "share_high")):
        both[name] = both["burden"] * both[share]
    return check_options(both[list(OPTION_COLUMNS)])


def with_measured(measures: pd.DataFrame, verdicts: Mapping[str, tuple[str, float, float, float]]) -> pd.DataFrame:
    """Return measures with what was measured in place of what was assumed, wherever there is a verdict.

    Parameters
    ----------
    measures : DataFrame
        From `read_measures`.
    verdicts : mapping of str to tuple
        By measure: code (`models.verdict`), effect, low, high as fractions. One that cannot be told changes nothing.

    Returns
    -------
    DataFrame
        A measured effect is that of the measure as it stands in a tambon, however large it is there: such a measure has
        one unit, the whole of it, at the price and crew days of the most units.
    """
    rows = []
    for row in measures.to_dict("records"):
        code, effect, low, high = verdicts.get(str(row["measure"]), (CANNOT_TELL, np.nan, np.nan, np.nan))
        if code != CANNOT_TELL and np.isfinite([effect, low, high]).all():
            most = row["most_units"]
            row |= {name: min(1.0, max(0.0, -end)) for name, end in zip(_SHARES, (effect, high, low), strict=True)}
            row |= {"unit_baht": row["unit_baht"] * most, "unit_crew_days": row["unit_crew_days"] * most}
            row |= {f"unit_{lang}": f"{most} × {row[f'unit_{lang}']}" for lang in ("th", "en")}
            row |= {"most_units": 1, "basis": "measured", "source": "measured against controls on the stored seasons"}
        rows.append(row)
    return pd.DataFrame(rows, columns=measures.columns).astype(measures.dtypes.to_dict())


def price(baht: float, avoided: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return baht for one avoided hotspot (or rai, or person-day): middle, low and high.

    Parameters
    ----------
    baht : float
    avoided : tuple of float
        What was avoided: middle, low, high.

    Returns
    -------
    tuple of float
        Infinite where nothing, or less than nothing, may have been avoided: the price then has no upper end.
    """
    middle, low, high = (baht / number if number > 0 else float("inf") for number in avoided)
    return middle, high, low


def prices(measures: pd.DataFrame, burden: Mapping[str, float], amphoe: Mapping[str, str]) -> pd.DataFrame:
    """Put the measures side by side: what one unit in a middling tambon of each amphoe costs per hotspot avoided.

    Returns
    -------
    DataFrame
        `amphoe`, `measure`, `burden` (median hotspots a season over its tambons), `baht` (first unit with its fixed
        cost), `avoided`, `baht_per_hotspot`, `baht_low`, `baht_high` (infinite: no upper end), `basis`.
    """
    places = pd.DataFrame({"amphoe": pd.Series(dict(amphoe)), "burden": pd.Series(dict(burden))}).dropna()
    middling = places.groupby("amphoe", as_index=False)["burden"].median()
    both = middling.merge(measures, how="cross")
    both["baht"] = both["fixed_baht"] + both["unit_baht"]
    both["avoided"] = both["burden"] * both["share"]
    shares = both[["share", "share_low", "share_high"]].mul(both["burden"], axis=0).itertuples(index=False, name=None)
    told = [price(baht, avoided) for baht, avoided in zip(both["baht"], shares, strict=True)]
    both[["baht_per_hotspot", "baht_low", "baht_high"]] = pd.DataFrame(told, index=both.index)
    columns = ["amphoe", "measure", "burden", "baht", "avoided", "baht_per_hotspot", "baht_low", "baht_high", "basis"]
    table: pd.DataFrame = both[columns].sort_values(["amphoe", "baht_per_hotspot", "measure"]).reset_index(drop=True)
    return table
