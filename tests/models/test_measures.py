"""The shipped assumptions are whole, a user's table is refused by row, and prices have no invented end."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from data.errors import FileRefused
from models.budget import Rules, best_plan
from models.measures import options_of, pairs, price, prices, read_measures, with_measured

HEADER = (
    "measure,name_th,name_en,unit_th,unit_en,fixed_baht,unit_baht,most_units,unit_crew_days,"
    "share,share_low,share_high,needs,excludes,basis,source\n"
)
ROW = "break,แนว,Break,กม.,km,100,10,2,1,0.1,0.05,0.2,,,assumed,test\n"


def written(folder: Path, *rows: str) -> Path:
    path = folder / "measures.csv"
    path.write_text(HEADER + "".join(rows), "utf-8")
    return path


def test_the_shipped_measures_are_told_as_assumptions_with_a_source() -> None:
    table = read_measures()
    assert len(table) >= 6
    assert set(table["basis"]) == {"assumed"}
    assert (table["source"] != "").all()
    assert ("no_burn_farming", "biomass_purchase") in pairs(table, "needs")
    assert ("community_forest", "wet_forest") in pairs(table, "excludes")


def test_options_worked_out_by_hand(tmp_path: Path) -> None:
    table = read_measures(written(tmp_path, ROW))
    options = options_of(table, {"520101": 50.0, "520201": float("nan")}, {"520101": "5201", "520201": "5202"})
    assert options["tambon"].tolist() == ["520101"]
    assert options[["benefit", "benefit_low", "benefit_high"]].to_numpy().tolist() == [[5.0, 2.5, 10.0]]
    plan = best_plan(options, Rules(baht=120.0))
    assert (plan.baht, plan.benefit) == (120.0, 10.0)


def test_a_verdict_takes_the_place_of_an_assumption_and_says_so(tmp_path: Path) -> None:
    rows = [ROW.replace("break", name, 1) for name in ("a", "b", "c", "d")]
    verdicts = {
        "a": ("fewer", -0.3, -0.5, -0.1),
        "b": ("cannot_tell", -0.3, -0.5, 0.1),
        "c": ("no_difference", 0.05, -0.1, 0.2),
    }
    found = with_measured(read_measures(written(tmp_path, *rows)), verdicts).set_index("measure")
    assert found.loc["a", ["share", "share_low", "share_high"]].tolist() == [0.3, 0.1, 0.5]
    # What was measured is the whole measure of a tambon: two units at 10 baht and a crew day each.
    assert found.loc["a", ["fixed_baht", "unit_baht", "unit_crew_days", "most_units"]].tolist() == [100, 20, 2, 1]
    assert found.loc["a", "unit_en"] == "2 × km"
    # A rise in the interval is no negative share: a plan is never credited for it.
    assert found.loc["c", ["share", "share_low", "share_high"]].tolist() == [0.0, 0.0, 0.1]
    assert found["basis"].tolist() == ["measured", "assumed", "measured", "assumed"]
    assert found.loc["b", "share"] == found.loc["d", "share"] == 0.1
    options = options_of(found.reset_index(), {"520101": 50.0}, {"520101": "5201"})
    assert options.set_index("measure").loc["a", "benefit"] == 15.0


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (ROW.replace(",100,", ",-1,"), "fixed_baht"),
        (ROW.replace(",100,", ",=1+1,"), "fixed_baht"),
        (ROW.replace("0.05", "0.15"), "share"),
        (ROW.replace(",0.2,", ",0.9,"), "share"),
        (ROW.replace("assumed", "believed"), "basis"),
        (ROW.replace(",2,1,", ",1.5,1,"), "most_units"),
        (ROW.replace(",,,assumed", ",,nowhere,assumed"), "excludes"),
    ],
)
def test_a_row_that_cannot_be_is_named(tmp_path: Path, row: str, column: str) -> None:
    with pytest.raises(FileRefused) as caught:
        read_measures(written(tmp_path, ROW.replace("break", "patrol", 1), row))
    assert caught.value.key == "measures_rows"
    assert (caught.value.context["column"], caught.value.context["rows"]) == (column, "2")


def test_a_file_that_is_no_such_table(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(FileRefused) as caught:
        read_measures(other)
    assert caught.value.key == "measures_column"
    with pytest.raises(FileRefused) as caught:
        read_measures(tmp_path / "none.csv")
    assert caught.value.key == "measures_unread"
    with pytest.raises(FileRefused) as caught:
        read_measures(written(tmp_path, ROW, ROW))
    assert caught.value.context["rows"] == "1, 2"


def test_a_price_has_no_upper_end_where_nothing_may_have_been_avoided() -> None:
    assert price(100.0, (5.0, 2.0, 10.0)) == (20.0, 10.0, 50.0)
    middle, low, high = price(100.0, (5.0, 0.0, 10.0))
    assert (middle, low) == (20.0, 10.0)
    assert math.isinf(high)


def test_prices_by_amphoe_by_hand(tmp_path: Path) -> None:
    table = read_measures(written(tmp_path, ROW))
    amphoe = {"520101": "5201", "520102": "5201", "520201": "5202"}
    found = prices(table, {"520101": 20.0, "520102": 40.0, "520201": 0.0}, amphoe).set_index("amphoe")
    # Median 30 hotspots: one unit for 110 baht avoids 3 (1.5 to 6).
    row = found.loc["5201", ["baht", "avoided", "baht_per_hotspot", "baht_low", "baht_high"]]
    assert row.astype(float).to_numpy() == pytest.approx([110.0, 3.0, 110 / 3, 110 / 6, 110 / 1.5])
    assert math.isinf(found.loc["5202", "baht_per_hotspot"])
