"""Alerts on the command line: evaluate and send, rehearse, acknowledge, and the rules and recipients themselves."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer

from commands.fires import moment_of
from commands.frame import Format, FormatOption, PlaceOption, clear_errors, lang, print_rows
from models.desk import open_desk


def register(app: typer.Typer) -> None:
    """Add these commands, under `alert`."""
    alert = typer.Typer(no_args_is_help=True, help="Alerts: run, test, acknowledge, rules.")
    alert.command()(run)
    alert.command("test")(rehearse)
    alert.command()(ack)
    alert.command()(rules)
    alert.command()(recipients)
    alert.command()(trail)
    alert.command()(quota)
    app.add_typer(alert, name="alert")


def run(place: PlaceOption = "", form: FormatOption = Format.table) -> None:
    """Evaluate the rules and send what is due; to be run by a timer after each fetch. Two never run at once.

    Example: python cli.py alert run --format csv
    """
    from briefings import alerts
    from data.registry import open_registry
    from fetchers.sources import SOURCES

    with clear_errors():
        desk = open_desk(place)
        registry = open_registry(desk.settings, desk.now)
        print_rows(alerts.run(desk, registry, [one.info for one in SOURCES.values()], lang()), form)


def rehearse(
    at: Annotated[
        str, typer.Option(help="Moment to judge for, Thai time, YYYY-MM-DD or YYYY-MM-DDTHH:MM; now when omitted.")
    ] = "",
    send: Annotated[str, typer.Option(help="Send a message that says it is a test by this channel instead.")] = "",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Evaluate the rules and show exactly what would go; nothing is sent and nothing is kept.

    Example: python cli.py alert test --at 2026-03-12T08:00
    """
    from briefings import alerts
    from data.registry import open_registry
    from fetchers.sources import SOURCES

    moment = moment_of(at)
    with clear_errors():
        desk = open_desk(place)
        registry = open_registry(desk.settings, desk.now)
        if send:
            print_rows(alerts.send_test(desk, registry, send, lang()), form)
            return
        table, texts = alerts.rehearse(desk, registry, [one.info for one in SOURCES.values()], lang(), moment)
        print_rows(table, form)
        if form is Format.table:
            for text in texts:
                typer.echo(f"\n{text}")


def ack(number: Annotated[int, typer.Argument(help="Number of the alert, as its text says.")]) -> None:
    """Acknowledge an alert: it is in hand, and is not passed on to the next level.

    Example: python cli.py alert ack 12
    """
    from data.accounts import OPERATOR
    from data.registry import AlertLog, open_registry

    with clear_errors():
        desk = open_desk()
        AlertLog(open_registry(desk.settings, desk.now)).acknowledge(number, desk.now(), OPERATOR)
        typer.echo(str(number))


def rules(
    add: Annotated[list[str] | None, typer.Option(help="FIELD=VALUE of a new rule; may be given again.")] = None,
    remove: Annotated[str, typer.Option(help="Id of a rule to take away.")] = "",
    form: FormatOption = Format.table,
) -> None:
    """List the rules, add one, or take one away; a list of rules is also brought in by `import`.

    Example: python cli.py alert rules --add name="Near Doi Phra Bat" --add watches=fire_near --add tambon=520111
    """
    _records("alert_rules", add or [], remove, form)


def recipients(
    add: Annotated[list[str] | None, typer.Option(help="FIELD=VALUE of a new recipient; may be given again.")] = None,
    remove: Annotated[str, typer.Option(help="Id of a recipient to take away.")] = "",
    form: FormatOption = Format.table,
) -> None:
    """List who is told, add somebody, or take somebody away.

    Example: python cli.py alert recipients --add name="Duty officer" --add channel=email --add address=duty@example.org
    """
    _records("recipients", add or [], remove, form)


def _records(kind: str, add: list[str], remove: str, form: Format) -> None:
    from data.accounts import OPERATOR
    from data.registry import open_registry
    from data.registry.tables import KINDS

    known = KINDS[kind].names - {"geometry"}
    values = dict(_pair(text, known | {"geometry"}) for text in add)
    with clear_errors():
        desk = open_desk()
        registry = open_registry(desk.settings, desk.now)
        if values:
            typer.echo(registry.add(kind, values, author=OPERATOR))
        elif remove:
            registry.remove(kind, remove, author=OPERATOR, based_on=registry.get(kind, remove).version)
            typer.echo(remove)
        else:
            columns = ["id", *(column.name for column in KINDS[kind].columns if column.name in known)]
            found = [{"id": record, **one.document} for record, one in registry.all(kind).items()]
            table = pd.DataFrame(found, columns=columns, dtype="object")
            # A list for people leaves out what nobody filled in.
            told = [name for name in columns if (table[name].notna() & (table[name] != "")).any()]
            print_rows(table[told or columns[:4]] if form is Format.table else table, form)


def _pair(text: str, known: frozenset[str]) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or name not in known:
        raise typer.BadParameter(
            f"expected FIELD=VALUE with one of {', '.join(sorted(known))}, got {text!r}", param_hint="--add"
        )
    return name, value


def trail(
    last: Annotated[int, typer.Option(help="How many of the newest decisions.", min=1)] = 50,
    form: FormatOption = Format.table,
) -> None:
    """Show what was sent to whom, what was not and why, newest first.

    Example: python cli.py alert trail --last 20 --format csv
    """
    from data.clock import iso_ict
    from data.registry import AlertLog, open_registry
    from layers.alerts import say_reason

    with clear_errors():
        desk = open_desk()
        table = AlertLog(open_registry(desk.settings, desk.now)).trail(last)
        table["at"] = [iso_ict(moment) for moment in table["at"]]
        table["reason"] = [say_reason(lang(), reason) for reason in table["reason"]]
        print_rows(table.drop(columns="rule"), form)


def quota(form: FormatOption = Format.table) -> None:
    """Ask LINE how many messages of this month are used; a message to a group counts each member.

    Example: python cli.py alert quota
    """
    from briefings.channels import line_quota

    with clear_errors():
        found = line_quota(open_desk().settings)
        row = ("line", found.limit, found.used)
        print_rows(pd.DataFrame([row], columns=["channel", "limit", "used"]).astype({"limit": "Int64"}), form)
