"""GeoTIFF: told by content, cut, no-data and scale honoured, and a clear verdict for what cannot be told."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine

from data import places, stored_grids
from data.errors import FileRefused, NotStored
from data.store import Store
from fetchers import geotiff, importer
from fetchers.brought import Brought
from fetchers.parsed import Parsed
from models import ground
from tests import files, make
from tests.grid_files import NOW
from tests.grid_files import geotiff as made

#: Four cells of 0.05 degree a tambon of `make.tambons(2, 2)`, the first row in the north.
PEOPLE = np.arange(1, 17, dtype=np.float32).reshape(4, 4)


def parse(data: bytes, name: str = "x.tif") -> Parsed:
    return geotiff.parse(data, name, NOW)


def refused(data: bytes, name: str = "x.tif") -> str:
    with pytest.raises(FileRefused) as caught:
        parse(data, name)
    return caught.value.key


def stored(folder: Path, *rasters: tuple[str, bytes]) -> Store:
    store = Store(folder / "store")
    sources = [Brought(name, data, 10**9) for name, data in rasters]
    verdicts = importer.bring_in(store, sources, lambda: NOW)
    assert [verdict.refused for verdict in verdicts] == [None] * len(rasters)
    return store


def values(store: Store, variable: str, tambons: gpd.GeoDataFrame | None = None) -> list[float]:
    return ground.per_tambon(store, make.tambons(2, 2) if tambons is None else tambons, variable)["value"].tolist()


# -- told by what ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "data"),
    [
        ("population", made(PEOPLE, nodata=-99999.0)),
        ("population", made(PEOPLE, nodata=-200.0)),
        ("population", made(PEOPLE, described=["population count"])),
        ("elevation_m", made(PEOPLE.astype(np.int16) * 100, tags={"TIFFTAG_IMAGEDESCRIPTION": "SRTM elevation"})),
        ("land_cover", made(np.array([[10, 20], [30, 40]], np.uint8))),
        ("burned", made(np.array([[-2, 0], [75, -1]], np.int16))),
        ("ndmi", made(PEOPLE / 20, tags={"long_name": "NDMI"})),
    ],
)
def test_a_raster_is_told_by_its_content_whatever_its_name(variable: str, data: bytes) -> None:
    (raster,) = parse(data, "elevation_ndvi.tif" if variable != "elevation_m" else "x.tif").rasters
    assert raster.variable == variable


def test_the_name_is_the_last_hint() -> None:
    plain = made(PEOPLE)
    assert refused(plain) == "raster_unknown"
    (raster,) = parse(plain, "tha_ppp_2020_UNadj.tif").rasters
    assert (raster.variable, raster.source, raster.when, raster.units) == ("population", "worldpop", "2020", "people")
    assert (
        parse(plain / np.float32(1) if False else made(PEOPLE / 20), "modis_ndvi_2023-01-25.tif").rasters[0].when
        == "2023-01-25"
    )


def test_bands_that_say_what_they_are_come_apart() -> None:
    both = np.stack([PEOPLE / 20, PEOPLE / 40, PEOPLE])
    rasters = parse(made(both, described=["NDVI", "NDMI", "quality"])).rasters
    assert [raster.variable for raster in rasters] == ["ndvi", "ndmi"]
    assert refused(made(both), "ndvi.tif") == "raster_unknown"  # a name cannot say which band is which


def test_people_per_square_kilometre_are_no_people() -> None:
    assert refused(made(PEOPLE, described=["population density"])) == "raster_density"


# -- faults ------------------------------------------------------------------------------------------------------------


def test_a_raster_without_coordinates_is_refused() -> None:
    assert refused(made(PEOPLE, crs=None), "population.tif") == "raster_no_crs"


def test_a_turned_raster_is_refused() -> None:
    turn = Affine(0.05, 0.01, 99, 0.01, -0.05, 18.2)
    assert refused(made(PEOPLE, turn=turn), "population.tif") == "raster_turned"


def test_a_raster_that_misses_part_of_the_province_says_so() -> None:
    assert [remark.key for remark in parse(made(PEOPLE), "population.tif").mended] == ["grid_misses"]
    wide = made(np.ones((40, 40), np.float32), west=98, north=20, step=0.1)
    assert parse(wide, "population.tif").mended == ()


def test_a_raster_elsewhere_is_refused() -> None:
    assert refused(made(PEOPLE, west=10), "population.tif") == "grid_elsewhere"


@pytest.mark.parametrize("left", [0.02, 0.5, 0.95])
def test_a_cut_off_raster_is_refused(left: float) -> None:
    whole = made(np.random.default_rng(0).random((300, 300)).astype(np.float32), step=0.001)
    assert refused(whole[: int(len(whole) * left)], "population.tif") == "grid_damaged"


def test_an_address_in_the_shape_of_a_raster_is_not_followed() -> None:
    vrt = b'<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand band="1"/></VRTDataset>'
    assert refused(vrt, "population.tif") == "grid_damaged"


@pytest.mark.parametrize("nodata", [-99999.0, None])
def test_negative_marks_of_a_population_raster_are_missing_declared_or_not(
    tmp_path: Path, nodata: float | None
) -> None:
    people = np.where(np.arange(16).reshape(4, 4) % 4 == 0, np.float32(-99999), PEOPLE)
    store = stored(tmp_path, ("population.tif", made(people, nodata=nodata)))
    # The south-western tambon: 13 and 9 are missing, 10 and 14 people are left, half of it is known.
    found = ground.per_tambon(store, make.tambons(2, 2), "population").iloc[0]
    assert (found["value"], found["coverage"]) == (pytest.approx(24), pytest.approx(0.5))


def test_mostly_impossible_values_are_another_kind_of_raster() -> None:
    assert refused(made(PEOPLE), "ndvi.tif") == "grid_implausible"


# -- numbers -----------------------------------------------------------------------------------------------------------


def test_people_are_added_up_and_none_is_lost(tmp_path: Path) -> None:
    store = stored(tmp_path, ("population.tif", made(PEOPLE)))
    assert values(store, "population") == pytest.approx(
        [9 + 10 + 13 + 14, 11 + 12 + 15 + 16, 1 + 2 + 5 + 6, 3 + 4 + 7 + 8]
    )


def test_scale_and_offset_are_honoured(tmp_path: Path) -> None:
    packed = (PEOPLE * 10).astype(np.int16)
    store = stored(tmp_path, ("dem.tif", made(packed, scale=0.1, offset=100.0, nodata=10)))
    assert values(store, "elevation_m") == pytest.approx([111.5, 113.5, 100 + (2 + 5 + 6) / 3, 105.5])


def test_two_tiles_make_one_raster(tmp_path: Path) -> None:
    west, east = made(PEOPLE[:, :2]), made(PEOPLE[:, 2:], west=99.1)
    store = stored(tmp_path, ("population_w.tif", west), ("population_e.tif", east))
    assert values(store, "population") == pytest.approx([46, 54, 14, 22])
    table = ground.per_tambon(store, make.tambons(2, 2), "population")
    assert table["coverage"].tolist() == pytest.approx([1, 1, 1, 1])


def test_the_newest_time_of_a_raster_counts(tmp_path: Path) -> None:
    old, new = (made(np.full((4, 4), v, np.float32)) for v in (0.1, 0.7))
    store = stored(tmp_path, ("ndvi_2026-02-01.tif", new), ("ndvi_2026-01-01.tif", old))
    assert values(store, "ndvi") == pytest.approx([0.7] * 4)
    assert stored_grids.rasters(store)["when"].tolist() == ["2026-01-01", "2026-02-01"]


def test_any_coordinates_do(tmp_path: Path) -> None:
    home = make.tambons(2, 2).to_crs(32647)
    west, south, east, north = home.total_bounds
    columns, rows = int((east - west) // 500) + 3, int((north - south) // 500) + 3
    cells = np.full((rows, columns), 7, np.int16)
    data = made(cells, west=west - 400, north=north + 400, step=500.0, crs="EPSG:32647", nodata=-32768)
    store = stored(tmp_path, ("elevation.tif", data))
    found = ground.per_tambon(store, make.tambons(2, 2), "elevation_m")
    assert found["value"].tolist() == pytest.approx([7] * 4)
    assert found["coverage"].tolist() == pytest.approx([1] * 4)


def test_fine_cells_are_put_together_and_no_one_is_lost(tmp_path: Path) -> None:
    fine = np.random.default_rng(4).integers(0, 5, (720, 720)).astype(np.float32)  # about 31 m
    data = made(fine, step=0.2 / 720)
    parsed = parse(data, "population.tif")
    assert [remark.key for remark in parsed.mended] == ["raster_coarser", "grid_misses"]
    assert parsed.rasters[0].values.sum() == fine.sum()
    store = stored(tmp_path, ("population.tif", data))
    assert sum(values(store, "population")) == pytest.approx(fine.sum(), rel=1e-5)


def test_burned_land_is_a_share_and_what_was_not_mapped_is_missing(tmp_path: Path) -> None:
    days = np.zeros((4, 4), np.int16)
    days[3, 0], days[2, 0], days[3, 3] = 75, -1, 90
    store = stored(tmp_path, ("MCD64A1_2026-03.tif", made(days)))
    found = ground.per_tambon(store, make.tambons(2, 2), "burned")
    assert found["value"].tolist() == pytest.approx([1 / 3, 1 / 4, 0, 0])
    assert found["coverage"].tolist() == pytest.approx([3 / 4, 1, 1, 1])


def test_land_classes_are_shares_that_add_up(tmp_path: Path) -> None:
    classes = np.array([[10, 10, 40, 40], [10, 10, 40, 0], [10, 40, 20, 20], [10, 40, 20, 20]], np.uint8)
    store = stored(tmp_path, ("x.tif", made(classes, nodata=0)))
    found = ground.class_shares(store, make.tambons(2, 2))
    shares = found.pivot(index="tambon", columns="land_class", values="share")
    assert shares.loc["520101"].tolist() == pytest.approx([0.5, 0, 0.5])
    assert shares.loc["520104"].tolist() == pytest.approx([0, 0, 1])
    assert found[found["tambon"] == "520104"]["coverage"].tolist() == pytest.approx([0.75] * 3)
    assert shares.sum(axis=1).tolist() == pytest.approx([1] * 4)


def test_the_same_raster_twice_is_nothing_new(tmp_path: Path) -> None:
    source = Brought("population.tif", made(PEOPLE), 10**9)
    store = Store(tmp_path / "store")
    first, again = (importer.bring_in(store, [source], lambda: NOW)[0] for _ in range(2))
    assert (first.kept, again.kept, again.duplicates) == (1, 0, 1)
    packed = Brought("x.zip", files.zipped({"population.tif": made(PEOPLE)}), 10**9)
    assert importer.bring_in(store, [packed], lambda: NOW)[0].duplicates == 1


def test_nothing_stored_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotStored) as caught:
        values(Store(tmp_path), "population")
    assert caught.value.key == "no_raster"


def test_the_real_rasters_are_told_and_cover_the_eastern_edge_of_the_province(shared: Path, tmp_path: Path) -> None:
    paths = sorted((shared / "data" / "hotspots" / "gridded").glob("*.tif"))
    store = stored(tmp_path, *((path.name, path.read_bytes()) for path in paths))
    assert stored_grids.rasters(store)["variable"].tolist() == ["ndmi", "ndvi", "ndwi"]
    assert set(stored_grids.rasters(store)["when"]) == {"2023-01-25"}
    found = ground.per_tambon(store, places.embedded_tambons(), "ndvi").dropna()
    assert 0 < len(found) < 50
    assert found["value"].between(0, 1).all()
