"""The season as a picture in the briefing: which days it knows, the same twice, and what stands without it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pypdfium2

from briefings import compose
from briefings.facts import Ledger
from briefings.figures import Scene
from briefings.making import make
from briefings.season_picture import Days, Words, season_chart
from data.registry import open_registry
from layers.words import say
from models.desk import Desk
from tests.layers import desks

DAY = dt.date(2026, 3, 12)
WORDS = Words("hotspots", "PM2.5", "standard", "grey: not stored", {n: str(n) for n in range(1, 13)})


def scene_of(desk: Desk, day: dt.date = DAY) -> Scene:
    return Scene(desk, day, "en", open_registry(desk.settings).sites(place=desk.place), Ledger("r"))


def test_a_day_without_a_file_is_not_zero_and_no_day_lies_ahead(tmp_path: Path) -> None:
    air = desks.air(("2026-03-10", 30.0), ("2026-03-12", 52.0))
    desk = desks.desk_of(desks.store_of(tmp_path / "store", [desks.march()], air))
    days = compose._season_days(scene_of(desk))
    assert days.hotspots is not None
    assert days.pm25 is not None
    assert (days.hotspots.index[0], days.hotspots.index[-1]) == (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-05-31"))
    stored = desk.detections.stored_days(dt.date(2026, 1, 1), DAY, ("SNPP",))
    assert days.hotspots[:"2026-03-12"].notna().tolist() == stored.tolist()
    assert days.hotspots["2026-03-13":].isna().all()
    # As the headline counts them: see `test_brief.desk`.
    assert days.hotspots.sum() == 5
    assert days.pm25.dropna().to_dict() == {pd.Timestamp("2026-03-10"): 30.0, pd.Timestamp("2026-03-12"): 52.0}
    assert (days.until, days.limit) == (DAY, 37.5)


def test_the_same_season_is_the_same_picture() -> None:
    index = pd.date_range("2026-01-01", "2026-05-31")
    counts = pd.Series(np.where(np.arange(151) < 70, 3.0, np.nan), index)
    both = Days(counts, counts * 10, DAY, 37.5)
    assert season_chart(both, WORDS) == season_chart(both, WORDS)
    # Half as high where only one is known.
    one = Days(counts, None, DAY, 37.5)
    assert season_chart(one, WORDS, form="png") != season_chart(both, WORDS, form="png")


def test_without_anything_stored_the_briefing_has_no_picture_of_the_season(tmp_path: Path) -> None:
    made = make(desks.desk_of(desks.store_of(tmp_path / "store")), DAY, "en")
    assert (made.brief.season_title, made.brief.season_note) == ("", "")
    assert say("en", "brief.season_heading") not in made.as_form("html").decode()
    assert len(pypdfium2.PdfDocument(made.as_form("pdf"))) == 2


def test_the_season_stands_on_the_second_page_and_in_the_web_page(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path / "store", [desks.march()]))
    made = make(desk, DAY, "en")
    heading = say("en", "brief.season_heading")
    assert heading in made.as_form("html").decode()
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made.as_form("pdf"))]
    assert [heading in text for text in pages] == [False, True]
    assert say("en", "brief.activity_heading") in pages[1]
