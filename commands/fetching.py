"""What the desk does with news, whoever brings or asks for them: fetch, make ready, issue the forecast of now.

The one order of these steps for the command line, the screen and the watch. Never prints, never sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from data import clock
from fetchers import reach, refresh
from fetchers.source import Period
from models.desk import Desk


def make_ready(desk: Desk, kinds: Iterable[str]) -> None:
    """Make what the first visitor would otherwise wait for, after rows of some kinds came into the desk's own store."""
    new = set(kinds)
    if new & {"hotspots", "tambons"}:
        desk.refresh().prepare()
    if new & {"readings", "stations", "grid"}:
        from models import forecast

        forecast.prepare(desk.refresh())


def news(
    desk: Desk,
    names: Sequence[str] = (),
    *,
    also: Sequence[str] = (),
    period: Period | None = None,
    eager: bool = False,
    told: Callable[[refresh.Outcome], None] = lambda outcome: None,
) -> list[refresh.Outcome]:
    """Fetch what is stale, or the named sources and period (`fetchers.refresh.refresh`), into the desk's own store.

    Raises
    ------
    Locked
        When another refresh is running.
    StoreError
        When the store cannot be written.
    """
    with reach.way_out(desk.settings) as http:
        outcomes = refresh.refresh(
            desk.own_store,
            http,
            area=reach.area_of(desk.place, desk.stations, desk.tambons),
            keys=desk.settings.keys,
            now=clock.utc_now,
            names=names,
            also=also,
            period=period,
            eager=eager,
            told=told,
        )
    if any(outcome.rows for outcome in outcomes):
        from models import issued

        after = desk.refresh()
        after.prepare()
        issued.issue_and_keep(after)
    return outcomes
