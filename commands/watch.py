"""The clock of the desk on the command line: keep watch, do one round, check that somebody does."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import pandas as pd
import typer

from commands.frame import ERRORS, PlaceOption, clear_errors, lang
from data import heartbeat
from data.clock import iso_ict, utc_now
from layers.watch import say_state
from models.desk import Desk, open_desk


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(watch)


def watch(
    once: Annotated[bool, typer.Option("--once", help="Do one round now and end.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Say how the watch is; exit code 1 if it stands.")] = False,
    tell: Annotated[bool, typer.Option("--tell", help="With --check: tell the recipients once if it stands.")] = False,
    minutes: Annotated[int, typer.Option(help="With --check: the oldest heartbeat that passes.", min=1)] = int(
        heartbeat.STOPPED.total_seconds() // 60
    ),
    place: PlaceOption = "",
) -> None:
    """Fetch, judge the rules of alerts and send, after each satellite pass and each hour of the stations, for good.

    A second one waits and takes over when the first is gone.

    Example: python cli.py watch
    """
    if once and check:
        raise typer.BadParameter("--once and --check do not go together", param_hint="--check")
    if tell and not check:
        raise typer.BadParameter("--tell goes with --check", param_hint="--tell")
    with clear_errors():
        desk = open_desk(place)
        if check:
            _check(desk, tell=tell, stopped=dt.timedelta(minutes=minutes))
            return
        from commands import watching

        watching.keep(desk, once=once)


def _check(desk: Desk, *, tell: bool, stopped: dt.timedelta) -> None:
    beat = heartbeat.read(desk.own_store.root)
    state = "never" if beat is None else beat.state(utc_now(), stopped)
    said = say_state(lang(), beat, state)
    if state not in ("never", "stopped"):
        typer.echo(said)
        return
    ERRORS.print(said, markup=False)
    if tell and beat is not None and not desk.is_sample:
        from briefings import alerts
        from data.registry import open_registry

        alerts.tell_watch(desk, open_registry(desk.settings), lang(), beat.beat_at)
    raise typer.Exit(1)


def watch_state(desk: Desk) -> pd.DataFrame:
    """Return the watch's row of `status`; none where no watch ever ran."""
    beat, now = heartbeat.read(desk.own_store.root), utc_now()
    rows = []
    if beat is not None:
        age = int((now - beat.beat_at).total_seconds() // 60)
        rows = [("watch", iso_ict(beat.round_at) if beat.round_at else None, age, beat.state(now))]
    return pd.DataFrame(rows, columns=["source", "newest", "age_minutes", "verdict"])
