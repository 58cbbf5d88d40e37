"""The map of a briefing: tambons in the colours of the Pollution Control Department or of hotspot counts, as a picture.

Never knows where the values come from. Thai letters are shaped by matplotlib's own layout engine, in Sarabun.
"""

from __future__ import annotations

import functools
import importlib.util
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: About 100 m: a tenth of a millimetre on the page.
_FINE_DEG = 0.001
#: Width and height as the map stands on the page (72 mm wide), so that letters are as large as they are set.
_SIZE_IN = (2.84, 4.7)
_NAMES_PT, _LEGEND_PT, _DOTS = 6.5, 7.0, 310
#: Letters of a label of which two stand beside each other under the map.
_SHORT = 24


@dataclass(frozen=True)
class Shade:
    """One class of the map: its colour, the words of its legend, and a pattern for those who do not see the colour."""

    colour: str
    label: str
    hatch: str = ""


@functools.cache
def fonts_folder() -> Path:
    """Return the folder of the Sarabun typeface inside its pinned package."""
    spec = importlib.util.find_spec("fontpkg_sarabun")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("expected package fontpkg-sarabun to be installed, it is not")
    return Path(next(iter(spec.submodule_search_locations))) / "files"


@functools.cache
def font(weight: str) -> object:
    """Return the Sarabun typeface of a weight, such as ``Regular``."""
    from matplotlib import font_manager

    return font_manager.FontProperties(fname=str(fonts_folder() / f"Sarabun-{weight}.ttf"))


def tambon_map(
    tambons: gpd.GeoDataFrame,
    shade_of: Sequence[int],
    shades: Sequence[Shade],
    points: pd.DataFrame,
    *,
    points_label: str,
    names: dict[str, str],
    form: str = "svg",
) -> bytes:
    """Draw the map.

    Parameters
    ----------
    tambons : GeoDataFrame, n rows
        TAMBON_COLUMNS and geometry.
    shade_of : sequence of int, n
        Position in `shades` for each tambon.
    shades : sequence of Shade
    points : DataFrame
        `lon`, `lat` of detections, drawn as small crosses; may be empty.
    points_label : str
        Words of the legend for them.
    names : dict of str to str
        Name of each amphoe by code, written at its middle.
    form : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    labels = [shade.label for shade in shades] + ([points_label] if len(points) else [])
    columns = 2 if len(labels) > 3 and max(map(len, labels)) < _SHORT else 1
    figure = Figure(figsize=_SIZE_IN)
    # The legend stands under the map, as high as its lines are many.
    below = 0.04 + 0.04 * -(-len(labels) // columns)
    axes = figure.add_axes((0, below, 1, 1 - below))
    axes.set_axis_off()
    axes.set_aspect(1 / np.cos(np.radians(float(np.mean(tambons.total_bounds[[1, 3]])))))
    # Lines finer than a dot of the printed map only make the file larger; neighbours keep their common borders.
    tambons = tambons.set_geometry(shapely.coverage_simplify(tambons.geometry.to_numpy(), _FINE_DEG))
    position = np.asarray(shade_of)
    for at, shade in enumerate(shades):
        some = tambons[position == at]
        if len(some):
            some.plot(
                ax=axes, color=shade.colour, edgecolor="#6b6a66", linewidth=0.3, hatch=shade.hatch or None, aspect=None
            )
    amphoes = tambons[["amphoe", "geometry"]].dissolve("amphoe")
    amphoes.boundary.plot(ax=axes, color="#2b2f31", linewidth=0.7, aspect=None)
    if len(points):
        axes.scatter(points["lon"], points["lat"], s=6, marker="x", color="#111111", linewidths=0.7, zorder=4)
    for code, middle in amphoes.representative_point().items():
        text = axes.text(middle.x, middle.y, names.get(str(code), ""), ha="center", va="center", zorder=5)
        text.set_fontproperties(font("SemiBold"))
        text.set_fontsize(_NAMES_PT)
        text.set_path_effects(_halo())
    handles = [
        Patch(facecolor=shade.colour, edgecolor="#6b6a66", hatch=shade.hatch or None, label=shade.label)
        for shade in shades
    ]
    if len(points):
        handles.append(Line2D([], [], marker="x", color="#111111", linestyle="", markersize=4, label=points_label))
    legend = figure.legend(
        handles=handles,
        loc="lower center",
        ncols=columns,
        prop=font("Regular"),
        frameon=False,
    )
    for text in legend.get_texts():
        text.set_fontsize(_LEGEND_PT)
    return drawn(figure, form, _DOTS)


def drawn(figure: Figure, form: str, dots: int) -> bytes:
    """Return a figure as ``svg``, its letters as outlines, or ``png``; the same figure is the same bytes."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    canvas = FigureCanvasSVG(figure) if form == "svg" else FigureCanvasAgg(figure)
    out = io.BytesIO()
    # Without a date and with a fixed salt.
    with mpl.rc_context({"svg.hashsalt": "haze", "svg.fonttype": "path"}):
        canvas.print_figure(out, format=form, dpi=dots, metadata={"Date": None} if form == "svg" else None)
    return out.getvalue()


def _halo() -> list[object]:
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=1.8, foreground="#ffffff")]
