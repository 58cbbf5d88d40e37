"""What every table means: column names, types, allowed values. The only place that says so.

Tables are pandas frames in memory and Parquet in the store. Never repairs a table: a parser mends or
rejects before it hands over, and `check_*` only says yes or raises.
"""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from data.errors import ContractError
from data.variables import registry

SATELLITES = ("SNPP", "NOAA20", "NOAA21", "TERRA", "AQUA", "LANDSAT")
SENSORS = ("VIIRS", "MODIS", "OLI")
CONFIDENCES = ("low", "nominal", "high")
QUALITIES = ("nrt", "standard")
PROVIDERS = ("firms", "gistda", "sample")
#: The six land classes of GISTDA and of every Thai report (order as printed there).
LAND_CLASSES = (
    "conservation_forest",
    "reserved_forest",
    "land_reform",
    "agriculture",
    "community_other",
    "highway_side",
)

#: Their names in Thai, as GISTDA and the reports write them, and in English.
LAND_NAMES: dict[str, tuple[str, str]] = {
    "conservation_forest": ("ป่าอนุรักษ์", "Conservation forest"),
    "reserved_forest": ("ป่าสงวนแห่งชาติ", "National reserved forest"),
    "land_reform": ("เขต ส.ป.ก.", "Land reform area"),
    "agriculture": ("พื้นที่เกษตร", "Farmland"),
    "community_other": ("ชุมชนและอื่น ๆ", "Community and other"),
    "highway_side": ("พื้นที่ริมทางหลวง", "Roadside"),
    "unknown": ("ไม่ทราบ", "Unknown"),
}

#: How the position was obtained: seen by the satellite, or placed inside its tambon by a seed.
POSITIONS = ("observed", "placed")

#: Columns of a detection table, in stored order. `hotspot_id` is an unsigned 64-bit number made from
#: satellite, minute and position (models of identity live in `data.identity`).
HOTSPOT_COLUMNS: dict[str, str] = {
    "hotspot_id": "uint64",
    "acquired_at": "datetime64[us, UTC]",
    "lon": "float64",
    "lat": "float64",
    "satellite": "category",
    "sensor": "category",
    "confidence": "category",
    "confidence_pct": "float32",
    "frp_mw": "float32",
    "brightness_k": "float32",
    "scan_km": "float32",
    "track_km": "float32",
    "is_daytime": "boolean",
    "quality": "category",
    "land_class": "category",
    "fire_type": "Int8",
    "position": "category",
    "provider": "category",
}

HOTSPOT_CATEGORIES: dict[str, tuple[str, ...]] = {
    "satellite": SATELLITES,
    "sensor": SENSORS,
    "confidence": CONFIDENCES,
    "quality": QUALITIES,
    "land_class": LAND_CLASSES,
    "position": POSITIONS,
    "provider": PROVIDERS,
}

#: PT1H true hour (stamp = start), PT24H running mean (stamp = the hour it is published for, its end),
#: P1D mean of a Thai civil day (stamp = the day's start).
AVERAGINGS = ("PT1H", "PT24H", "P1D")
READING_FLAGS = ("ok", "missing", "derived", "model")
VARIABLES = ("pm25", "pm10")

READING_COLUMNS: dict[str, str] = {
    "station_id": "str",
    "measured_at": "datetime64[us, UTC]",
    "variable": "category",
    "averaging": "category",
    "value": "float64",
    "flag": "category",
    "source": "str",
}

READING_CATEGORIES: dict[str, tuple[str, ...]] = {
    "variable": VARIABLES,
    "averaging": AVERAGINGS,
    "flag": READING_FLAGS,
}

STATION_COLUMNS: dict[str, str] = {
    "station_id": "str",
    "name_th": "str",
    "name_en": "str",
    "area_th": "str",
    "area_en": "str",
    "station_type": "str",
    "lon": "float64",
    "lat": "float64",
    "source": "str",
}

#: What weather tables hold, unit in the name; every one may be missing. Wind comes FROM `wind_from_*_deg` (0 = north);
#: the columns without a height are at 10 m. Rain is the sum, the rest the mean or value of the hour.
WEATHER_VALUES = (
    "temperature_c",
    "humidity_pct",
    "rain_mm",
    "pressure_hpa",
    "wind_speed_ms",
    "wind_from_deg",
    "wind_speed_100m_ms",
    "wind_from_100m_deg",
    "wind_speed_925hpa_ms",
    "wind_from_925hpa_deg",
    "wind_speed_850hpa_ms",
    "wind_from_850hpa_deg",
    "boundary_layer_m",
)
#: One row per place, hour (its start) and issue. `issued_at` is missing for what was measured or analysed afterwards,
#: and the moment a forecast was known for a forecast; `flag` is one of READING_FLAGS.
WEATHER_COLUMNS: dict[str, str] = {
    "station_id": "str",
    "measured_at": "datetime64[us, UTC]",
    "issued_at": "datetime64[us, UTC]",
    **dict.fromkeys(WEATHER_VALUES, "float32"),
    "flag": "category",
    "source": "str",
}
WEATHER_CATEGORIES: dict[str, tuple[str, ...]] = {"flag": READING_FLAGS}

