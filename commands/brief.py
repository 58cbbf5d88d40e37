"""What leaves the house, on the command line: the governor's briefing, the bulletin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.frame import ERRORS, PlaceOption, clear_errors, day_of, lang
from data.errors import SettingError, StoreError
from data.files import write_whole
from data.outside import one_line
from layers.words import LANGS, Lang, say_error
from models.desk import open_desk

FORMS = (".pdf", ".pptx", ".html", ".png", ".csv")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(brief)
    app.command()(bulletin)


def brief(
    day: Annotated[str, typer.Option(help="Thai day, YYYY-MM-DD.")],
    out: Annotated[Path, typer.Option(help="File to write: .pdf, .pptx, .html, .png or .csv (all numbers).")],
    language: Annotated[str, typer.Option("--lang", help="th or en.")] = "th",
    place: PlaceOption = "",
) -> None:
    """Write the governor's briefing of a day.

    Example: python cli.py brief --day 2026-03-12 --out brief.pdf
    """
    from briefings import making

    chosen = day_of(day, "--day")
    if out.suffix.lower() not in FORMS:
        raise typer.BadParameter(f"expected a file ending in {', '.join(FORMS)}, got {out.name!r}", param_hint="--out")
    said = _language(language)
    with clear_errors():
        desk = open_desk(place).outlined()
        made = making.make(desk, chosen, said)
        content = made.as_form(out.suffix.lower()[1:])
        _write(out, content)
        typer.echo(str(out))
        if not desk.is_sample:
            try:
                making.keep(desk.store, made.brief, desk.now())
            except StoreError as error:
                # The document is there; that the desk could not note it down is said.
                ERRORS.print(one_line(say_error(lang(), error)), markup=False)


def _write(out: Path, content: bytes) -> None:
    """Write a file whole or not at all, into a folder that is there."""

    def fill(partial: Path) -> None:
        partial.write_bytes(content)

    problem = "" if out.resolve().parent.is_dir() else "no such folder"
    try:
        if not problem:
            write_whole(out.resolve(), fill)
    except StoreError as error:
        problem = error.context["problem"]
    if problem:
        raise SettingError(
            f"cannot write {out}: {problem}",
            key="out_unwritable",
            context={"file": str(out), "problem": problem},
            hint="name a file in a folder that can be written",
        )


def bulletin(
    day: Annotated[str, typer.Option(help="Thai day, YYYY-MM-DD.")],
    language: Annotated[str, typer.Option("--lang", help="th or en.")] = "th",
    place: PlaceOption = "",
) -> None:
    """Print the short bulletin of a day, for radio, LINE and the web.

    Example: python cli.py bulletin --day 2026-03-12 --lang th
    """
    from briefings import making

    chosen = day_of(day, "--day")
    said = _language(language)
    with clear_errors():
        for sentence in making.bulletin_of(open_desk(place).outlined(), chosen, said)[0]:
            typer.echo(sentence)


def _language(text: str) -> Lang:
    for one in LANGS:
        if text == one:
            return one
    raise typer.BadParameter(f"expected th or en, got {text!r}", param_hint="--lang")
