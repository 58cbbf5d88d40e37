"""Work spread over Dask workers leaves what one process leaves, byte for byte; what stands in the way is said."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

from cli import app
from data import contracts, settings
from data.accounts import OPERATOR
from data.errors import SettingError
from data.merge import Writer
from data.places import place
from data.registry import open_registry
from data.store import Store
from models import cluster, cube, fire_seasons
from models.desk import Desk
from tests import make
from tests.layers.desks import store_of

FIRST, LAST = dt.date(2025, 12, 30), dt.date(2026, 4, 15)


def pm25(first: str, hours: int) -> xr.DataArray:
    """Return hours of a field over the four tambons, a cell missing in every third one."""
    lat, lon = np.round(np.arange(17.9, 18.35, 0.1), 2), np.round(np.arange(98.9, 99.35, 0.1), 2)
    values = np.random.default_rng(3).uniform(5, 90, (hours, len(lat), len(lon))).astype(np.float32)
    values[::3, 2, 2] = np.nan
    coords = {"time": pd.date_range(first, periods=hours, freq="h"), "lat": lat, "lon": lon}
    return xr.DataArray(values, coords, ("time", "lat", "lon"), "pm25", {"units": "µg/m³", "source": "test"})


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two years of detections over four tambons, and two months of hours."""
    root = tmp_path_factory.mktemp("cluster") / "store"
    years = [make.scattered(300, 1, "2025-12-20", 20), make.scattered(900, 2, "2026-02-20", 40)]
    store = store_of(root, years)
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_grid(pm25("2026-02-27", 100))
        writer.commit()
    return root


def desk_on(root: Path) -> Desk:
    options = settings.load(store=root, mode="cached", firms_key="a-key-of-ours")
    return Desk(Store(root), place("lampang"), options, is_sample=False)


def answers(desk: Desk) -> tuple[pd.DataFrame, pd.DataFrame, xr.Dataset]:
    satellites = contracts.SATELLITES
    counts = desk.detections.count(FIRST, LAST, satellites)
    daily = desk.detections.daily_each(FIRST, LAST, satellites, np.arange(len(desk.all_tambons)))
    return counts, pd.DataFrame(daily), cube.cube(desk, FIRST, LAST)


def derived(root: Path) -> dict[str, bytes]:
    # NetCDF writes its own time of making; the cubes are compared by their content.
    return {path.name: path.read_bytes() for path in (root / "derived").iterdir() if path.suffix != ".nc"}


def test_two_workers_leave_what_one_process_leaves(filled: Path, tmp_path: Path) -> None:
    one, two = (Path(shutil.copytree(filled, tmp_path / name)) for name in ("one", "two"))
    for root in (one, two):
        # The workers are told of it: they cannot look into a registry that is elsewhere.
        verdict = {"verdict": "permanent", "geometry": "POINT (99.1 18.1)", "radius_m": 3000, "evidence": "a kiln"}
        open_registry(desk_on(root).settings).add("heat", {**verdict, "province": "52"}, author=OPERATOR)
    alone = cluster.prepare(desk_on(one))
    heard: list[cluster.Step] = []
    with cluster.opened("local") as client:
        assert client is not None
        spread = cluster.prepare(desk_on(two), client, heard.append)
        # A second time there is nothing to make: the files stand as they are.
        before = {path: path.stat().st_ino for path in (two / "derived").iterdir()}
        cluster.prepare(desk_on(two), client)
        assert {path: path.stat().st_ino for path in (two / "derived").iterdir()} == before
        # The address that a setting names does the same as the cluster that is opened here.
        with cluster.opened(client.scheduler.address) as other:
            assert cluster.prepare(desk_on(two), other)["part"].tolist() == spread["part"].tolist()
    steps = ["index", "weights", "totals", "totals", "means", "means", "heat", "cube", "cube"] + ["fires"] * 3
    assert spread["step"].tolist() == alone["step"].tolist() == steps
    assert sorted(heard) == sorted(step for stage in cluster.steps(desk_on(one)) for step in stage)
    assert derived(one) == derived(two)
    # Index, weights, two months, two years assigned and totalled, heat of both and together, three fire years.
    assert len(derived(one)) == 14
    cubes = [sorted(path.name for path in (root / "derived").glob("*.nc")) for root in (one, two)]
    assert len(cubes[0]) == 2
    assert cubes[0] == cubes[1]
    # The fires that are asked for afterwards are those that are there: nothing is joined anew.
    fires = [fire_seasons.fires(desk_on(root), FIRST, LAST) for root in (one, two)]
    pd.testing.assert_frame_equal(pd.DataFrame(fires[0]), pd.DataFrame(fires[1]))
    assert len(fires[0]) > 5
    assert len(fire_seasons.season(desk_on(two), 2026).heat) > 5
    assert (len(derived(one)), len(derived(two))) == (14, 14)
    mine, theirs = answers(desk_on(one)), answers(desk_on(two))
    pd.testing.assert_frame_equal(mine[0], theirs[0])
    pd.testing.assert_frame_equal(mine[1], theirs[1])
    xr.testing.assert_identical(mine[2], theirs[2])
    assert mine[0]["count"].sum() > 400
    assert mine[0]["count"].sum() == mine[1].to_numpy().sum()
    assert int(mine[2]["pm25_test_fields"].sum()) == 100


def test_the_desk_that_is_sent_has_no_keys_and_stays_in_its_state(filled: Path) -> None:
    desk = desk_on(filled)
    sent = cluster._lean(desk)
    assert desk.settings.keys["firms_key"] == "a-key-of-ours"
    assert set(sent.settings.keys.values()) == {""}
    assert sent.state == desk.state
    assert sent.store.root.is_absolute()


def test_an_empty_store_has_no_steps(tmp_path: Path) -> None:
    assert cluster.steps(desk_on(tmp_path / "none")) == [[], [], []]
    assert cluster.prepare(desk_on(tmp_path / "none")).empty


def test_what_stands_in_the_way_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE_S", 0.2)
    with pytest.raises(SettingError) as error, cluster.opened("tcp://127.0.0.1:9"):
        pass
    assert error.value.key == "cluster_unreachable"
    assert error.value.context == {"address": "tcp://127.0.0.1:9"}
    with pytest.raises(SettingError) as error, cluster.opened("nonsense://x"):
        pass
    assert error.value.key == "cluster_unreachable"
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingError) as error, cluster.opened("local"):
        pass
    assert error.value.key == "cluster_absent"


def test_the_command_makes_ready_in_this_process(filled: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(filled, tmp_path / "store"))
    told = CliRunner().invoke(
        app, ["prepare", "--format", "json"], env={"HAZE_STORE": str(root), "HAZE_DASK": "here", "HAZE_LANG": "en"}
    )
    assert told.exit_code == 0, told.output
    rows = json.loads(told.stdout)
    assert [row["step"] for row in rows][:2] == ["index", "weights"]
    assert {row["part"] for row in rows if row["step"] == "totals"} == {"2025", "2026"}
    assert derived(root)
    told = CliRunner().invoke(
        app, ["prepare", "--on", "nonsense://x"], env={"HAZE_STORE": str(root), "HAZE_LANG": "en"}
    )
    assert told.exit_code == 1
    assert "No Dask scheduler answers at nonsense://x" in told.stderr
