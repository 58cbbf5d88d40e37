"""Commands of the registry: sites (list and filter), export, and its state for `status`."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer

from commands.frame import Format, FormatOption, PlaceOption, clear_errors, print_rows
from data.clock import iso_ict
from models.desk import Desk, open_desk


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(sites)


def sites(
    kind: Annotated[str, typer.Option(help="Only this kind, such as firebreak.")] = "",
    issue: Annotated[str, typer.Option(help="Only this issue: haze, ageing, ceramics or all.")] = "",
    state: Annotated[str, typer.Option(help="Only this state: proposed, approved, active or ended.")] = "",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """List the sites of the registry, each with its source; a site without a position has none here.

    Example: python cli.py sites --kind firebreak --format csv
    """
    from data.registry import open_registry

    with clear_errors():
        desk = open_desk(place)
        table = open_registry(desk.settings).sites(
            place=desk.place, kind=kind or None, issue=issue or None, state=state or None
        )
        for column in ("start", "end", "changed_at"):
            table[column] = table[column].dt.strftime("%Y-%m-%d").where(table[column].notna(), None)
        shown = table.drop(columns="geometry")
        few = ["site", "name_th", "kind", "issue", "state", "tambon", "amphoe", "start", "lead_th", "confidence"]
        print_rows(shown[few] if form is Format.table else shown, form)


def registry_state(desk: Desk) -> pd.DataFrame:
    """Return the registry's row of `status`: its newest change and how many sites and changes it holds."""
    from data.registry import open_registry

    registry = open_registry(desk.settings)
    last = registry.trail(last=1)
    newest = last["at"].iloc[0] if len(last) else None
    age = None if newest is None else int((pd.Timestamp(desk.now()) - newest).total_seconds() // 60)
    where = registry.engine.dialect.name + ("" if registry.writable else ", read-only")
    verdict = f"{len(registry.sites())} sites, {registry.revision} changes ({where})"
    return pd.DataFrame(
        [("registry", iso_ict(newest) if newest is not None else None, age, verdict)],
        columns=["source", "newest", "age_minutes", "verdict"],
    )
