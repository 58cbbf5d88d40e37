"""GRIB and grib2json: the same fields as from NetCDF, and a clear verdict for every fault of such files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.errors import FileRefused
from fetchers import grib, recognise
from fetchers.unpack import Member
from tests.grid_files import NOW

# eccodes must not be loaded before pyproj, which `fetchers.grib` takes care of.
eccodes = grib.eccodes


def message(values: Any, edition: int = 2, **keys: Any) -> bytes:
    """Return one message: 3 columns from 98 E by 1 degree, 2 rows from 19 N southwards, unless told else."""
    handle = eccodes.codes_grib_new_from_samples(f"regular_ll_sfc_grib{edition}")
    rows, columns = np.shape(values)
    told = {
        "Ni": columns,
        "Nj": rows,
        "longitudeOfFirstGridPointInDegrees": 98.0,
        "longitudeOfLastGridPointInDegrees": 98.0 + columns - 1,
        "latitudeOfFirstGridPointInDegrees": 19.0,
        "latitudeOfLastGridPointInDegrees": 19.0 - rows + 1,
        "iDirectionIncrementInDegrees": 1.0,
        "jDirectionIncrementInDegrees": 1.0,
        "dataDate": 20260309,
        "dataTime": 600,
        "dataType": "an",
        "shortName": "2t",
        **keys,
    }
    try:
        for key, value in told.items():
            eccodes.codes_set(handle, key, value)
        eccodes.codes_set_values(handle, np.asarray(values, float).ravel())
        return bytes(eccodes.codes_get_message(handle))
    finally:
        eccodes.codes_release(handle)


FIELD = 300 + np.arange(6.0).reshape(2, 3)


def refused(data: bytes) -> str:
    with pytest.raises(FileRefused) as caught:
        grib.parse(data, "x.grib", NOW)
    return caught.value.key


@pytest.mark.parametrize("edition", [1, 2])
def test_a_message_becomes_a_field_with_ascending_axes_in_the_desks_unit(edition: int) -> None:
    parsed = grib.parse(message(FIELD, edition), "x.grib", NOW)
    (field,) = parsed.grids
    assert (parsed.format, parsed.kind, parsed.read) == ("grib", "grid", 1)
    assert (field.name, field.attrs["units"], field.attrs["run"]) == ("temperature_c", "°C", "")
    np.testing.assert_allclose(field.to_numpy()[0], [[29.85, 30.85, 31.85], [26.85, 27.85, 28.85]], atol=0.01)
    assert (field["lat"].values.tolist(), field["lon"].values.tolist()) == ([18, 19], [98, 99, 100])
    assert str(field["time"].values[0]) == "2026-03-09T06:00:00.000000000"


def test_a_forecast_keeps_its_run_and_its_hours_come_together() -> None:
    hours = [message(FIELD + hour, dataType="fc", stepRange=hour) for hour in (3, 6)]
    (field,) = grib.parse(b"".join(hours), "x.grib", NOW).grids
    assert field.attrs["run"] == field.attrs["issued_at"] == "2026-03-09T06:00:00Z"
    assert [str(t)[11:16] for t in field["time"].values] == ["09:00", "12:00"]


def test_missing_points_stay_missing() -> None:
    values = np.where(FIELD == 302, 9999, FIELD)
    (field,) = grib.parse(message(values, bitmapPresent=1, missingValue=9999), "x.grib", NOW).grids
    assert np.isnan(field.to_numpy()[0]).tolist() == [[False] * 3, [False, False, True]]


def test_rows_from_the_south_and_longitudes_across_zero_are_understood() -> None:
    keys = {"latitudeOfFirstGridPointInDegrees": 18.0, "latitudeOfLastGridPointInDegrees": 19.0, "jScansPositively": 1}
    (field,) = grib.parse(message(FIELD, **keys), "x.grib", NOW).grids
    assert field.to_numpy()[0, 0, 0] == pytest.approx(26.85, abs=0.01)
    lon = {"longitudeOfFirstGridPointInDegrees": 350.0, "longitudeOfLastGridPointInDegrees": 110.0}
    (field,) = grib.parse(message(300 + np.zeros((2, 13)), iDirectionIncrementInDegrees=10.0, **lon), "x", NOW).grids
    assert field["lon"].values.tolist() == [90, 100, 110]


def test_wind_is_told_apart_by_its_level() -> None:
    winds = [
        message(FIELD - 300, shortName=name, typeOfLevel=kind, level=level)
        for name, kind, level in (
            ("u", "isobaricInhPa", 850),
            ("v", "isobaricInhPa", 925),
            ("10u", "heightAboveGround", 10),
            ("u", "isobaricInhPa", 500),
        )
    ]
    parsed = grib.parse(b"".join(winds), "x.grib", NOW)
    assert [g.name for g in parsed.grids] == ["wind_east_850hpa_ms", "wind_north_925hpa_ms", "wind_east_ms"]
    assert (parsed.read, parsed.rejected_count) == (4, 1)


def test_a_file_that_ends_early_is_refused_wherever_it_is_cut() -> None:
    whole = message(FIELD) + message(FIELD)
    assert [refused(whole[:size]) for size in (10, 100, len(whole) // 2 + 20, len(whole) - 1)] == ["grid_damaged"] * 4


def test_a_grid_of_another_kind_is_refused() -> None:
    handle = eccodes.codes_grib_new_from_samples("reduced_gg_pl_32_grib2")
    data = bytes(eccodes.codes_get_message(handle))
    eccodes.codes_release(handle)
    assert refused(data) == "grid_projection"


def test_loading_it_does_not_crash_the_process_at_its_end() -> None:
    code = "from fetchers import grib; import pyproj; pyproj.Transformer.from_crs(4326, 32647).transform(18, 99)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- grib2json ---------------------------------------------------------------------------------------------------------


def record(number: int = 2, **changes: Any) -> dict[str, Any]:
    header = {
        "refTime": "2026-03-09T06:00:00.000Z", "forecastTime": 3, "parameterCategory": 2, "parameterNumber": number,
        "parameterUnit": "m.s-1", "surface1Type": 103, "surface1Value": 10.0, "scanMode": 0, "nx": 3, "ny": 2,
        "lo1": 98.0, "la1": 19.0, "dx": 1.0, "dy": 1.0, "centerName": "US National Weather Service - NCEP(WMC)",
    }  # fmt: skip
    return {"header": {**header, **changes}, "data": [1.0, 2.0, 3.0, 4.0, None, 6.0]}


def test_records_of_grib2json_are_read_like_the_messages_they_were() -> None:
    data = json.dumps([record(2), record(3)]).encode()
    east, north = recognise.parse(Member("wind.json", data), NOW).grids
    assert (east.name, north.name) == ("wind_east_ms", "wind_north_ms")
    np.testing.assert_array_equal(east.to_numpy()[0], np.array([[4, np.nan, 6], [1, 2, 3]], np.float32))
    assert (east.attrs["source"], east.attrs["run"]) == ("gfs", "2026-03-09T06:00:00Z")
    assert str(east["time"].values[0]) == "2026-03-09T09:00:00.000000000"


def test_a_record_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(FileRefused) as caught:
        grib.parse_json([{**record(), "data": [1.0]}], "wind.json", NOW)
    assert caught.value.key == "grid_damaged"


# -- real files --------------------------------------------------------------------------------------------------------


def test_the_real_files_are_understood(shared: Path) -> None:
    folder = shared / "data"
    gfs = folder / "weather" / "raw_samples" / "gfs_10deg_2021-09-18T06Z_f010.grib2"
    parsed = grib.parse(gfs.read_bytes(), gfs.name, NOW)
    assert [grid.name for grid in parsed.grids] == ["wind_east_pbl_ms", "wind_north_pbl_ms"]
    assert (parsed.read, parsed.rejected_count, parsed.grids[0].attrs["source"]) == (6, 4, "gfs")
    wind = folder / "weather" / "raw_samples" / "gfs_wind10m_grib2json_2016-04-30T06Z.json"
    east, _ = recognise.parse(Member(wind.name, wind.read_bytes()), NOW).grids
    assert (east.shape, east["lon"].values[0], east["lat"].values[-1]) == ((1, 13, 13), 94, 24)
    cams = folder / "air" / "raw_samples" / "cams_reanalysis_chem_12x7_2011-09-29.grib"
    assert refused(cams.read_bytes()) == "grid_no_variable"
