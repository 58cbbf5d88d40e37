"""One briefing in every form, kept in the store: the only piece that brings composing, drawing and setting together.

Never decides what a briefing says (`compose`) or how it looks (`pdf`, `slides`, `web`).
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass

import pandas as pd

from briefings import bulletin, compose, pdf, slides, web
from briefings.brief import Brief
from briefings.facts import SHEET_COLUMNS, Ledger, sheet_csv
from briefings.figures import Scene
from data.merge import Writer
from data.registry import open_registry
from data.store import Store
from layers.words import Lang
from models.desk import Desk

FORMS = ("pdf", "pptx", "html", "png", "csv")


@dataclass(frozen=True)
class Made:
    """A briefing and what its forms are made from."""

    brief: Brief
    desk: Desk
    sites: pd.DataFrame

    @property
    def sheet(self) -> pd.DataFrame:
        """Every number of the document, one row each, in `briefings.facts.SHEET_COLUMNS`."""
        rows = [{**fact, "revision": self.brief.revision} for fact in self.brief.document()["facts"]]
        return pd.DataFrame(rows, columns=list(SHEET_COLUMNS))

    def as_form(self, form: str) -> bytes:
        """Return the briefing as one of `FORMS`."""
        if form == "csv":
            return sheet_csv(self.sheet)
        if form == "pptx":
            return slides.render(self.brief, self._drawn("png"))
        if form == "html":
            return web.render(self.brief, self._map, self._season)
        return pdf.render(self.brief, self._map, self._season, sheet_csv(self.sheet), form=form)

    @functools.cached_property
    def _map(self) -> bytes:
        return self._drawn("svg")

    @functools.cached_property
    def _season(self) -> bytes:
        return compose.season_picture(self.desk, self.brief.day, self.brief.lang, self.sites, "svg")

    def _drawn(self, kind: str) -> bytes:
        return compose.picture(self.desk, self.brief.day, self.brief.lang, self.sites, kind)


def bulletin_of(desk: Desk, day: dt.date, lang: Lang) -> tuple[list[str], Ledger]:
    """Return the sentences of the bulletin of a Thai day and the numbers they rest on."""
    ledger = Ledger(desk.state.revision)
    sites = open_registry(desk.settings).sites(place=desk.place)
    return bulletin.bulletin(Scene(desk, day, lang, sites, ledger)), ledger


def make(desk: Desk, day: dt.date, lang: Lang) -> Made:
    """Return the briefing of a Thai day."""
    registry = open_registry(desk.settings)
    sites = registry.sites(place=desk.place)
    return Made(compose.compose(desk, day, lang, sites, f"{desk.state.revision}-{registry.revision}"), desk, sites)


def keep(store: Store, brief: Brief, made_at: dt.datetime) -> None:
    """Keep the content of a briefing: the same content is kept once, and stands for the data it names."""
    with store.locked():
        digest = store.put_raw(brief.as_json())
        writer = Writer(store, store.state())
        writer.keep_briefing(
            {
                "day": brief.day.isoformat(),
                "lang": brief.lang,
                "revision": brief.revision,
                "sha256": digest,
                "made_at": made_at,
            }
        )
        writer.commit()
