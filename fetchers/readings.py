"""Loose station records become one checked table of readings: moments, numbers, sentinels, doubles.

Shared by every fetcher of air quality. Never knows a provider's columns and never averages, clips or fills.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import contracts
from data.clock import ICT, UTC, require_utc
from data.errors import FileRefused
from data.variables import registry
from fetchers.delimited import ROWS_TOLD, Field, Sheet, Sieve, Words, from_columns
from fetchers.parsed import Parsed, Remark

#: A clock may be a little wrong, a measurement may not be from the future.
FUTURE_TOLERANCE = dt.timedelta(minutes=10)
#: Numbers that Air4Thai, its copies and EGAT write for "no value" (seen in their files of 2009 to 2026). Exactly these:
#: -0.8 is noise of a clean hour and stays.
SENTINELS = (-1.0, -999.0, -9999.0)
#: Texts for "no value" in the same files, in small letters.
MISSING_TEXTS = frozenset(("", "-", "n/a", "na", "nan", "null", "none"))
#: Years that can only be of the Buddhist era (1857 to 2156 of the common era).
BUDDHIST_YEARS = (2400, 2699)
#: As `unicodedata` spells the micro sign, the Greek mu and the raised three.
_MICROGRAMS = "μg/m3"
#: A Thai sign above or below, where no letter stands before it, is a slip of the keyboard.
_SIGN = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]")
_MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE
)
#: The provider's kinds of station; the cabins of the Bangkok districts (BKK) stand on the ground like the others.
_STATION_KINDS = {"GROUND": "ground", "BKK": "ground", "MOBILE": "mobile"}
_KINDS = {name: pd.CategoricalDtype(list(allowed)) for name, allowed in contracts.READING_CATEGORIES.items()}
#: Upstream names that are wrong, by station: the wrong text and the right one. o23 carries the English name of o66 in
#: every copy of December 2025 to June 2026, while its Thai name and its place are those of the palace at Chiang Mai.
_WRONG_NAMES = {"o23": ("Wiang Subdistrict Disaster Prevention and Mitigation Center", "Bhubing Rajanives Palace")}


def all_text(header: Sequence[str]) -> dict[int, Field]:
    """Return the choice of `delimited.read` that takes every column as text."""
    return {at: (name, "text") for at, name in enumerate(header)}


def refuse_empty(sheet: Sheet) -> None:
    """Raise FileRefused ``header_only`` when there is not one record."""
    if not sheet.read:
        raise FileRefused("expected records, got none", key="header_only")


def opened(columns: Mapping[str, Iterable[object]]) -> tuple[Sheet, Sieve]:
    """Return columns that a JSON reply was taken apart into, all as text, with the sieve for their rows.

    Raises
    ------
    FileRefused
        ``header_only`` when there is not one record.
    """
    sheet = from_columns(columns, all_text)
    refuse_empty(sheet)
    return sheet, Sieve(sheet)


def is_micrograms(unit: str) -> bool:
    """Tell whether a unit is µg/m³, however its mu and its three are written."""
    return unicodedata.normalize("NFKC", unit) == _MICROGRAMS


def clean_name(text: str) -> str:
    """Return a name without blanks around it, double blanks and stray Thai signs."""
    joined = " ".join(text.split())
    kept = [
        letter
        for at, letter in enumerate(joined)
        if not _SIGN.match(letter) or (at > 0 and (_SIGN.match(joined[at - 1]) or "ก" <= joined[at - 1] <= "ฮ"))
    ]
    return " ".join("".join(kept).split())


def moments(sieve: Sieve, words: Words) -> NDArray[np.datetime64]:
    """Read stamps such as ``2026-03-05 12:00``, ``2026-03-05T12:00:00+07:00``, ``24:00`` or a Buddhist year.

    Parameters
    ----------
    sieve : Sieve
        Rows that hold no readable stamp are rejected as ``no_date`` (empty) or ``bad_date``.
    words : Words
        Stamps; without an offset they are Thai local time.

    Returns
    -------
    ndarray of datetime64[us], shape (rows,)
        UTC; NaT where unreadable.
    """
    found = [_moment(text) for text in words.values]
    blank = words.spread([text in ("", "-") for text in words.values], bool)
    stamps = words.spread([moment for moment, _ in found], "datetime64[us]")
    sieve.reject("no_date", blank)
    sieve.reject("bad_date", np.isnat(stamps))
    sieve.tell("buddhist_year", words.spread([buddhist for _, buddhist in found], bool))
    return stamps


def reject_future(sieve: Sieve, stamps: NDArray[np.datetime64], now: dt.datetime) -> None:
    """Reject rows as ``future_date`` whose stamp, as the provider wrote it, lies after `now` (aware, UTC)."""
    limit = np.datetime64((require_utc(now) + FUTURE_TOLERANCE).replace(tzinfo=None), "us")
    sieve.reject("future_date", stamps > limit)


def moments_until(sieve: Sieve, words: Words, now: dt.datetime) -> NDArray[np.datetime64]:
    """Return `moments` of stamps that cannot lie after `now`; see `reject_future`."""
    stamps = moments(sieve, words)
    reject_future(sieve, stamps, now)
    return stamps


def values(sieve: Sieve, words: Words, variable: str) -> NDArray[np.float64]:
    """Read concentrations.

    Parameters
    ----------
    sieve : Sieve
        Is told ``cell_unreadable``, ``implausible_value`` and ``zero_values``.
    words : Words
    variable : str
        ``pm25`` or ``pm10``.

    Returns
    -------
    ndarray of float64, shape (rows,)
        µg/m³; NaN for every way to write "no value", for text and for what lies outside the plausible range.
        Small negatives and zeros are kept as written.
    """
    entry = registry()[variable]
    texts = ["" if text.lower() in MISSING_TEXTS else text for text in words.values]
    numbers = Words(words.codes, tuple(texts)).numbers()
    value = np.where(np.isin(numbers.values, SENTINELS), np.nan, numbers.values)
    with np.errstate(invalid="ignore"):
        implausible = (value < entry.low) | (value > entry.high)
    sieve.tell("cell_unreadable", numbers.unreadable, column=variable)
    sieve.tell("implausible_value", implausible, variable=variable, low=entry.low, high=entry.high)
    sieve.tell("zero_values", value == 0, variable=variable)
    return np.where(implausible, np.nan, value)


def assemble(
    form: str,
    sheet: Sheet,
    sieve: Sieve,
    *,
    station_id: Words,
    measured_at: NDArray[np.datetime64],
    averaging: str,
    measured: Mapping[str, NDArray[np.float64]],
    source: str,
    flag: str = "ok",
    stations: pd.DataFrame | None = None,
) -> Parsed:
    """Return the good rows of a sheet as readings, each record (station, moment) once.

    Parameters
    ----------
    form : str
        Name of the recognised form.
    sheet : Sheet
    sieve : Sieve
    station_id : Words, `rows` long
    measured_at : ndarray of datetime64[us], shape (rows,)
        UTC, in the convention of `averaging` (contracts.AVERAGINGS).
    averaging : str
    measured : mapping of str to ndarray of float64, shape (rows,)
        Values by variable, µg/m³.
    source : str
        Provider.
    flag : str
        Flag of a present value; an absent one is ``missing``.
    stations : DataFrame, optional
        STATION_COLUMNS.

    Returns
    -------
    Parsed
        ``read`` equals the distinct records of the table, the rejected ones and the count of ``double_records``.
        Of doubles, a number counts before a gap and a later number before an earlier one.
    """
    sieve.reject("no_station", station_id.spread([not name for name in station_id.values], bool))
    at = np.flatnonzero(sieve.good)
    # Two codes may stand for the same text after blanks were stripped.
    names = pd.Index(station_id.values, dtype="str")
    each = names.unique()
    station = each.get_indexer(names)[station_id.codes[at]]
    moment = measured_at[at].astype("datetime64[us]")
    measured = {variable: value[at] for variable, value in measured.items()}
    double: tuple[Remark, ...] = ()
    if _later(station, moment).any():
        station, moment, measured, double = _once(station, moment, measured, sheet.row_numbers[at])
    table = _long(each, station, moment, measured, averaging, source, flag)
    mended = (*sieve.mended, *double)
    # A full check of every small reply takes longer than reading it; `_long` gives the types, and the writer checks
    # each part as a whole before it is stored.
    if np.isnat(moment).any() or not all(_plausible(name, value) for name, value in measured.items()):
        table = contracts.check_readings(table)
    return Parsed(form, "readings", table, sheet.read, tuple(sieve.rejected), mended, stations)


def _plausible(variable: str, value: NDArray[np.float64]) -> bool:
    entry = registry()[variable]
    return bool((np.isnan(value) | ((value >= entry.low) & (value <= entry.high))).all())


def stations_of(columns: Mapping[str, Sequence[str]], sieve: Sieve, source: str) -> pd.DataFrame:
    """Return stations as STATION_COLUMNS, each once.

    Parameters
    ----------
    columns : mapping
        Texts under station_id, name_th, name_en, area_th, area_en, station_type, lat and lon, equally long.
    sieve : Sieve
        Is told ``station_without_place`` and ``wrong_name``.
    source : str
        Provider.

    Returns
    -------
    DataFrame
        Stations whose place is known; degrees of WGS 84. Of doubles, the last.
    """
    # A feed describes the same stations in every copy, for months.
    known = _described(tuple((name, tuple(cells)) for name, cells in columns.items()), source)
    sieve.tell("station_without_place", ~known.placed)
    if known.wrong.any():
        wrong = [text for text, is_wrong in zip(columns["station_id"], known.wrong, strict=True) if is_wrong]
        sieve.tell("wrong_name", known.wrong, stations=", ".join(wrong))
    return known.table


def station_list(form: str, sheet: Sheet, sieve: Sieve, columns: Mapping[str, Sequence[str]], source: str) -> Parsed:
    """Return a table of stations as parsed; rows without id or place are rejected, of doubles the last counts.

    Parameters are those of `assemble` and `stations_of`.
    """
    table = _stations(columns, source)
    sieve.reject("no_station", (table["station_id"] == "").to_numpy())
    sieve.reject("bad_coordinate", ~_placed(table))
    wrong = _wrongly_named(table, columns["name_en"])
    sieve.tell("wrong_name", wrong, stations=", ".join(str(i) for i in table["station_id"].to_numpy()[wrong]))
    good = table[sieve.good]
    double = good.duplicated("station_id", keep="last").to_numpy()
    rows = tuple(int(number) for number in sheet.row_numbers[sieve.good][double][:ROWS_TOLD])
    told = (Remark("double_records", int(double.sum()), rows, {"differing": 0}),) if double.any() else ()
    stations = contracts.check_stations(good[~double])
    return Parsed(form, "stations", stations, sheet.read, tuple(sieve.rejected), (*sieve.mended, *told))


def double_days(group: NDArray[Any], day: NDArray[np.int64], place: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which rows carry a date that belongs to another row.

    A sheet with one row a day keeps step with the calendar. Where a date is written twice and only one of the two
    rows stands where that date belongs, the other is a day whose own date is lost, and it is not guessed. Where
    step proves nothing, the first row counts.

    Parameters
    ----------
    group : ndarray, shape (rows,)
        What may hold each day once, such as a column of one year.
    day : ndarray of int64, shape (rows,)
        Days since 1970-01-01.
    place : ndarray of int64, shape (rows,)
        Position of the row in the sheet.

    Returns
    -------
    ndarray of bool, shape (rows,)
        True for rows to leave out.
    """
    rows = pd.DataFrame({"group": group, "day": day, "place": place})
    double = rows.duplicated(["group", "day"], keep=False)
    out = np.zeros(len(rows), dtype=bool)
    if not double.any():
        return out
    step = (rows["place"] - rows["day"]).groupby(rows["group"]).median()
    for _, some in rows[double].groupby(["group", "day"]):
        in_step = (some["place"] - some["day"] == step[some["group"].iloc[0]]).to_numpy()
        keep = int(np.argmax(in_step)) if in_step.sum() == 1 else 0
        out[np.delete(some.index.to_numpy(), keep)] = True
    return out


