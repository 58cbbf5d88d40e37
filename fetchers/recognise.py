"""What a member of a brought file is, by its content alone, and the parser that understands it.

Never trusts a name, except as the last hint for a station; never stores.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd

from data.errors import FileRefused
from fetchers import (
    air4thai,
    boundaries,
    delimited,
    egat_workbook,
    firms,
    gistda,
    known,
    land,
    open_meteo_json,
    pcd,
    population,
    record_tables,
    replies,
    shapes,
    tidy_air,
    tidy_weather,
    workbook,
)
from fetchers.parsed import Parsed
from fetchers.unpack import Member

#: First bytes of gridded forms.
_NETCDF = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF")
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
#: The published counts that come with the desk, by columns that only they have.
_OWN_TABLE = {"row_id", "qualifier", "date_basis"}


def parse(member: Member, now: dt.datetime) -> Parsed:
    """Recognise and parse one member.

    Parameters
    ----------
    member : Member
    now : datetime
        Aware, UTC; later stamps are refused.

    Returns
    -------
    Parsed

    Raises
    ------
    FileRefused
        With the reason as key, when nothing in it can be taken in.
    """
    if member.parts:
        return _shapefile(member.parts, now)
    data = member.data
    if data[:4] == b"PK\x03\x04":
        return _workbook(data, member.name, now)
    if data[:4] == b"PAR1":
        return _polygons(shapes.load_frame(data, "parquet"), "geoparquet")
    if data[:15] == b"SQLite format 3":
        return _polygons(shapes.load_frame(data, "gpkg"), "geopackage")
    if data[:8].startswith(_NETCDF):
        from fetchers import netcdf  # loads xarray, which a file of rows never needs

        return netcdf.parse(data, member.name, now)
    if data[:4] == b"GRIB":
        from fetchers import grib

        return grib.parse(data, member.name, now)
    if data[:4] in _TIFF:
        from fetchers import geotiff

        return geotiff.parse(data, member.name, now)
    text = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] in (b"{", b"["):
        return _json(data, member.name, now)
    if b"\x00" in data[:4096] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise FileRefused(f"{member.name}: neither text nor a known form", key="unknown_format")
    return _text(data, member.name, now)


def _workbook(data: bytes, name: str, now: dt.datetime) -> Parsed:
    try:
        return pcd.parse_workbook(data, now)
    except FileRefused as refusal:
        records = record_tables.parse_workbook(data)
        if records is not None:
            return records
        if (sheet := egat_workbook.first_sheet(data)) is not None:
            return egat_workbook.parse(*sheet, name, now)
        # An officer may have saved a hotspot file from a spreadsheet program.
        text = workbook.first_sheet_as_text(data)
        columns = header_of(text)
        readers = (gistda.recognise, firms.recognise, tidy_air.recognise, tidy_weather.recognise)
        if not any(recognised(columns) for recognised in readers):
            raise refusal from None
        return _text(text, name, now)


def header_of(data: bytes) -> list[str]:
    """Return the column names of a delimited text, passing over a byte order mark and conflict markers."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    head = data[:65536].decode(encoding, errors="replace")
    for line in head.splitlines():
        if line.strip() and not re.match(r"(<{7}|={7}|>{7}|\|{7})", line):
            delimiter = max(",;\t", key=line.count)
            return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
    return []


def _text(data: bytes, name: str, now: dt.datetime) -> Parsed:
    blank = b"\xef\xbb\xbf \t\r\n"
    if not data[:4096].strip(blank) and not data.strip(blank):
        raise FileRefused(f"{name}: blank lines and nothing else", key="empty_file")
    columns = header_of(data)
    found = set(columns)
    if population.recognise(columns):
        return _population(data)
    if record_tables.recognise(columns):
        return record_tables.parse_text(data)
    if found >= _OWN_TABLE:
        raise FileRefused(f"{name}: a table that the desk brings along", key="own_table")
    if tidy_air.recognise(columns):
        return tidy_air.parse(data, name, now)
    if tidy_weather.recognise(columns):
        return tidy_weather.parse(data, now)
    if replies.is_archive(columns):
        return replies.parse_archive(data, name, now)
    if gistda.recognise(columns):
        return gistda.parse_text(data, now)
    if len(columns) == 1 and not _is_readable(data):
        # FIRMS speaks plain English; other bytes must not be shown as its answer.
        raise FileRefused(f"{name}: neither text nor a known form", key="unknown_format")
    if firms.recognise(columns) or len(columns) <= 1 or _is_markup(data):
        return firms.parse_text(data, now)
    lower = {column.lower() for column in columns}
    if lower & {"lat", "latitude", "y"} and lower & {"lon", "lng", "long", "longitude", "x"}:
        return firms.parse_text(data, now)
    raise FileRefused(
        f"{name}: no known table has the columns {columns[:8]}",
        key="unknown_table" if len(columns) > 1 else "unknown_format",
        context={"found": ", ".join(columns[:8])[:200]},
    )


