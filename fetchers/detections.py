"""The rules that detections of every source share: positions, dates, times, satellites, confidence, the table.

Never knows whose file it is: the source's own module names the columns and hands them over.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import contracts
from data.clock import require_utc
from data.errors import FileRefused
from data.identity import hotspot_ids
from fetchers.delimited import Numbers, Sheet, Sieve, Words, plain_name

#: Names that people and programs give the position, compared after `plain_name`.
LATITUDE_NAMES = ("latitude", "lat", "y")
LONGITUDE_NAMES = ("longitude", "lon", "lng", "long", "x")
#: First light of MODIS on Terra, the oldest instrument of FIRMS (NASA, 24 February 2000).
FIRST_DAY = dt.date(2000, 2, 24)
#: A clock may be a little wrong, a detection may not be from the future.
FUTURE_TOLERANCE = dt.timedelta(minutes=10)
#: Confidence classes of a percentage: low < 30 <= nominal < 80 <= high (FIRMS FAQ on detection confidence).
CONFIDENCE_LIMITS = (30.0, 80.0)
#: Spellings of satellites after dropping everything but letters and digits.
SATELLITE_NAMES: dict[str, str] = {
    **dict.fromkeys(("n", "npp", "snpp", "suominpp"), "SNPP"),
    **dict.fromkeys(("1", "j1", "n20", "noaa20", "jpss1"), "NOAA20"),
    **dict.fromkeys(("2", "j2", "n21", "noaa21", "jpss2"), "NOAA21"),
    **dict.fromkeys(("t", "terra"), "TERRA"),
    **dict.fromkeys(("a", "aqua"), "AQUA"),
    **dict.fromkeys(("l8", "l9", "landsat8", "landsat9", "landsat"), "LANDSAT"),
}
#: Sensor of each of `contracts.SATELLITES`, as positions in `contracts.SENSORS`.
SENSOR_CODES = np.array([0, 0, 0, 1, 1, 2], dtype=np.int8)
VIIRS = contracts.SENSORS.index("VIIRS")
_CONFIDENCE_WORDS = {
    **dict.fromkeys(("l", "low"), 0),
    # Landsat detections say medium where VIIRS says nominal.
    **dict.fromkeys(("n", "nominal", "m", "medium"), 1),
    **dict.fromkeys(("h", "high"), 2),
}
_DAYNIGHT = {"d": 1, "day": 1, "n": 0, "night": 0}
#: 0 vegetation fire, 1 volcano, 2 other static land source, 3 offshore (FIRMS attribute table).
_FIRE_TYPES = {text: code for code in range(4) for text in (str(code), f"{code}.0")}
#: Larger than any fire power, temperature or pixel size; a cell beyond it is a slip.
_LARGEST_MEASURE = 1e6
_SUFFIX = r"(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?)?"
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})" + _SUFFIX)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2}|\d{4})" + _SUFFIX)
_TIME_BARE = re.compile(r"(\d{1,4})(?:\.0)?")
_TIME_COLON = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")
#: Stands for a day that could not be read.
NO_DAY = -(10**6)


def feature_columns(document: dict[str, Any]) -> dict[str, list[object]]:
    """Return the properties of GeoJSON features as columns; positions come from the points where no property has them.

    Raises
    ------
    FileRefused
        ``wrong_columns`` when the document is no feature collection, ``header_only`` when it has no feature.
    """
    features = document.get("features")
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise wrong_columns(list(document), ["features"])
    if not features:
        raise FileRefused("expected detections, got an empty feature collection", key="header_only")
    rows = [_object(feature, "properties") for feature in features]
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    columns: dict[str, list[object]] = {name: [row.get(name) for row in rows] for name in names}
    plain = {plain_name(name) for name in names}
    if plain.isdisjoint(LATITUDE_NAMES) or plain.isdisjoint(LONGITUDE_NAMES):
        points = [_point(feature) for feature in features]
        columns |= {"longitude": [point[0] for point in points], "latitude": [point[1] for point in points]}
    return columns


def refuse_empty(sheet: Sheet) -> None:
    """Raise FileRefused ``header_only`` when the file names its columns and holds no row."""
    if not sheet.read:
        raise FileRefused("expected detections, got a header and no row", key="header_only")


def refuse_without(header: Sequence[str], fields: set[str], required: Sequence[str]) -> None:
    """Raise FileRefused when `fields`, understood from `header`, do not hold what names a detection."""
    missing = [field for field in required if field not in fields]
    if not missing:
        return
    if {"latitude", "longitude"} <= fields and "acq_date" in missing:
        raise FileRefused(
            f"expected a column acq_date, got {list(header)[:20]}",
            key="no_dates",
            context={"found": ", ".join(header[:20])},
            hint="export again with the date and time of each detection",
        )
    raise wrong_columns(header, missing)


def wrong_columns(found: Sequence[str], missing: Sequence[str]) -> FileRefused:
    """Return the refusal of a file that lacks columns: which it has and which are missing."""
    return FileRefused(
        f"expected the columns of detections, got {list(found)[:20]}, missing {list(missing)}",
        key="wrong_columns",
        context={"found": ", ".join(found[:20]), "missing": ", ".join(missing)},
    )


def keep_positions(sheet: Sheet, sieve: Sieve) -> None:
    """Reject rows whose position is missing, unreadable, swapped, outside the Earth, or the empty (0, 0)."""
    lat, lon = sheet.numbers["latitude"].values, sheet.numbers["longitude"].values
    with np.errstate(invalid="ignore"):
        sieve.reject("swapped_coordinates", (np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90))
        good = (np.abs(lat) <= 90) & (np.abs(lon) <= 180) & ~((lat == 0) & (lon == 0))
    sieve.reject("bad_coordinate", ~good)


@dataclass(frozen=True)
class Days:
    """Days as read.

    Attributes
    ----------
    days : ndarray of int64, shape (rows,)
        Days since 1970-01-01; `NO_DAY` where unreadable.
    buddhist : ndarray of bool, shape (rows,)
        True where 543 was taken from the year.
    reordered : ndarray of bool, shape (rows,)
        True where the year was written last.
    order : {'month_first', 'day_first'} or None
        How dates with the year last were read; None when there is none.
    example : str
        Such a date as written, and as read.
    """

    days: NDArray[np.int64]
    buddhist: NDArray[np.bool_]
    reordered: NDArray[np.bool_]
    order: Literal["month_first", "day_first"] | None
    example: str


def read_days(words: Words) -> Days:
    """Read dates: 2026-01-05, 2026/01/05, with a midnight suffix, of the Buddhist era, or with the year last.

    Raises
    ------
    FileRefused
        ``ambiguous_dates`` when the year stands last and nothing proves, or everything disproves, an order.
    """
    first = [_YEAR_FIRST.fullmatch(text) for text in words.values]
    last = [_YEAR_LAST.fullmatch(text) for text in words.values]
    order = _order([(int(found[1]), int(found[2])) for found in last if found], words.values)
    days: list[int] = []
    buddhist: list[bool] = []
    example = ""
    for text, iso, other in zip(words.values, first, last, strict=True):
        if iso:
            year, month, day = int(iso[1]), int(iso[2]), int(iso[3])
        elif other:
            month, day = (int(other[1]), int(other[2])) if order == "month_first" else (int(other[2]), int(other[1]))
            year = int(other[3]) + (2000 if len(other[3]) == 2 else 0)
        else:
            year = month = day = 0
        thai = 2400 <= year <= 2699
        found = _day(year - 543 if thai else year, month, day)
        days.append((found - dt.date(1970, 1, 1)).days if found else NO_DAY)
        buddhist.append(bool(thai and found))
        if other and found and not example:
            example = f"{text} = {found.isoformat()}"
    return Days(
        words.spread(days, np.int64),
        words.spread(buddhist, bool),
        words.spread([match is not None for match in last], bool),
        order,
        example,
    )


def tell_days(sieve: Sieve, days: Days) -> None:
    """Tell how Buddhist years and dates with the year last were read."""
    sieve.tell("buddhist_year", days.buddhist)
    if days.order:
        key = "us_dates" if days.order == "month_first" else "day_first_dates"
        sieve.tell(key, days.reordered, example=days.example)


def read_seconds(words: Words) -> NDArray[np.int64]:
    """Return seconds since midnight, shape (rows,), of 0305, 703, 5, 05:54 or 03:25:00; -1 where unreadable."""
    return words.spread([_seconds(text) for text in words.values], np.int64)


def keep_times(
    sieve: Sieve, days: NDArray[np.int64], seconds: NDArray[np.int64], now: dt.datetime
) -> NDArray[np.int64]:
    """Return pass times as seconds since 1970 UTC; reject ``bad_date``, ``bad_time`` and ``future_date`` rows."""
    acquired = days * 86_400 + seconds
    sieve.reject("bad_date", days < (FIRST_DAY - dt.date(1970, 1, 1)).days)
    sieve.reject("bad_time", seconds < 0)
    sieve.reject("future_date", acquired > (require_utc(now) + FUTURE_TOLERANCE).timestamp())
    return acquired


def satellite_code(name: str) -> int:
    """Return the position in `contracts.SATELLITES` of a satellite however it is written; -1 when unknown."""
    known = SATELLITE_NAMES.get(re.sub(r"[^a-z0-9]", "", name.lower()))
    return contracts.SATELLITES.index(known) if known else -1


def satellite_codes(sheet: Sheet) -> NDArray[np.int8]:
    """Return satellite positions in `contracts.SATELLITES`, -1 when unknown.

    Raises
    ------
    FileRefused
        ``no_satellite`` when there is no satellite column and the instrument flies on more than one satellite.
    """
    if "satellite" in sheet.words:
        names = sheet.words["satellite"]
        return names.spread([satellite_code(text) for text in names.values], np.int8)
    carriers = sheet.words.get("instrument")
    # Of the instruments only OLI stands for a single entry of the contract; VIIRS and MODIS each fly on several.
    if carriers and all(text.upper().startswith(("OLI", "LANDSAT")) for text in carriers.values):
        return np.full(len(sheet), contracts.SATELLITES.index("LANDSAT"), dtype=np.int8)
    raise FileRefused(
        f"expected a column satellite, got {list(sheet.header)[:20]}",
        key="no_satellite",
        context={"found": ", ".join(sheet.header[:20])},
        hint="download again and keep the satellite column",
    )


def assemble(
    sheet: Sheet,
    sieve: Sieve,
    acquired: NDArray[np.int64],
    satellites: NDArray[np.int8],
    quality: NDArray[np.int8],
    *,
    provider: str,
    land_class: NDArray[np.int8] | None = None,
) -> pd.DataFrame:
    """Return the good rows in the contract of detections; tell what was left missing.

    Parameters
    ----------
    sheet : Sheet
        Columns named as in `fetchers.firms.COLUMNS`.
    sieve : Sieve
        Which rows are good; is told about cells left missing.
    acquired : ndarray of int64, shape (rows,)
        Seconds since 1970 UTC.
    satellites, quality, land_class : ndarray of int8, shape (rows,)
        Positions in the lists of the contract; -1 is missing.
    provider : str
        One of `contracts.PROVIDERS`.
    """
    rows = len(sheet)
    good: NDArray[np.bool_] | slice = slice(None) if sieve.good.all() else sieve.good
    kept = int(np.count_nonzero(sieve.good))
    sensors = SENSOR_CODES[satellites]
    classes, percent = _confidence(sheet, sieve, sensors)
    when = pd.Series(pd.DatetimeIndex(acquired[good].view("datetime64[s]").astype("datetime64[us]"), tz="UTC"))
    satellite = pd.Series(_category("satellite", satellites[good]))
    lon, lat = sheet.numbers["longitude"].values[good], sheet.numbers["latitude"].values[good]
    daynight = _codes(sheet, sieve, "daynight", _DAYNIGHT)
    fire_type = _codes(sheet, sieve, "type", _FIRE_TYPES)
    land = np.full(rows, -1, dtype=np.int8) if land_class is None else land_class
    constant = np.zeros(kept, dtype=np.int8)
    table = pd.DataFrame(
        {
            "hotspot_id": hotspot_ids(satellite, when, lon, lat),
            "acquired_at": when,
            "lon": lon,
            "lat": lat,
            "satellite": satellite,
            "sensor": _category("sensor", sensors[good]),
            "confidence": _category("confidence", classes[good]),
            "confidence_pct": percent[good],
            "frp_mw": _measure(sheet, sieve, "frp", zero=True)[good],
            "brightness_k": _measure(sheet, sieve, "brightness", zero=False)[good],
            "scan_km": _measure(sheet, sieve, "scan", zero=False)[good],
            "track_km": _measure(sheet, sieve, "track", zero=False)[good],
            "is_daytime": pd.arrays.BooleanArray(daynight[good] == 1, daynight[good] < 0),
            "quality": _category("quality", quality[good]),
            "land_class": _category("land_class", land[good]),
            "fire_type": pd.arrays.IntegerArray(np.maximum(fire_type[good], 0), fire_type[good] < 0),
            "position": _category("position", constant),
            "provider": _category("provider", constant + np.int8(contracts.PROVIDERS.index(provider))),
        },
        copy=False,
    )
    return contracts.typed(table, contracts.HOTSPOT_COLUMNS, contracts.HOTSPOT_CATEGORIES)


def _object(feature: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = feature.get(name)
    return found if isinstance(found, dict) else {}


def _point(feature: Mapping[str, Any]) -> tuple[object, object]:
    place = _object(feature, "geometry").get("coordinates")
    return (place[0], place[1]) if isinstance(place, list) and len(place) > 1 else (None, None)


def _order(pairs: Sequence[tuple[int, int]], texts: Sequence[str]) -> Literal["month_first", "day_first"] | None:
    if not pairs:
        return None
    month_first = any(second > 12 for _, second in pairs)
    day_first = any(first > 12 for first, _ in pairs)
    if month_first == day_first:
        example = next(text for text in texts if _YEAR_LAST.fullmatch(text))
        raise FileRefused(
            f"expected dates such as 2026-01-05, got {example}, where day and month cannot be told apart",
            key="ambiguous_dates",
            context={"example": example},
            hint="export again with dates as YYYY-MM-DD",
        )
    return "month_first" if month_first else "day_first"


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _seconds(text: str) -> int:
    bare, colon = _TIME_BARE.fullmatch(text), _TIME_COLON.fullmatch(text)
    if bare:
        hour, minute, second = int(bare[1]) // 100, int(bare[1]) % 100, 0
    elif colon:
        hour, minute, second = int(colon[1]), int(colon[2]), int(colon[3] or 0)
    else:
        return -1
    return hour * 3600 + minute * 60 + second if hour < 24 and minute < 60 and second < 60 else -1


def _confidence(sheet: Sheet, sieve: Sieve, sensors: NDArray[np.int8]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    words = sheet.words.get("confidence")
    if words is None:
        return np.full(len(sheet), -1, dtype=np.int8), np.full(len(sheet), np.nan, dtype=np.float32)
    percents = [_percent(text) for text in words.values]
    classes = words.spread(
        [
            int(np.searchsorted(CONFIDENCE_LIMITS, percent, side="right"))
            if percent is not None
            else _CONFIDENCE_WORDS.get(text.lower(), -1)
            for text, percent in zip(words.values, percents, strict=True)
        ],
        np.int8,
    )
    percent = words.spread([np.nan if value is None else value for value in percents], np.float32)
    sieve.tell("confidence_unreadable", classes < 0)
    sieve.tell("confidence_number_for_viirs", ~np.isnan(percent) & (sensors == VIIRS))
    return classes, percent


def _percent(text: str) -> float | None:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        return None
    return value if 0 <= value <= 100 else None


def _measure(sheet: Sheet, sieve: Sieve, field: str, *, zero: bool) -> NDArray[np.float32]:
    numbers = sheet.numbers.get(field, Numbers(np.full(len(sheet), np.nan), np.zeros(len(sheet), dtype=bool)))
    value = numbers.values
    with np.errstate(invalid="ignore"):
        bad = numbers.unreadable | (value < 0) | (value > _LARGEST_MEASURE) | ((value == 0) & (not zero))
    if bad.any():
        sieve.tell("cell_unreadable", bad, column=field)
        value = np.where(bad, np.nan, value)
    return value.astype(np.float32)


def _codes(sheet: Sheet, sieve: Sieve, field: str, known: Mapping[str, int]) -> NDArray[np.int8]:
    words = sheet.words.get(field)
    if words is None:
        return np.full(len(sheet), -1, dtype=np.int8)
    codes = words.spread([known.get(text.lower(), -1) for text in words.values], np.int8)
    unknown = words.spread([bool(text) and text.lower() not in known for text in words.values], bool)
    sieve.tell("cell_unreadable", unknown, column=field)
    return codes


def _category(column: str, codes: NDArray[np.int8]) -> pd.Categorical[Any]:
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(contracts.HOTSPOT_CATEGORIES[column])))