#: What names one row of weather. A number beats a missing value, a later number beats an earlier one.
WEATHER_KEY = ("station_id", "measured_at", "issued_at")

#: Where rows came from, newest last.
SNAPSHOT_COLUMNS: dict[str, str] = {
    "sha256": "str",
    "source": "str",
    "kind": "str",
    "format": "str",
    "fetched_at": "datetime64[us, UTC]",
    "read": "Int64",
    "kept": "Int64",
    "duplicates": "Int64",
    "rejected": "Int64",
    "first": "datetime64[us, UTC]",
    "last": "datetime64[us, UTC]",
    "west": "float64",
    "south": "float64",
    "east": "float64",
    "north": "float64",
    "cells": "str",
    "satellites": "str",
    "quality": "str",
    "parser_version": "str",
    "url": "str",
    "remarks": "str",
}

#: What came of asking a source, newest last; `rows` are new ones, `newest` the newest row of the reply.
ATTEMPT_COLUMNS: dict[str, str] = {
    "source": "str",
    "at": "datetime64[us, UTC]",
    "verdict": "str",
    "rows": "Int64",
    "newest": "datetime64[us, UTC]",
    "error": "str",
    "message": "str",
}

#: A briefing that was made: its Thai day (ISO), language, the revision it was made from, and the raw copy of its
#: content (`Store.get_raw`).
BRIEFING_COLUMNS: dict[str, str] = {
    "day": "str",
    "lang": "str",
    "revision": "str",
    "sha256": "str",
    "made_at": "datetime64[us, UTC]",
}

#: A number that was replaced by a different one for the same station, stamp, variable and averaging: `earlier` and
#: `later` in the unit of the variable, when, and by which source.
REVISION_COLUMNS: dict[str, str] = {
    "station_id": "str",
    "measured_at": "datetime64[us, UTC]",
    "variable": "str",
    "averaging": "str",
    "earlier": "float64",
    "later": "float64",
    "replaced_at": "datetime64[us, UTC]",
    "source": "str",
}

#: A forecast of the daily mean of PM2.5 at a station, µg/m³, as it was issued: `issued_at` is the end of the last Thai
#: day known, `valid_at` the start of the day aimed at, `low` and `high` hold the measured value with 90 %, `p_over_*`
#: are chances of lying above, `taught_by` names what the method had learned from.
FORECAST_COLUMNS: dict[str, str] = {
    "code": "str",
    "issued_at": "datetime64[us, UTC]",
    "valid_at": "datetime64[us, UTC]",
    "lead_h": "int64",
    "method": "str",
    "pm25": "float64",
    "low": "float64",
    "high": "float64",
    "p_over_37_5": "float64",
    "p_over_75": "float64",
    "taught_by": "str",
}
#: What names one forecast; the first one issued stands. Of what was not served there is one for each method.
FORECAST_KEY = ("code", "issued_at", "lead_h")
CANDIDATE_KEY = (*FORECAST_KEY, "method")

#: What an air model said of the mean of a Thai day that had not begun, µg/m³: the station id of its cell, the start of
#: the day, and the moment at which the desk knew it.
MODEL_DAY_COLUMNS: dict[str, str] = {
    "station_id": "str",
    "day": "datetime64[us, UTC]",
    "known_at": "datetime64[us, UTC]",
    "pm25": "float64",
}

TAMBON_COLUMNS: dict[str, str] = {
    "tambon": "str",
    "tambon_th": "str",
    "tambon_en": "str",
    "amphoe": "str",
    "amphoe_th": "str",
    "amphoe_en": "str",
    "province": "str",
    "province_th": "str",
    "province_en": "str",
    "area_km2": "float64",
    "detail": "str",
}

#: How true the outline is: the official full lines, a simplified copy of them, or the shipped generalised one.
TAMBON_DETAILS = ("full", "simplified", "generalised")


