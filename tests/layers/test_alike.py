"""Look-alikes in words: what differs, with both numbers, and what is not known there."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from layers.alike import differences, table
from layers.words import LANGS, Lang, say

FEATURES = pd.DataFrame(
    {"fires_per_100_km2": [3.0, 30.0], "forest_share": [0.5, 0.25], "smoke_days": [60.0, math.nan]},
    index=["520101", "570101"],
)
ROW = {"differs_fires_per_100_km2": 1.2, "differs_forest_share": -0.9, "differs_smoke_days": math.nan}
both = pytest.mark.parametrize("lang", LANGS)


@both
def test_only_large_differences_are_told_with_both_numbers(lang: Lang) -> None:
    more = say(lang, "alike.more", feature=say(lang, "alike.fires_per_100_km2"), theirs="30", ours="3.0")
    unknown = say(lang, "alike.unknown", features=say(lang, "alike.smoke_days"))
    assert differences(lang, FEATURES, "520101", "570101", ROW) == f"{more}; {unknown}"
    less = say(lang, "alike.less", feature=say(lang, "alike.forest_share"), theirs="25 %", ours="50 %")
    assert less in differences(lang, FEATURES, "520101", "570101", {**ROW, "differs_forest_share": -1.0})
    # What is not known of the tambon asked about is no difference.
    assert differences(lang, FEATURES, "570101", "520101", {}) == say(lang, "alike.nothing")


@both
def test_the_table_names_the_province(lang: Lang) -> None:
    names = pd.DataFrame({"tambon": ["570101"]}).assign(
        **{f"{level}_{one}": level for level in ("tambon", "amphoe", "province") for one in LANGS}
    )
    found = pd.DataFrame([{"tambon": "570101", "distance": 0.456, **ROW}])
    assert table(lang, found, FEATURES, "520101", names).iloc[0].tolist()[:4] == [
        "tambon",
        "amphoe",
        "province",
        "0.46",
    ]