class _Described(NamedTuple):
    """Stations as a feed describes them, checked, and by entry of the feed: has it a place, was its name wrong."""

    table: pd.DataFrame
    placed: NDArray[np.bool_]
    wrong: NDArray[np.bool_]


@functools.lru_cache(maxsize=8)
def _described(columns: tuple[tuple[str, tuple[str, ...]], ...], source: str) -> _Described:
    by_name = dict(columns)
    table = _stations(by_name, source)
    placed = _placed(table)
    checked = contracts.check_stations(table[placed].drop_duplicates("station_id", keep="last"))
    return _Described(checked, placed, _wrongly_named(table, by_name["name_en"]))


def _stations(columns: Mapping[str, Sequence[str]], source: str) -> pd.DataFrame:
    english = [clean_name(text) for text in columns["name_en"]]
    return pd.DataFrame(
        {
            "station_id": np.asarray(columns["station_id"], dtype=object),
            "name_th": [clean_name(text) for text in columns["name_th"]],
            "name_en": [_right_name(i, name) for i, name in zip(columns["station_id"], english, strict=True)],
            "area_th": [clean_name(text) for text in columns["area_th"]],
            "area_en": [clean_name(text) for text in columns["area_en"]],
            "station_type": [_STATION_KINDS.get(kind.strip().upper(), "ground") for kind in columns["station_type"]],
            "lon": Words.of(list(columns["lon"])).numbers().values,
            "lat": Words.of(list(columns["lat"])).numbers().values,
            "source": source,
        }
    )


