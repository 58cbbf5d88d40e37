"""What is known for choosing, on a store of five detections and one day of smoke."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import settings
from data.errors import NotStored
from models.choice import as_compared, features, known, smoke
from models.desk import Desk, open_desk
from tests.app import stores

SITES = pd.DataFrame({"tambon": [], "issue": []}, dtype="str")


def desk_of(root: Path) -> Desk:
    last = {"date": "2026-03-12", "time": "23:00", "PM25": {"color_id": "5", "aqi": "238", "value": "112.4"}}
    stores.bring(root, **{"firms.csv": stores.firms(), "air.json": stores.air4thai(AQILast=last)})
    return open_desk(options=settings.load(store=root, mode="cached"))


def test_days_of_smoke_are_known_where_the_air_is_told(tmp_path: Path) -> None:
    desk = desk_of(tmp_path / "store")
    found = smoke(desk)
    # One station, one day over the standard; nobody's age is stored.
    assert found.columns.tolist() == ["smoke", "older"]
    assert found.loc["520110", "smoke"] == 1
    assert found["older"].isna().all()
    table = known(desk, ("SNPP",), SITES).criteria
    assert table.loc["520110", "smoke"] == 1
    assert table.loc[stores.A, "fire"] == 3


def test_a_place_without_outlines_has_no_days_of_smoke(tmp_path: Path) -> None:
    desk_of(tmp_path / "store")
    elsewhere = open_desk("saraburi", options=settings.load(store=tmp_path / "store", mode="cached"))
    assert smoke(elsewhere).empty
    with pytest.raises(NotStored) as missing:
        elsewhere.outlined()
    assert missing.value.key == "no_tambons"


def test_look_alikes_are_sought_by_what_is_stored(tmp_path: Path) -> None:
    desk = desk_of(tmp_path / "store")
    found = features(desk, ("SNPP",))
    # Three detections in the three days that the file reaches: 30 in 30 days.
    area = desk.tambons.set_index("tambon")["area_km2"]
    assert found.loc[stores.A, "fires_per_100_km2"] == pytest.approx(30 * 100 / area[stores.A])
    assert (found["fires_per_100_km2"] > 0).sum() == 2
    assert found[["forest_share", "people_per_km2"]].isna().all(axis=None)
    assert features(desk, ("SNPP",), everywhere=True).index.tolist() == found.index.tolist()


def test_a_province_that_no_file_reaches_is_not_quiet_but_unknown(tmp_path: Path) -> None:
    ring = [[100.9, 14.5], [101.0, 14.5], [101.0, 14.6], [100.9, 14.6], [100.9, 14.5]]
    names = {f"ADM{level}_{lang}": "x" for level in (1, 2, 3) for lang in ("TH", "EN")}
    codes = {"ADM3_PCODE": "TH199901", "ADM2_PCODE": "TH1999", "ADM1_PCODE": "TH19"}
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": names | codes, "geometry": shape}
    outline = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    root = tmp_path / "store"
    stores.bring(root, **{"firms.csv": stores.firms(), "far.geojson": outline})
    desk = open_desk(options=settings.load(store=root, mode="cached"))
    assert "199901" in set(desk.all_tambons["tambon"])
    assert "199901" not in features(desk, ("SNPP",), everywhere=True).index
    assert len(features(desk, ("SNPP",), everywhere=True)) == 100


def test_densities_are_compared_in_logarithms() -> None:
    table = pd.DataFrame(
        {"fires_per_100_km2": [0.0], "people_per_km2": [99.0], "area_km2": [9.0], "forest_share": [0.5]}
    )
    found = as_compared(table).iloc[0]
    assert found.tolist() == pytest.approx([0.0, np.log(100), np.log(10), 0.5])