def typed(table: pd.DataFrame, columns: dict[str, str], categories: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """Return `table` with exactly `columns`, each cast to its type; absent columns become missing.

    Raises
    ------
    ContractError
        When a value is outside its category or cannot be cast; names the column and up to five values.
    """
    out: dict[str, pd.Series] = {}
    for name, dtype in columns.items():
        column = table[name] if name in table else pd.Series(None, index=table.index, dtype="object")
        if name in categories:
            wanted = pd.CategoricalDtype(list(categories[name]))
            if column.dtype == wanted:
                out[name] = column
                continue
            cast = column.astype(wanted)
            lost = cast.isna() & column.notna()
            if bool(lost.any()):
                found = sorted({str(value) for value in column[lost].unique()})[:5]
                raise ContractError(
                    f"column {name}: expected one of {categories[name]}, got {found}",
                    context={"column": name, "got": ", ".join(found)},
                )
            out[name] = cast
            continue
        try:
            out[name] = column if str(column.dtype) == dtype else column.astype(dtype)  # type: ignore[call-overload]
        except (TypeError, ValueError) as error:
            raise ContractError(
                f"column {name}: expected {dtype}, got {column.dtype}: {error}",
                context={"column": name, "got": str(column.dtype)},
            ) from error
    return pd.DataFrame(out, index=table.index).reset_index(drop=True)


def empty(columns: dict[str, str], categories: dict[str, tuple[str, ...]] | None = None) -> pd.DataFrame:
    """Return a table with no rows and the right columns: "nothing" is not "not run yet"."""
    return typed(pd.DataFrame({name: [] for name in columns}), columns, categories or {})


def _schema(checks: dict[str, pa.Column]) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(checks, strict=False, coerce=False)


_HOTSPOTS = _schema(
    {
        "hotspot_id": pa.Column(nullable=False, unique=True),
        "acquired_at": pa.Column(nullable=False),
        "lon": pa.Column(float, pa.Check.in_range(-180.0, 180.0)),
        "lat": pa.Column(float, pa.Check.in_range(-90.0, 90.0)),
        "satellite": pa.Column(nullable=False),
        "sensor": pa.Column(nullable=False),
        "quality": pa.Column(nullable=False),
        "provider": pa.Column(nullable=False),
    }
)
_READINGS = _schema(
    {
        "station_id": pa.Column(nullable=False),
        "measured_at": pa.Column(nullable=False),
        "averaging": pa.Column(nullable=False),
        "variable": pa.Column(nullable=False),
        # Below -50 only sentinels are found, above 3,000 only faults; small negatives are real noise.
        "value": pa.Column(float, pa.Check.in_range(-50.0, 3000.0), nullable=True),
    }
)
_WEATHER = _schema(
    {
        "station_id": pa.Column(nullable=False),
        "measured_at": pa.Column(nullable=False),
        "flag": pa.Column(nullable=False),
        **{
            name: pa.Column("float32", pa.Check.in_range(registry()[name].low, registry()[name].high), nullable=True)
            for name in WEATHER_VALUES
        },
    }
)
_MODEL_DAYS = _schema(
    {
        "station_id": pa.Column(nullable=False),
        "day": pa.Column(nullable=False),
        "known_at": pa.Column(nullable=False),
        "pm25": pa.Column(float, pa.Check.in_range(0.0, 3000.0)),
    }
)
_STATIONS = _schema(
    {
        "station_id": pa.Column(nullable=False, unique=True),
        "lon": pa.Column(float, pa.Check.in_range(-180.0, 180.0)),
        "lat": pa.Column(float, pa.Check.in_range(-90.0, 90.0)),
    }
)


def _check(table: pd.DataFrame, schema: pa.DataFrameSchema, what: str) -> pd.DataFrame:
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        first = error.failure_cases.iloc[0]
        rows = [int(i) for i in error.failure_cases["index"].dropna().head(5)]
        raise ContractError(
            f"{what}: column {first['column']} fails {first['check']}, rows {rows}, got {first['failure_case']!r}",
            context={"column": str(first["column"]), "got": str(first["failure_case"])},
        ) from error
    return table


def check_hotspots(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` typed and checked as detections; raise ContractError otherwise."""
    return _check(typed(table, HOTSPOT_COLUMNS, HOTSPOT_CATEGORIES), _HOTSPOTS, "hotspots")


def check_readings(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` typed and checked as readings; raise ContractError otherwise."""
    return _check(typed(table, READING_COLUMNS, READING_CATEGORIES), _READINGS, "readings")


def check_stations(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` typed and checked as stations; raise ContractError otherwise."""
    return _check(typed(table, STATION_COLUMNS, {}), _STATIONS, "stations")


def check_weather(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` typed and checked as weather; raise ContractError otherwise."""
    return _check(typed(table, WEATHER_COLUMNS, WEATHER_CATEGORIES), _WEATHER, "weather")


def check_model_days(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` typed and checked as days that a model spoke of before; raise ContractError otherwise."""
    checked = _check(typed(table, MODEL_DAY_COLUMNS, {}), _MODEL_DAYS, "model days")
    if bool((checked["known_at"] >= checked["day"]).any()):
        raise ContractError(
            "model days: known_at lies in the day itself or after it", context={"column": "known_at", "got": "late"}
        )
    return checked
