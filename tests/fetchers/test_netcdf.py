"""NetCDF files: the fields in the desk's units on ascending axes, and a clear verdict for every fault of such files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from data import stored_grids
from data.errors import FileRefused
from data.store import Store
from fetchers import importer, netcdf
from fetchers.parsed import Parsed
from tests import files
from tests.grid_files import HOURS_1900, NOW
from tests.grid_files import netcdf as made

#: Two hours of 2 rows (north first) by 3 columns, kg/m³.
FIELD = np.arange(1, 13, dtype=np.float32).reshape(2, 2, 3) * np.float32(1e-8)


def parse(data: bytes, name: str = "cams.nc") -> Parsed:
    return netcdf.parse(data, name, NOW)


def keys(parsed: Parsed) -> list[str]:
    return [remark.key for remark in (*parsed.rejected, *parsed.mended) if remark.key != "grid_misses"]


def refused(data: bytes, name: str = "cams.nc") -> str:
    with pytest.raises(FileRefused) as caught:
        parse(data, name)
    return caught.value.key


@pytest.mark.parametrize("form", ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF4", "NETCDF4_CLASSIC"])
def test_every_age_of_the_format_gives_the_same_field(form: str) -> None:
    parsed = parse(made(FIELD, form=form))
    (field,) = parsed.grids
    assert (parsed.kind, parsed.format, parsed.read) == ("grid", "netcdf", 2)
    assert (field.name, field.attrs["units"], field.attrs["source"]) == ("pm25", "µg/m³", "cams")
    # North first in the file, south first here; kg/m³ became µg/m³.
    np.testing.assert_allclose(field.to_numpy()[0], [[40, 50, 60], [10, 20, 30]], rtol=1e-5)
    assert field["lat"].values.tolist() == [18.4, 18.8]
    assert field["lon"].values.tolist() == [98.8, 99.2, 99.6]
    assert str(field["time"].values[1]) == "2026-03-09T01:00:00.000000000"
    assert keys(parsed) == []


@pytest.mark.parametrize("form", ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF4"])
@pytest.mark.parametrize("left", [0.3, 0.6, 0.9, 0.999])
def test_a_cut_off_file_is_refused_whatever_is_left_of_it(form: str, left: float) -> None:
    whole = made(np.full((40, 2, 3), 3e-8, np.float32), form=form)
    assert refused(whole[: int(len(whole) * left)]) == "grid_damaged"


def test_longitudes_from_0_to_360_and_a_whole_globe_are_cut_to_the_box() -> None:
    lon, lat = np.arange(0, 360, 0.75), np.arange(90, -90.1, -0.75)
    field = np.broadcast_to((lon * 1e-9)[None, None, :], (1, len(lat), len(lon))).astype(np.float32)
    (array,) = parse(made(field, lon, lat)).grids
    assert array["lon"].values[[0, -1]].tolist() == [93.75, 105.75]
    assert array["lat"].values[[0, -1]].tolist() == [12.0, 24.0]
    np.testing.assert_allclose(array.to_numpy()[0, 0], array["lon"].values, rtol=1e-5)


def test_longitudes_below_zero_wrap_the_same_way() -> None:
    field = np.broadcast_to((np.arange(6) * 1e-8)[None, None, :], (1, 2, 6)).astype(np.float32)
    (array,) = parse(made(field, np.arange(-262.0, -256), (18.0, 19.0))).grids
    assert array["lon"].values.tolist() == [98, 99, 100, 101, 102, 103]


def test_the_order_of_the_axes_does_not_matter() -> None:
    turned = made(FIELD.transpose(2, 1, 0), dims=("longitude", "latitude", "time"))
    np.testing.assert_array_equal(parse(turned).grids[0], parse(made(FIELD)).grids[0])


def test_axes_that_carry_each_others_name_are_put_right() -> None:
    parsed = parse(made(FIELD.transpose(0, 2, 1), (18.8, 18.4), (98.8, 99.2, 99.6)))
    assert keys(parsed) == ["grid_axes_swapped"]
    np.testing.assert_array_equal(parsed.grids[0], parse(made(FIELD)).grids[0])


@pytest.mark.parametrize(
    ("units", "scale"),
    [
        ("kg m**-3", 1.0),
        ("kg/m3", 1.0),
        ("kg m^-3", 1.0),
        ("ug m-3", 1e9),
        ("μg/m³", 1e9),
        ("µg m-3", 1e9),
        ("mg m-3", 1e6),
    ],
)
def test_every_spelling_of_a_mass_per_volume_gives_the_same_numbers(units: str, scale: float) -> None:
    (field,) = parse(made(FIELD * np.float32(scale), units=units)).grids
    np.testing.assert_allclose(field.to_numpy()[0, 0], [40, 50, 60], rtol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 1e9])
def test_a_missing_unit_is_read_from_the_size_of_the_values_where_only_one_can_be(scale: float) -> None:
    parsed = parse(made(FIELD * np.float32(scale), units=None))
    assert keys(parsed) == ["grid_unit_read"]
    np.testing.assert_allclose(parsed.grids[0].to_numpy()[0, 0], [40, 50, 60], rtol=1e-5)


@pytest.mark.parametrize(
    ("units", "scale", "key"),
    [
        (None, 1e6, "grid_unit"),  # 0.01 to 0.12 may be anything
        ("kg kg**-1", 1.0, "grid_unit"),
        ("ug m-3", 1.0, "grid_unit_wrong"),
        ("kg m**-3", 1e9, "grid_unit_wrong"),
        ("g m-3", 1e9, "grid_implausible"),
    ],
)
def test_a_unit_that_cannot_be_told_or_is_wrong_refuses_the_file(units: str | None, scale: float, key: str) -> None:
    assert refused(made(FIELD * np.float32(scale), units=units)) == key


@pytest.mark.parametrize("mark", [-999.0, -1.0, 9.96921e36, 1e20, -32767.0])
def test_marks_of_missing_cells_without_an_attribute_are_found(mark: float) -> None:
    field = np.full((1, 6, 6), 40, np.float32)
    field[0, :3] = mark  # half of the field, as over the sea
    parsed = parse(made(field, np.arange(98, 104), np.arange(16, 22), units="ug m-3"))
    assert keys(parsed) == ["grid_fill"]
    values = parsed.grids[0].to_numpy()
    assert np.isnan(values).sum() == 18
    assert np.nanmin(values) == 40


def test_scale_offset_and_declared_fill_are_honoured() -> None:
    packed = np.array([[[10, 20, -32767], [40, 50, 60]]], np.int16)
    data = made(packed, units="ug m-3", _FillValue=np.int16(-32767), scale_factor=0.5, add_offset=1.0)
    parsed = parse(data)
    np.testing.assert_array_equal(parsed.grids[0].to_numpy()[0], [[21, 26, 31], [6, 11, np.nan]])
    assert keys(parsed) == []


def test_a_field_without_any_value_is_refused() -> None:
    assert refused(made(np.full((1, 2, 3), np.nan, np.float32))) == "grid_no_values"


@pytest.mark.parametrize(
    ("first", "units"),
    [
        (HOURS_1900, "hours since 1900-01-01 00:00:0.0"),
        (1773014400, "seconds since 1970-01-01"),
        (20521, "days since 1970-01-01"),
    ],
)
def test_times_since_any_day_are_understood(first: int, units: str) -> None:
    (field,) = parse(made(FIELD[:1], time=[first], time_units=units)).grids
    assert str(field["time"].values[0]) == "2026-03-09T00:00:00.000000000"


def test_times_without_a_unit_are_refused() -> None:
    assert refused(made(FIELD, time_units=None)) == "grid_time"
    assert refused(made(FIELD, time_units="")) == "grid_time"


def test_one_field_without_time_takes_it_from_what_the_file_or_its_name_says() -> None:
    bare = made(FIELD[:1], time_units="")
    assert refused(bare) == "grid_time"
    assert str(parse(bare, "V5GL04.HybridPM25.202301-202301.nc").grids[0]["time"].values[0])[:10] == "2023-01-01"
    told = made(FIELD[:1], time_units="", attrs={"time_coverage_start": "2024-02-03T00:00:00Z"})
    assert str(parse(told, "202301.nc").grids[0]["time"].values[0])[:10] == "2024-02-03"


def test_a_stamp_far_ahead_is_left_out() -> None:
    parsed = parse(made(FIELD, time=[HOURS_1900, HOURS_1900 + 24 * 40]))
    assert (parsed.read, parsed.rejected_count, len(parsed.table)) == (2, 1, 1)
    assert keys(parsed) == ["grid_future"]


def test_unknown_fields_are_named() -> None:
    assert refused(made(FIELD, name="co")) == "grid_no_variable"


@pytest.mark.parametrize("lon", [(98.8, 99.2, 99.9), (98.8, np.nan, 99.6), (10.0, 10.4, 10.8)])
def test_axes_that_are_uneven_or_elsewhere_are_refused(lon: tuple[float, ...]) -> None:
    assert refused(made(FIELD, lon)) in {"grid_axes", "grid_elsewhere"}


def test_a_grid_that_misses_part_of_the_province_says_how_much_it_covers() -> None:
    (remark,) = [remark for remark in parse(made(FIELD)).mended if remark.key == "grid_misses"]
    assert 0 < int(remark.context["percent"]) < 100
    wide = made(np.full((1, 20, 20), 3e-8, np.float32), np.arange(96, 104, 0.4), np.arange(14, 22, 0.4))
    assert [remark.key for remark in parse(wide).mended] == []


def test_an_import_stores_a_zip_of_netcdf_and_the_same_again_is_nothing_new(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("grids")
    packed = folder / "ads.zip"
    packed.write_bytes(files.zipped({"data_sfc.nc": made(FIELD), "broken.nc": made(FIELD)[:500]}))
    store = Store(folder / "store")
    first, broken = importer.bring_in(store, importer.sources_of([packed], 10**9), lambda: NOW)
    assert (first.kind, first.read, first.kept, first.duplicates) == ("grid", 2, 2, 0)
    assert broken.refused is not None
    assert broken.refused.key == "grid_damaged"
    again = importer.bring_in(store, importer.sources_of([packed], 10**9), lambda: NOW)[0]
    assert (again.kept, again.duplicates) == (0, 2)
    taken = store.snapshots().iloc[0]
    assert (taken["kind"], str(taken["first"]), taken["west"]) == ("grid", "2026-03-09 00:00:00+00:00", 98.8)
    assert stored_grids.grids(store)["times"].tolist() == [2]


# -- the shapes of ECMWF's data stores ---------------------------------------------------------------------------------


def written(dataset: xr.Dataset, folder: Path) -> bytes:
    dataset.to_netcdf(folder / "made.nc")
    return (folder / "made.nc").read_bytes()


def field(values: np.ndarray, dims: tuple[str, ...], coords: dict[str, Any], **attrs: Any) -> xr.Dataset:
    places = {
        "latitude": ("latitude", [18.8, 18.4], {"units": "degrees_north"}),
        "longitude": ("longitude", [98.8, 99.2, 99.6], {"units": "degrees_east"}),
    }
    name = attrs.pop("name", "pm2p5")
    array = xr.DataArray(values.astype(np.float32), dims=dims, attrs={"units": "kg m**-3", **attrs})
    return xr.Dataset({name: array}, {**places, **coords}, {"institution": "ECMWF"})


def test_runs_and_hours_since_them_become_valid_times(tmp_path: Path) -> None:
    runs = np.array(["2026-03-09T00", "2026-03-09T12"], "datetime64[ns]")
    steps = np.array([0, 3, 6], "timedelta64[h]").astype("timedelta64[ns]")
    coords = {
        "forecast_reference_time": ("forecast_reference_time", runs),
        "forecast_period": ("forecast_period", steps),
        "valid_time": (("forecast_reference_time", "forecast_period"), runs[:, None] + steps[None]),
    }
    values = np.arange(36.0).reshape(3, 2, 2, 3) * 1e-8  # period, run, lat, lon
    dims = ("forecast_period", "forecast_reference_time", "latitude", "longitude")
    first, second = parse(written(field(values, dims, coords), tmp_path)).grids
    assert (first.attrs["run"], second.attrs["run"]) == ("2026-03-09T00:00:00Z", "2026-03-09T12:00:00Z")
    assert [str(t)[11:13] for t in second["time"].values] == ["12", "15", "18"]
    # Run 1 (the second), step 1: the field that starts at (1 * 2 + 1) * 6 = 18; its southern row is 21, 22, 23.
    np.testing.assert_allclose(second.to_numpy()[1, 0], [210, 220, 230], rtol=1e-5)
    assert first.attrs["source"] == "cams"


def test_a_file_of_cfgrib_with_one_run_is_understood(tmp_path: Path) -> None:
    steps = np.array([3, 6], "timedelta64[h]").astype("timedelta64[ns]")
    coords = {"time": np.datetime64("2026-03-09T00", "ns"), "step": ("step", steps), "surface": 0.0}
    values = np.full((2, 2, 3), 3e-8)
    (only,) = parse(written(field(values, ("step", "latitude", "longitude"), coords), tmp_path)).grids
    assert only.attrs["run"] == "2026-03-09T00:00:00Z"
    assert [str(t)[11:13] for t in only["time"].values] == ["03", "06"]


def test_one_member_and_the_preliminary_hours_of_era5_are_put_together(tmp_path: Path) -> None:
    hours = np.array(["2026-03-09T00", "2026-03-09T01"], "datetime64[ns]")
    values = np.full((2, 2, 1, 2, 3), 300.0)
    values[0, 1] = np.nan  # the final one lacks the second hour
    values[1, 0] = np.nan
    values[1, 1] = 301
    coords = {"valid_time": ("valid_time", hours), "expver": ("expver", [1, 5]), "number": ("number", [0])}
    dims = ("expver", "valid_time", "number", "latitude", "longitude")
    (only,) = parse(written(field(values, dims, coords, name="t2m", units="K"), tmp_path)).grids
    assert (only.name, only.attrs["run"]) == ("temperature_c", "")
    np.testing.assert_allclose(only.to_numpy()[:, 0, 0], [26.85, 27.85], atol=0.01)


def test_winds_of_several_levels_come_apart_and_members_are_refused(tmp_path: Path) -> None:
    hour = {"valid_time": ("valid_time", np.array(["2026-03-09T00"], "datetime64[ns]"))}
    values = np.stack([np.full((1, 2, 3), speed) for speed in (1.0, 2.0, 3.0)])
    levels = hour | {"pressure_level": ("pressure_level", [850.0, 925.0, 500.0], {"units": "hPa"})}
    dims = ("pressure_level", "valid_time", "latitude", "longitude")
    grids = parse(written(field(values, dims, levels, name="u", units="m s**-1"), tmp_path)).grids
    assert {str(g.name): float(g.to_numpy()[0, 0, 0]) for g in grids} == {
        "wind_east_850hpa_ms": 1,
        "wind_east_925hpa_ms": 2,
    }
    members = hour | {"number": ("number", [0, 1, 2])}
    data = written(field(values * 1e-8, ("number", *dims[1:]), members), tmp_path)
    assert refused(data) == "grid_dims"