def _placed(table: pd.DataFrame) -> NDArray[np.bool_]:
    lon, lat = table["lon"].to_numpy(float), table["lat"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        inside = (np.abs(lon) <= 180) & (np.abs(lat) <= 90) & ~((lon == 0) & (lat == 0))
    return np.asarray(inside & (table["station_id"] != "").to_numpy(), dtype=bool)


def _right_name(station_id: str, name: str) -> str:
    wrong, right = _WRONG_NAMES.get(station_id, ("", ""))
    return right if name == wrong else name


def _wrongly_named(table: pd.DataFrame, written: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([clean_name(a) != b for a, b in zip(written, table["name_en"], strict=True)], dtype=bool)


def _moment(text: str) -> tuple[np.datetime64, bool]:
    found = _MOMENT.fullmatch(text)
    if not found:
        return np.datetime64("NaT", "us"), False
    year, month, day, hour, minute = (int(part) for part in found.groups()[:5])
    buddhist = BUDDHIST_YEARS[0] <= year <= BUDDHIST_YEARS[1]
    # "24:00" is the midnight that ends the day written.
    midnight = hour == 24 and minute == 0
    try:
        year -= 543 if buddhist else 0
        local = dt.datetime(year, month, day, 0 if midnight else hour, minute, int(found[6] or 0), tzinfo=ICT)
        if found[7]:
            offset = dt.datetime.strptime(found[7].upper(), "%z").tzinfo
            local = local.replace(tzinfo=offset)
        utc = local.astimezone(UTC) + dt.timedelta(days=int(midnight))
    except (ValueError, OverflowError):
        return np.datetime64("NaT", "us"), False
    return np.datetime64(utc.replace(tzinfo=None), "us"), buddhist


def _later(station: NDArray[np.intp], moment: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Tell which records repeat an earlier one: the same station and moment."""
    codes, moments = pd.factorize(moment)
    return pd.Series(station.astype(np.int64) * len(moments) + codes).duplicated().to_numpy()


def _once(
    station: NDArray[np.intp],
    moment: NDArray[np.datetime64],
    measured: Mapping[str, NDArray[np.float64]],
    row_numbers: NDArray[np.int64],
) -> tuple[NDArray[np.intp], NDArray[np.datetime64], dict[str, NDArray[np.float64]], tuple[Remark, ...]]:
    """Return each record once: of its values the last number of each variable."""
    later = _later(station, moment)
    records = pd.DataFrame({"station": station, "moment": moment, **measured})
    grouped = records.groupby(["station", "moment"], sort=False)[list(measured)]
    differing = int((grouped.nunique() > 1).any(axis=1).sum())
    rows = tuple(int(row) for row in row_numbers[later][:ROWS_TOLD])
    remark = Remark("double_records", int(later.sum()), rows, {"differing": differing})
    kept = grouped.last().reset_index()
    values = {variable: kept[variable].to_numpy(np.float64) for variable in measured}
    return kept["station"].to_numpy(), kept["moment"].to_numpy("datetime64[us]"), values, (remark,)


def _long(
    names: pd.Index,
    station: NDArray[np.intp],
    moment: NDArray[np.datetime64],
    measured: Mapping[str, NDArray[np.float64]],
    averaging: str,
    source: str,
    flag: str,
) -> pd.DataFrame:
    """Return one row a record and variable, the variables one after the other; `station` points into `names`."""
    rows, times = len(station), len(measured)
    value = np.concatenate(list(measured.values()))
    variable = np.repeat([contracts.VARIABLES.index(name) for name in measured], rows)
    flags = np.where(np.isnan(value), contracts.READING_FLAGS.index("missing"), contracts.READING_FLAGS.index(flag))
    return pd.DataFrame(
        {
            "station_id": names.take(np.tile(station, times)),
            "measured_at": pd.DatetimeIndex(np.tile(moment, times)).tz_localize("UTC"),
            "variable": pd.Categorical.from_codes(variable.astype(np.int8), dtype=_KINDS["variable"]),
            "averaging": pd.Categorical.from_codes(
                np.full(len(value), contracts.AVERAGINGS.index(averaging), dtype=np.int8), dtype=_KINDS["averaging"]
            ),
            "value": value,
            "flag": pd.Categorical.from_codes(flags.astype(np.int8), dtype=_KINDS["flag"]),
            "source": pd.Index([source], dtype="str").take(np.zeros(len(value), dtype=np.intp)),
        }
    )