def _is_markup(data: bytes) -> bool:
    return data[:512].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml"))


def _is_readable(data: bytes) -> bool:
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter in "\t\r\n\ufeff" for letter in text[:4096])


def _population(data: bytes) -> Parsed:
    sheet = delimited.read(data, lambda header: {number: (name, "text") for number, name in enumerate(header)})
    words = {name: held.spread(held.values, object) for name, held in sheet.words.items()}
    parsed = population.parse(pd.DataFrame(words, index=sheet.row_numbers, dtype="object").fillna(""))
    rejected, mended = (*sheet.rejected, *parsed.rejected), (*sheet.mended, *parsed.mended)
    return replace(parsed, read=sheet.read, rejected=rejected, mended=mended)


def _json(data: bytes, name: str, now: dt.datetime) -> Parsed:
    try:
        document: Any = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise FileRefused(
            f"{name}: JSON that ends early or is damaged ({error})",
            key="bad_json",
            context={"problem": str(error)[:120]},
        ) from error
    if isinstance(document, dict) and document.get("type") == "FeatureCollection":
        return _geojson(document, name, now)
    if air4thai.is_live(document):
        return air4thai.parse_live(document, now)
    if air4thai.is_history(document):
        return air4thai.parse_history(document, now)
    if open_meteo_json.is_weather(document):
        return open_meteo_json.parse(document, now)
    if isinstance(document, list) and document and isinstance(document[0], dict) and "header" in document[0]:
        from fetchers import grib

        if grib.is_json(document):
            return grib.parse_json(document, name, now)
    reply = replies.parse_json(document, data, name, now)
    if reply is not None:
        return reply
    service = known.name_of(document)
    if service:
        raise FileRefused(f"{name}: recognised as {service}", key="known_but_unread", context={"service": service})
    raise FileRefused(f"{name}: JSON of no known form", key="unknown_json")


def _geojson(document: dict[str, Any], name: str, now: dt.datetime) -> Parsed:
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise FileRefused(f"{name}: a feature collection without features", key="header_only")
    properties: list[str] = []
    kinds: set[str] = set()
    for feature in features[:50]:
        if isinstance(feature, dict):
            told, shape = feature.get("properties"), feature.get("geometry")
            properties += [str(key) for key in (told if isinstance(told, dict) else ())]
            kinds.add(str(shape.get("type")) if isinstance(shape, dict) else "")
    if record_tables.recognise(properties):
        return record_tables.parse_geojson(document)
    if kinds & {"Polygon", "MultiPolygon"}:
        return _polygons(shapes.frame_from_geojson(document), "geojson")
    if gistda.recognise([*properties, "latitude", "longitude"]):
        return gistda.parse_geojson(document, now)
    return firms.parse_geojson(document, now)


def _shapefile(parts: dict[str, bytes], now: dt.datetime) -> Parsed:
    if ".dbf" not in parts or ".shp" not in parts:
        raise FileRefused("a shapefile without its .dbf", key="damaged_shapefile")
    named = {f"layer{ending}": content for ending, content in parts.items()}
    frame = shapes.load_shapefile(named)
    if _has_polygons(frame):
        return _polygons(frame, "shapefile")
    return firms.parse_shapefile(named, now)


def _polygons(frame: gpd.GeoDataFrame, source_format: str) -> Parsed:
    column = land.class_column(frame)
    if column is not None:
        return land.parse_land(frame, column, source_format)
    return boundaries.parse_boundaries(frame, source_format)


def _has_polygons(frame: gpd.GeoDataFrame) -> bool:
    kinds: Sequence[str] = frame.geom_type.dropna().unique().tolist()
    return bool(set(kinds) & {"Polygon", "MultiPolygon"})
