"""The command about whose smoke it is."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from commands.frame import ERRORS, Format, FormatOption, PlaceOption, clear_errors, day_of, lang, print_rows


class OriginBy(StrEnum):
    """What origin is told for."""

    tambon = "tambon"
    amphoe = "amphoe"


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(origin)


def origin(
    day: Annotated[str, typer.Option(help="Thai day of arrival, YYYY-MM-DD.")],
    by: Annotated[OriginBy, typer.Option(help="Rows of the table.")] = OriginBy.amphoe,
    tambon: Annotated[str, typer.Option(help="One tambon only, by its 6-digit code.")] = "",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Show whose smoke reached each place on a day: shares of the source areas with a range of 90 %.

    Only smoke of fires seen in the two days before is shared out. Where the air stood still, or its wind or fires are
    not stored, there is no share and the verdict says why.

    Example: python cli.py origin --day 2026-04-25 --by amphoe
    """
    chosen = day_of(day, "--day")
    with clear_errors():
        from layers import origin as words
        from models.desk import open_desk
        from models.origin import origin as find

        desk = open_desk(place).outlined()
        if tambon and tambon not in set(desk.tambons["tambon"]):
            raise typer.BadParameter(f"no tambon {tambon!r} in {desk.place.name_en}", param_hint="--tambon")
        kind, codes = ("tambon", (tambon,)) if tambon else (by.value, ())
        found = find(desk, chosen, kind, codes)
        for text in words.notes(lang(), found):
            ERRORS.print(text, markup=False)
        shown = found.table.assign(day=found.table["day"].dt.strftime("%Y-%m-%d"))
        digits = dict.fromkeys(("share", "low", "high", "ours", "ours_low", "ours_high"), 4) | {
            "followed_h": 1,
            "unseen": 3,
        }
        print_rows(shown.round(digits), form)
