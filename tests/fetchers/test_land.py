"""Polygons of land classes come in by content and fill what the source of a detection does not tell."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from data.store import Store
from fetchers import importer
from fetchers.brought import Brought
from tests import files, make
from tests.layers.desks import DAY, desk_of, march, store_of


def bring(store: Store, *features: tuple[dict[str, object], tuple[int, int]]) -> importer.Verdict:
    document = {
        "type": "FeatureCollection",
        "features": [files.feature(properties, make.square(*where)) for properties, where in features],
    }
    source = Brought("land.geojson", files.as_json(document), 10**9)
    return importer.bring_in(store, [source], lambda: dt.datetime(2026, 3, 12, tzinfo=dt.UTC))[0]


def test_classes_fill_what_the_source_does_not_tell(tmp_path: Path) -> None:
    store = store_of(tmp_path, [march()])
    before = desk_of(store).counts("land", DAY, DAY, ("SNPP", "TERRA")).set_index("code")["count"]
    assert before[before > 0].to_dict() == {"agriculture": 1, "reserved_forest": 1, "unknown": 2}
    verdict = bring(store, ({"ประเภท": "ป่าสงวนแห่งชาติ"}, (0, 0)), ({"ประเภท": "อุทยานแห่งชาติ"}, (0, 0)))
    assert (verdict.format, verdict.kept, verdict.rejected) == ("land-geojson", 2, 0)
    # Terra's detection in 520101 lies in both: the park counts. 520102 lies in no polygon and stays unknown; what the
    # source told stays as it was.
    after = desk_of(store).counts("land", DAY, DAY, ("SNPP", "TERRA")).set_index("code")["count"]
    told = {"agriculture": 1, "reserved_forest": 1, "conservation_forest": 1, "unknown": 1}
    assert after[after > 0].to_dict() == told


@pytest.mark.parametrize("word", ["land_reform", "เขต ส.ป.ก.", "เขต สปก.", "Land reform area"])
def test_a_file_of_one_class_and_its_words(tmp_path: Path, word: str) -> None:
    store = store_of(tmp_path)
    assert bring(store, ({"name": "x", "class": word}, (0, 0))).kept == 1
    assert store.land()["land_class"].tolist() == ["land_reform"]
    again = bring(store, ({"name": "x", "class": word}, (0, 0)))
    assert (again.kept, again.duplicates) == (0, 1)


def test_other_polygons_are_no_land(tmp_path: Path) -> None:
    store = store_of(tmp_path)
    assert bring(store, ({"class": "lake"}, (0, 0))).refused is not None
    assert store.land() is None


def test_a_polygon_without_a_class_is_left_out_and_told(tmp_path: Path) -> None:
    verdict = bring(store_of(tmp_path), ({"class": "farm"}, (0, 0)), ({"class": None}, (1, 0)))
    assert (verdict.kept, verdict.rejected) == (1, 1)
    assert [remark.key for remark in verdict.remarks] == ["no_land_class"]
