"""The commands of danger, chance and origin: columns promised, notes on stderr, wrong usage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import cli
from tests.layers import desks
from tests.models import weathers

RUN = CliRunner()
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    store = desks.store_of(tmp_path / "store", [desks.march()])
    weather = weathers.hours("a", "2026-02-01", "2026-03-12")
    weathers.add(store, weather, {"station_id": "a", "lon": 99.1, "lat": 18.1})
    monkeypatch.setenv("HAZE_MODE", "cached")
    monkeypatch.setenv("HAZE_LANG", "en")
    return store.root


def rows(*command: str) -> tuple[pd.DataFrame, str]:
    done = RUN.invoke(cli.app, [*command, "--format", "json"])
    assert done.exit_code == 0, done.stderr
    return pd.DataFrame(json.loads(done.stdout)), done.stderr


def test_danger_gives_the_promised_columns_and_says_its_basis(stored: Path) -> None:
    table, notes = rows("danger", "--from", "2026-03-10", "--to", "2026-03-11")
    promised = ["code", "day", "ffmc", "dmc", "dc", "isi", "bui", "fwi", "class", "source_km"]
    assert table.columns.tolist()[:10] == promised
    mine = table[table["code"].str.startswith("5201") & (table["day"] == "2026-03-10")]
    assert {"520101", "520102", "520103", "520104"} <= set(mine["code"])
    assert "Too few fires" in notes
    amphoe, _ = rows("danger", "--from", "2026-03-10", "--to", "2026-03-10", "--by", "amphoe")
    assert "5201" in set(amphoe["code"])


def test_chance_speaks_of_the_day_after_the_newest_and_names_its_method(stored: Path) -> None:
    table, notes = rows("chance")
    assert table["day"].unique().tolist() == ["2026-03-13"]
    assert set(table["method"]) == {"week"}
    assert table["probability"].isna().all()
    assert "too few to say" in notes
    assert "No record yet" in notes
    unknown, told = rows("chance", "--day", "2026-03-20")
    assert unknown["rank"].isna().all()
    assert "Cannot tell" in told


def test_chance_verify_on_one_season_has_nothing_to_judge(stored: Path) -> None:
    table, notes = rows("chance", "--verify", "--from", "2026-01-01", "--to", "2026-03-12")
    assert table.empty
    assert "No record yet" in notes


def test_wrong_usage(stored: Path) -> None:
    assert RUN.invoke(cli.app, ["chance", "--from", "2026-01-01"]).exit_code == 2
    assert RUN.invoke(cli.app, ["chance", "--day", "tomorrow"]).exit_code == 2
    assert RUN.invoke(cli.app, ["danger", "--from", "2026-02-01", "--to", "2026-01-01"]).exit_code == 2


def test_without_weather_danger_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desks.store_of(tmp_path / "store", [desks.march()])
    monkeypatch.setenv("HAZE_MODE", "cached")
    done = RUN.invoke(cli.app, ["danger", "--from", "2026-03-10", "--to", "2026-03-10"])
    assert done.exit_code == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_origin_gives_the_promised_columns_and_reasons(stored: Path) -> None:
    table, notes = rows("origin", "--day", "2026-03-10", "--tambon", "520101")
    assert table.columns.tolist()[:7] == ["code", "day", "area", "share", "low", "high", "verdict"]
    assert table["code"].unique().tolist() == ["520101"]
    assert table["area"].tolist()[:2] == ["own_amphoe", "rest_of_place"]
    assert "Cannot tell for 1 of 1 places" in notes
    assert RUN.invoke(cli.app, ["origin", "--day", "2026-03-10", "--tambon", "999999"]).exit_code == 2
    assert RUN.invoke(cli.app, ["origin", "--day", "today"]).exit_code == 2


def test_a_command_loads_neither_screen_nor_map(stored: Path) -> None:
    code = "import sys; import layers.danger, layers.origin; print(sorted({'streamlit', 'folium'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
