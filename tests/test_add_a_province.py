"""docs/add-a-province.md followed to the letter: its block, the real outlines of Lamphun, counts, status and a page."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from streamlit.testing.v1 import AppTest

from data import clock, places, settings
from data.store import Store
from fetchers import importer
from models.desk import open_desk
from tests import files

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "add-a-province.md"


@pytest.fixture
def lamphun(monkeypatch: pytest.MonkeyPatch) -> places.Place:
    """The place of the page's block, read as the shipped ones are."""
    block = re.search(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert block is not None
    [row] = tomllib.loads(block[1])["place"]
    made = places._place(row)
    assert made.key not in places.PLACES
    monkeypatch.setitem(places.PLACES, made.key, made)
    return made


def test_a_province_by_the_page_alone(
    lamphun: places.Place, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlines = gpd.read_parquet(shared / "data" / "boundaries" / "upper_north_tambons.parquet")
    mine = outlines[outlines["province_code"] == "51"]
    west, south, east, north = mine.total_bounds
    # The facts of the block are those of the outline.
    assert lamphun.bbox[0] <= west < east <= lamphun.bbox[2]
    assert lamphun.bbox[1] <= south < north <= lamphun.bbox[3]
    assert shapely.box(*mine.total_bounds).contains(shapely.Point(lamphun.lon, lamphun.lat))
    near = outlines[outlines.intersects(mine.union_all())]["province_code"].unique()
    assert set(near) - {"51"} <= set(lamphun.neighbours)

    brought = tmp_path / "lamphun_tambons.parquet"
    mine.to_parquet(brought)
    codes = sorted(mine["tambon_code"])[:2]
    spots = mine.set_index("tambon_code").representative_point()[codes]
    rows = [
        {"longitude": f"{spot.x:.5f}", "latitude": f"{spot.y:.5f}", "acq_date": "2026-03-10", "acq_time": time}
        for spot, time in zip([spots.iloc[0], spots.iloc[0], spots.iloc[1]], ("0630", "0640", "0650"), strict=True)
    ]
    (tmp_path / "firms.csv").write_bytes(files.firms(*rows))
    store = Store(tmp_path / "store")
    verdicts = importer.bring_in(store, importer.sources_of([brought, tmp_path / "firms.csv"], 10**9), clock.utc_now)
    assert [(one.refused, one.kept) for one in verdicts] == [(None, len(mine)), (None, 3)]

    options = settings.load(store=store.root, mode="cached", place="lamphun")
    desk = open_desk(options=options)
    days = dt.date(2026, 3, 10), dt.date(2026, 3, 12)
    counts = desk.counts("tambon", *days, ("SNPP",)).set_index("code")["count"]
    assert len(counts) == len(mine)
    assert counts[counts > 0].to_dict() == {codes[0]: 2, codes[1]: 1}
    assert desk.outline_detail == "full"
    assert "tambons:lamphun" in set(desk.status()["source"])
    # Lampang is still there, with the outline of the project.
    assert len(open_desk("lampang", options=options).tambons) == 100

    monkeypatch.setenv("HAZE_STORE", str(store.root))
    monkeypatch.setenv("HAZE_MODE", "cached")
    monkeypatch.setenv("HAZE_PLACE", "lamphun")
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    page.query_params.update({"lang": "en", "day": "2026-03-10", "tambon": codes[0]})
    page.run()
    assert not page.exception
    name = mine.set_index("tambon_code")["tambon_en"][codes[0]]
    assert any(name in one.value for one in page.markdown)
