"""What is known for choosing, on a store of five detections and one day of smoke."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data import settings
from models.choice import known, smoke
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
