"""Commands of the registry: sites (list and filter), export, and its state for `status`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from commands.frame import Format, FormatOption, PlaceOption, clear_errors, lang, print_rows
from data.clock import iso_ict
from models.desk import Desk, open_desk


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(sites)
    app.command()(plan)
    app.command("export-registry")(export_registry)
    app.command("check-records")(check_records)


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


class PlanBy(StrEnum):
    """What the plan is laid out by."""

    issue = "issue"
    province = "province"
    amphoe = "amphoe"
    tambon = "tambon"
    milestone = "milestone"


def plan(
    by: Annotated[PlanBy, typer.Option(help="Rows of the table.")] = PlanBy.amphoe,
    season: Annotated[str, typer.Option(help="Year of the season whose signal stands beside; the newest stored.")] = "",
    satellites: Annotated[str, typer.Option(help="Fixed satellites or a set of them.")] = "SNPP",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Show the plan: activities, money, partners, research, targets against actuals; by tambon also hotspots and gaps.

    An empty code stands for activities of a whole amphoe or province. A budget that was not seen is missing, not zero.

    Example: python cli.py plan --by tambon --season 2026 --place lampang --format csv
    """
    from commands.effects import season_of_option
    from commands.seen import satellites_of
    from data.registry import open_registry
    from models import plan as models_plan
    from models import plan_signal

    chosen, asked = satellites_of(satellites), season_of_option(season, "--season")
    with clear_errors():
        desk = open_desk(place).outlined()
        registry = open_registry(desk.settings)
        known = models_plan.programme(registry, desk)
        shown = models_plan.named(models_plan.display(known, by.value, desk.tambons), by.value, known, desk.tambons)
        if by is PlanBy.tambon:
            acted = models_plan.acted(known)
            year = asked or max(desk.seasons, default=desk.now().year)
            seen = plan_signal.signal(desk, chosen, year, list(acted.index))
            gaps = plan_signal.gaps(seen, acted)[["tambon", "gap"]]
            shown = shown.merge(seen.merge(gaps), left_on="code", right_on="tambon", how="left").drop(columns="tambon")
        print_rows(shown, form)


class ExportForm(StrEnum):
    """Form of an export."""

    csv = "csv"
    xlsx = "xlsx"
    geojson = "geojson"


def export_registry(
    out: Annotated[Path, typer.Argument(help="File to write.")],
    form: Annotated[
        ExportForm, typer.Option("--form", help="csv (a zip with one file a kind), xlsx, or geojson (sites alone).")
    ] = ExportForm.csv,
    template: Annotated[bool, typer.Option("--template", help="An empty list of sites to fill in, instead.")] = False,
) -> None:
    """Write the whole registry with its trail to a file that can be imported again, or an empty list to fill in.

    Example: python cli.py export-registry registry.xlsx --form xlsx
    """
    from data.files import write_whole
    from data.registry import export, open_registry, sheet

    with clear_errors():
        if template:
            empty = sheet.template()
            data = export.csv_bytes(empty) if form is ExportForm.csv else export.workbook({"sites": empty})
        else:
            data = export.to_bytes(open_registry(open_desk().settings), form.value, private=True)
        write_whole(out, lambda partial: _put(partial, data))
        typer.echo(str(out))


def _put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def check_records(
    file: Annotated[Path, typer.Argument(help="List of sites or other records: CSV, XLSX or GeoJSON.")],
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Say what an import would do with each row of a list, and write nothing.

    Example: python cli.py check-records my_sites.csv --format csv
    """
    from data import clock
    from data.accounts import OPERATOR
    from data.registry import open_registry
    from data.registry.bulk import Scope
    from fetchers import apart, record_rows
    from fetchers.brought import Brought
    from layers.words import say_problems

    with clear_errors():
        desk = open_desk(place)
        brought = Brought(file.name, file, desk.settings.max_file_mb * 1_000_000)
        with apart.Reader(desk.settings) as read:
            registry, scope = open_registry(desk.settings), Scope(desk.place, desk.all_tambons)
            rows = [
                (kind, one.row, one.record, one.verdict, say_problems(lang(), (*one.wrong, *one.notes)))
                for kind, one in record_rows.looked_at(registry, scope, OPERATOR, read(brought, clock.utc_now()))
            ]
        print_rows(pd.DataFrame(rows, columns=["kind", "row", "id", "verdict", "reason"]), form)


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
