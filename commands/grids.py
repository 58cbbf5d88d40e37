"""Commands about grids and rasters: a stored field or raster by area, and the cube of everything as a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commands.frame import (
    ERRORS,
    AreaBy,
    Format,
    FormatOption,
    FromOption,
    PlaceOption,
    ToOption,
    clear_errors,
    lang,
    period_of,
    print_rows,
)
from commands.seen import satellites_of
from data.errors import SettingError
from data.rasters import STATISTICS
from layers.words import say
from models.desk import open_desk


class Weigh(StrEnum):
    """How the cells of an area are weighed."""

    area = "area"
    people = "people"


Ground = StrEnum("Ground", list(STATISTICS))  # type: ignore[misc]
ByOption = Annotated[AreaBy, typer.Option(help="Rows of the table.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(grid)
    app.command()(ground)
    app.command()(cube)


def grid(
    first: FromOption,
    last: ToOption,
    variable: Annotated[str, typer.Option(help="Such as pm25, aod_550, temperature_c, boundary_layer_m.")] = "pm25",
    source: Annotated[str, typer.Option(help="Such as cams; not needed where only one is stored.")] = "",
    by: ByOption = AreaBy.tambon,
    weights: Annotated[Weigh, typer.Option(help="Weigh cells by area, or by the people of a population raster.")] = (
        Weigh.area
    ),
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Show a stored model grid as daily means by area, each with its coverage.

    A cell without a value lowers the coverage and never the value; below half the value is missing. `status` lists the
    grids that are stored.

    Example: python cli.py grid --variable pm25 --from 2026-04-17 --to 2026-04-18 --by amphoe
    """
    from data.variables import registry
    from models import area_grids

    start, end = period_of(first, last)
    if variable not in registry():
        raise typer.BadParameter(
            f"unknown variable {variable!r}; known are {', '.join(registry())}", param_hint="--variable"
        )
    with clear_errors():
        desk = open_desk(place).outlined()
        people = weights is Weigh.people
        table = area_grids.grid_by_area(desk, variable, source, start, end, by.value, people=people)
        if people:
            ERRORS.print(say(lang(), "grid.weighed_by_people"), markup=False)
        print_rows(table, form)


def ground(
    variable: Annotated[Ground, typer.Option(help="What the raster shows.")],
    by: ByOption = AreaBy.tambon,
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Show a stored raster by area: people, height, plants, burned land, or the shares of land classes.

    Example: python cli.py ground --variable land_cover --by amphoe
    """
    from models import area_grids

    with clear_errors():
        print_rows(area_grids.ground_by_area(open_desk(place).outlined(), variable.value, by.value), form)


def cube(
    first: FromOption,
    last: ToOption,
    out: Annotated[Path, typer.Option(help="File to write: .nc (NetCDF) or .csv.")],
    satellites: Annotated[str, typer.Option(help="Satellites to count, or a set; see counts.")] = "SNPP",
    place: PlaceOption = "",
) -> None:
    """Write everything of each Thai day and tambon side by side: counts by pass, PM2.5 with its interval, stored grids.

    Each variable of the NetCDF file names its unit, source and revision. A variable that is not there was never stored;
    hotspots_known tells a day without fire from a day that no file reaches.

    Example: python cli.py cube --from 2026-01-01 --to 2026-01-31 --out cube.nc
    """
    from models import cube as model

    start, end = period_of(first, last)
    chosen = satellites_of(satellites)
    if out.suffix.lower() not in (".nc", ".csv"):
        raise typer.BadParameter(f"expected a name that ends with .nc or .csv, got {out.name!r}", param_hint="--out")
    with clear_errors():
        made = model.cube(open_desk(place).outlined(), start, end, chosen)
        try:
            model.write(made, out)
        except OSError as error:
            context = {"file": str(out), "problem": error.strerror or str(error)}
            raise SettingError(f"{out}: {error}", key="out_unwritable", context=context) from error
    typer.echo(str(out))
