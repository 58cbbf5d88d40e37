"""Several at once on one app: each sees the own language, day and tambon, and what comes in new reaches all."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

from data.places import place
from layers.title import title_of
from layers.words import Lang, say, say_day
from tests.app import stores
from tests.app.test_browser import served
from tests.app.visitor import Visitor

NAMES = {stores.A: {"th": "วังพร้าว", "en": "Wang Phrao"}, stores.B: {"th": "แม่วะ", "en": "Mae Wa"}}
NEW = "\n18.20001,99.40001,336.96,0.4,0.4,2026-03-12,0655,N,nominal,2.0NRT,293.54,6.9,D\n"


def check(visitor: Visitor, lang: Lang, day: dt.date, tambon: str) -> None:
    assert [one.body for one in visitor.of("heading")] == [say_day(lang, day, short=False)]
    assert title_of(lang, place("lampang")) in visitor.text
    assert NAMES[tambon][lang] in visitor.text
    assert NAMES[stores.B if tambon == stores.A else stores.A][lang] not in visitor.text
    assert (visitor.query["lang"], visitor.query["day"], visitor.query["tambon"]) == (lang, day.isoformat(), tambon)


async def stays(url: str, lang: Lang, day: dt.date, tambon: str) -> None:
    """Step through days, change the language and look at another page; nothing of the others may come in."""
    async with Visitor(url, {"lang": lang, "day": day.isoformat(), "tambon": tambon}) as visitor:
        await visitor.open()
        check(visitor, lang, day, tambon)
        for step in (1, 1, -1):
            await visitor.press("▶" if step > 0 else "◀")
            day += dt.timedelta(days=step)
            check(visitor, lang, day, tambon)
        lang = "en" if lang == "th" else "th"
        label = next(visitor.of("button_group")).label
        update = await visitor.choose(label, say(lang, "app.this_language"))
        assert update.received > 1000
        check(visitor, lang, day, tambon)
        await visitor.open("season")
        assert title_of(lang, place("lampang")) in visitor.text
        await visitor.open()
        check(visitor, lang, day, tambon)


async def together(url: str) -> None:
    day = dt.date(2026, 3, 10)
    people = [
        stays(url, lang, day + dt.timedelta(days=back), tambon)
        for lang in ("th", "en")
        for tambon in NAMES
        for back in (0, -2)
    ]
    await asyncio.gather(*people)


async def figure(url: str) -> str:
    """Return the words of the page of 12 March, opened anew."""
    async with Visitor(url, {"lang": "en", "day": "2026-03-12", "tambon": stores.B}) as visitor:
        await visitor.open()
        return next(one.body for one in visitor.of("html") if say("en", "today.figure_hotspots") in one.body)


def test_nobody_sees_what_another_chose_and_all_see_what_is_new(tmp_path: Path) -> None:
    stores.bring(tmp_path / "store", **{"firms.csv": stores.firms(), "air.json": stores.air4thai()})
    with served(tmp_path / "store") as url:
        asyncio.run(together(url))
        before = asyncio.run(figure(url))
        assert asyncio.run(figure(url)) == before
        stores.bring(tmp_path / "store", **{"more.csv": (stores.COLUMNS + NEW).encode()})
        after = asyncio.run(figure(url))
        assert after != before
        assert ">2<" in after.replace(" ", "")
