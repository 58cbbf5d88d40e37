"""What the map page is made of: the outline, the packed detections, the page that Folium writes, the values it shows.

Everything here is a pure builder of payloads; the heavy ones are published once per revision, the values are small.
Never imports Streamlit (that half is `layers/map_view.py`), never names an address outside our own server.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from branca.element import MacroElement
from folium.template import Template

from data.clock import is_day_pass
from data.contracts import CONFIDENCES, SATELLITES
from layers.palette import AGE_HOURS, DAY_COLOUR, NIGHT_COLOUR, SITE_COLOUR, ink

#: Degrees, about 85 m: below one pixel until zoom 11 (Lampang's 100 tambons: 151,000 vertices become 13,000).
TOLERANCE = 0.0008
#: From this many tambons on the view is wider, and twice the tolerance is still below one pixel when it opens.
MANY_TAMBONS = 300
#: Five decimals of a degree, about one metre.
SCALE = 100_000
#: Tambon names are drawn from this zoom on; amphoe names always.
TAMBON_NAMES_FROM = 10
#: Below this zoom (a province on a phone) stations, sites and names are drawn smaller.
SMALL_MARKS_BELOW = 9.5

LAYERS = ("tambons", "grid", "points", "fires", "stations", "sites", "names")
PASSES = ("night", "day")

#: Every word the map page says. `full_name` holds ``{tambon}`` and ``{amphoe}``.
WORDS = (
    *LAYERS,
    *("layers", "base_map", "base_none", "home", "zoom_in", "zoom_out", "full_name", "no_value"),
    *("pass", "pass_day", "pass_night", "satellite", "confidence", "frp", "position", "placed", "copy", "copied"),
    *("sites_here", "points_missing", "outline_missing", "tiles_missing"),
    *("sketch_point", "sketch_line", "sketch_polygon", "sketch_finish", "sketch_back"),
    *(f"satellite_{code}" for code in SATELLITES),
    *(f"confidence_{code}" for code in CONFIDENCES),
)

#: One more than the largest power that is stored exactly; a stronger fire is shown as "at least" that.
_FRP_MISSING = 65_535
#: Bits of a detection's flags.
_DAY, _PLACED = 32, 64


@dataclass(frozen=True)
class StationMark:
    """A station on the map: `value` stands inside the mark, `lines` in its card; `colour`, `shape` of its `Band`."""

    name: str
    lon: float
    lat: float
    value: str
    colour: str
    shape: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class SiteMark:
    """An intervention whose place is known as a point. One known by its tambon only is a count, not a mark."""

    name: str
    lon: float
    lat: float
    lines: tuple[str, ...] = ()
    colour: str = SITE_COLOUR
    planned: bool = False


@dataclass(frozen=True)
class SiteShape:
    """An intervention whose line or area is known; `geometry` is a GeoJSON geometry in EPSG:4326."""

    name: str
    geometry: Mapping[str, Any]
    lines: tuple[str, ...] = ()
    colour: str = SITE_COLOUR
    planned: bool = False


@dataclass(frozen=True)
class FireMark:
    """A fire on the map: its newest, strongest detection as a mark with a card, and its perimeter, (lon, lat) rings."""

    name: str
    lon: float
    lat: float
    colour: str
    lines: tuple[str, ...] = ()
    rings: tuple[tuple[tuple[float, float], ...], ...] = ()


@dataclass(frozen=True)
class BaseMap:
    """Tiles from outside that a person may choose. Nothing is asked for before that."""

    id: str
    th: str
    en: str
    url: str
    credit: str
    max_zoom: int = 18


@dataclass(frozen=True)
class Shown:
    """Which detections count: Thai-day window as UTC times (end not included), passes, satellites, confidences.

    None for satellites or confidences means all. It must say the same as the count beside the map.
    """

    start: dt.datetime
    end: dt.datetime
    now: dt.datetime
    passes: tuple[str, ...] = PASSES
    satellites: tuple[str, ...] | None = None
    confidences: tuple[str, ...] | None = None


def outline_payload(tambons: gpd.GeoDataFrame, *, tolerance: float | None = None) -> dict[str, Any]:
    """Return the geometry of the map, small enough for a phone: what `outline-<hash>.json` holds.

    Neighbours are simplified together (`shapely.coverage_simplify`), so that no gap opens between them; a drawn
    border is not the legal one.

    Parameters
    ----------
    tambons : GeoDataFrame
        Columns of `data.contracts.TAMBON_COLUMNS` and `geometry` in EPSG:4326, any number of provinces.
    tolerance : float, optional
        Degrees, for the simplification; by default `TOLERANCE`, twice that from `MANY_TAMBONS` on.

    Returns
    -------
    dict
        ``scale``; ``bounds`` [west, south, east, north] in degrees; ``tambons``: list of ``code, amphoe, th, en,
        at`` [lon, lat] of the name and ``polygons`` (polygon, ring, flat integers: the first vertex times `scale`,
        then differences; rings are not closed); ``amphoes``: list of ``code, th, en, at``; ``lines``: ``amphoe`` and
        ``province`` borders, each a list of flat integers.
    """
    table = tambons.sort_values("tambon").reset_index(drop=True)
    tolerance = tolerance or (TOLERANCE if len(table) < MANY_TAMBONS else 2 * TOLERANCE)
    shapes = shapely.coverage_simplify(table.geometry.to_numpy(), tolerance)
    amphoes = _joined(shapes, table["amphoe"])
    provinces = _joined(shapes, table["province"])
    # One frame per level: which tambon speaks for the names of its amphoe does not matter, the first one does.
    amphoe_names = table.drop_duplicates("amphoe").set_index("amphoe")
    west, south, east, north = (round(float(v), 5) for v in shapely.total_bounds(shapes))
    return {
        "scale": SCALE,
        "bounds": [west, south, east, north],
        "tambons": [
            {"code": code, "amphoe": amphoe, "th": th, "en": en, "at": _name_point(shape), "polygons": _polygons(shape)}
            for code, amphoe, th, en, shape in zip(
                table["tambon"], table["amphoe"], table["tambon_th"], table["tambon_en"], shapes, strict=True
            )
        ],
        "amphoes": [
            {
                "code": code,
                "th": amphoe_names.at[code, "amphoe_th"],
                "en": amphoe_names.at[code, "amphoe_en"],
                "at": _name_point(shape),
            }
            for code, shape in amphoes.items()
        ],
        "lines": {"amphoe": _borders(amphoes), "province": _borders(provinces)},
    }


def _joined(shapes: np.ndarray, codes: pd.Series) -> dict[str, shapely.Geometry]:
    # On a grid, because boundaries from some provinces overlap by a hair, which the exact union refuses.
    return {
        code: shapely.union_all(shapes[(codes == code).to_numpy()], grid_size=1 / SCALE)
        for code in sorted(codes.unique())
    }


def _name_point(shape: shapely.Geometry) -> list[float]:
    """Return where the name stands: the middle of the largest circle inside the largest part."""
    parts = shapely.get_parts(shape)
    largest = parts[int(np.argmax(shapely.area(parts)))]
    # A name needs no more than a hundredth of the width of its place.
    span = max(largest.bounds[2] - largest.bounds[0], largest.bounds[3] - largest.bounds[1])
    centre = shapely.get_point(shapely.maximum_inscribed_circle(largest, tolerance=span / 100), 0)
    return [round(centre.x, 4), round(centre.y, 4)]


def _polygons(shape: shapely.Geometry) -> list[list[list[int]]]:
    return [[_flat(ring)[:-2] for ring in (part.exterior, *part.interiors)] for part in shapely.get_parts(shape)]


def _borders(shapes: Mapping[str, shapely.Geometry]) -> list[list[int]]:
    """Return every border once, although two neighbours have it."""
    noded = shapely.union_all([shape.boundary for shape in shapes.values()], grid_size=1 / SCALE)
    merged = shapely.line_merge(noded)
    return [_flat(line) for line in shapely.get_parts(merged)]


def _flat(line: shapely.Geometry) -> list[int]:
    steps = np.rint(shapely.get_coordinates(line) * SCALE).astype(int)
    steps[1:] = np.diff(steps, axis=0)
    return steps.ravel().tolist()


def points_payload(hotspots: pd.DataFrame) -> bytes:
    """Return the detections packed for the browser, 15 bytes each: what `points-<hash>.bin` holds.

    Parameters
    ----------
    hotspots : DataFrame
        Checked as `data.contracts.HOTSPOT_COLUMNS`, in any order.

    Returns
    -------
    bytes
        ``HDP1``; uint32 length of the header; the header in JSON (``n, scale, satellites, confidences,
        frp_missing``), padded with blanks; then the columns, little endian, detections in order of time: int32
        longitude and int32 latitude times `scale`, uint32 UTC minutes since 1970, uint16 tenths of a megawatt,
        uint8 flags (bits 0-2 satellite, 3-4 confidence, 32 day pass, 64 position placed, not observed).
    """
    table = hotspots.sort_values("acquired_at", kind="stable")
    minutes = table["acquired_at"].dt.tz_localize(None).to_numpy("datetime64[m]").astype("int64")
    power = np.rint(table["frp_mw"].to_numpy(dtype="float64") * 10.0)
    frp = np.where(np.isnan(power), _FRP_MISSING, np.clip(power, 0, _FRP_MISSING - 1))
    flags = (
        _codes(table["satellite"], SATELLITES, 7)
        + _codes(table["confidence"], CONFIDENCES, 3) * 8
        # By the local hour, as the counts beside the map tell the passes, not by the provider's own flag.
        + is_day_pass(table["acquired_at"]) * _DAY
        + (table["position"] == "placed").to_numpy() * _PLACED
    )
    header = {
        "n": len(table),
        "scale": SCALE,
        "satellites": SATELLITES,
        "confidences": CONFIDENCES,
        "frp_missing": _FRP_MISSING,
    }
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 4)
    columns = (
        np.rint(table["lon"].to_numpy() * SCALE).astype("<i4"),
        np.rint(table["lat"].to_numpy() * SCALE).astype("<i4"),
        minutes.astype("<u4"),
        frp.astype("<u2"),
        flags.astype("u1"),
    )
    return b"".join((b"HDP1", len(head).to_bytes(4, "little"), head, *(column.tobytes() for column in columns)))


def _codes(column: pd.Series, names: Sequence[str], unknown: int) -> np.ndarray:
    found = pd.Categorical(column, categories=list(names)).codes.astype(int)
    return np.where(found < 0, unknown, found)


class _Page(folium.Map):
    """A Folium map whose scripts and styles are ours and Leaflet's own, all below `static/`."""

    default_js = [  # noqa: RUF012 - Folium reads the class attribute
        ("leaflet", "../vendor/leaflet/leaflet.js"),
        ("decode", "../desk/decode.js"),
        ("draw", "../desk/draw.js"),
        ("sketch", "../desk/sketch.js"),
        ("map", "../desk/map.js"),
    ]
    default_css = [  # noqa: RUF012 - Folium reads the class attribute
        ("leaflet_css", "../vendor/leaflet/leaflet.css"),
        ("map_css", "../desk/map.css"),
    ]


class _Desk(MacroElement):
    """Hands the Leaflet map that Folium made to our own script."""

    _template = Template(
        "{% macro script(this, kwargs) %}HazeDesk.start({{ this._parent.get_name() }}, {{ this.page }});{% endmacro %}"
    )

    def __init__(self, page: Mapping[str, Any]) -> None:
        super().__init__()
        self.page = _script_json(page)


def _script_json(value: object) -> str:
    """Return JSON that cannot end the script it stands in, whatever the texts in it say."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c").replace(">", "\\u003e")


def page_html(
    static: Path,
    outline_url: str,
    *,
    place: str,
    bounds: Sequence[float],
    words: Mapping[str, Mapping[str, str]],
    base_maps: Sequence[BaseMap] = (),
) -> str:
    """Return the map page, the same text for the same arguments and the same scripts.

    Parameters
    ----------
    static : Path
        Where `desk/` lies; its scripts are named with their content's hash, so a browser never runs an old one.
    outline_url : str
        From `publish`, such as ``"live/outline-<hash>.json"``.
    place : str
        Names the view that a browser remembers (zoom, centre, layers); one per place.
    bounds : sequence of 4 floats
        ``outline_payload(...)["bounds"]``.
    words : mapping
        ``{"th": {...}, "en": {...}}``, each with every key of `WORDS`.
    base_maps : sequence of BaseMap
        Offered beside "none", which is what a person sees until they choose.

    Raises
    ------
    ValueError
        When a language lacks a word; names it.
    """
    for lang, table in words.items():
        if missing := [key for key in WORDS if key not in table]:
            raise ValueError(f"words for {lang}: expected every key of WORDS, missing {', '.join(missing)}")
    west, south, east, north = bounds
    page = _Page(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=8,
        tiles=None,
        prefer_canvas=True,
        zoom_control=False,
        attribution_control=False,
        min_zoom=6,
        max_zoom=17,
        zoom_snap=0.25,
        font_size="14px",
    )
    # Folium names its elements at random; a name of ours makes equal pages equal, and so fetched once.
    page._id = "desk"
    page.default_js = [(name, _versioned(static, url)) for name, url in page.default_js]
    page.default_css = [(name, _versioned(static, url)) for name, url in page.default_css]
    page.add_child(
        _Desk(
            {
                "outline": outline_url.removeprefix("live/"),
                "place": place,
                "words": {lang: {key: table[key] for key in WORDS} for lang, table in words.items()},
                "base_maps": [asdict(base) for base in base_maps],
                "points": {"day": DAY_COLOUR, "night": NIGHT_COLOUR, "ages": AGE_HOURS},
                "tambon_names_from": TAMBON_NAMES_FROM,
                "small_marks_below": SMALL_MARKS_BELOW,
            }
        )
    )
    return str(page.get_root().render())


def _versioned(static: Path, url: str) -> str:
    content = (static / "live" / url).resolve().read_bytes()
    return f"{url}?{hashlib.sha256(content).hexdigest()[:12]}"


def map_values(
    *,
    lang: str,
    colours: Sequence[str],
    tambons: Mapping[str, tuple[int | None, str]],
    hatched: Collection[str] = (),
    tip: tuple[str, str] = ("", ""),
    chosen: str = "",
    points_url: str = "",
    shown: Shown | None = None,
    stations: Sequence[StationMark] = (),
    sites: Sequence[SiteMark] = (),
    fires: Sequence[FireMark] = (),
    fire: str = "",
    site_counts: Mapping[str, int] | None = None,
    grid: Mapping[str, Any] | None = None,
    site_shapes: Sequence[SiteShape] = (),
    drawing: str = "",
    layers: Mapping[str, bool] | None = None,
    credit: str = "",
) -> dict[str, Any]:
    """Return what changes from rerun to rerun: the only thing that is sent to a page that is already there.

    Parameters
    ----------
    lang : str
        A language of the page's words.
    colours : sequence of str
        Fill of each class, such as `palette.COUNT_COLOURS`.
    tambons : mapping
        Code to (class or None where there is no value, text of the value in the hover card; "" for none; a line
        break begins a new line).
    hatched : collection of str
        Codes whose fill has lines across it: values that were not measured.
    tip : tuple of 2 str
        Words before and after the value: ``("จุดความร้อน", "จุด")``.
    chosen : str
        Code of the outlined tambon, "" for none.
    points_url : str
        From `publish`, such as ``"live/points-<hash>.bin"``; "" for no detections.
    shown : Shown, optional
        Which of the detections count; needed with `points_url`.
    stations, sites, fires : sequences
        Marks with a position.
    fire : str
        Name of the fire that a person chose: outlined, and brought to the middle; "" for none.
    site_counts : mapping, optional
        Code to the number of sites that are known by their tambon only; drawn as a badge, never as a point.
    grid : mapping, optional
        From `grid_layer`; offered, and not shown before a person asks for it: it lies over the tambons.
    site_shapes : sequence of SiteShape
        Lines and areas.
    drawing : str
        What a person draws now, ``point``, ``line`` or ``polygon``; "" for nothing.
    layers : mapping, optional
        Layer (of `LAYERS`) to shown at first; a layer that is not named is not offered. By default all that have
        something to show.
    credit : str
        The line at the lower edge: sources, and the time of the newest data.

    Raises
    ------
    ValueError
        When a mark has no position, points have no `shown`, or a layer is not one of `LAYERS`.
    """
    marks: list[StationMark | SiteMark | FireMark] = [*stations, *sites, *fires]
    for mark in marks:
        if not (math.isfinite(mark.lon) and math.isfinite(mark.lat)):
            raise ValueError(f"{mark.name}: expected a position, got {mark.lon}, {mark.lat}; count it by its tambon")
    if points_url and shown is None:
        raise ValueError("detections need `shown`, which says which of them count")
    counts = {code: int(number) for code, number in (site_counts or {}).items() if number}
    if layers is None:
        has = {"points": bool(points_url), "stations": bool(stations), "sites": bool(sites or counts or site_shapes)}
        has |= {"fires": bool(fires)}
        layers = {name: name != "grid" for name in LAYERS if has.get(name, name != "grid" or grid is not None)}
    if unknown := set(layers) - set(LAYERS):
        raise ValueError(f"layers: expected names of {LAYERS}, got {sorted(unknown)}")
    return {
        "lang": lang,
        "colours": list(colours),
        "tambons": {code: [None if at is None or at < 0 else int(at), text] for code, (at, text) in tambons.items()},
        "hatched": sorted(hatched),
        "tip": list(tip),
        "chosen": chosen or "",
        "points": points_url.removeprefix("live/"),
        "show": _show(shown) if shown else None,
        "stations": [{**asdict(mark), "ink": ink(mark.colour)} for mark in stations],
        "sites": [asdict(mark) for mark in sites],
        "fires": [asdict(mark) for mark in fires],
        "fire": fire,
        "site_counts": counts,
        "grid": None if grid is None else dict(grid),
        "site_shapes": [asdict(shape) for shape in site_shapes],
        "drawing": drawing,
        "layers": {name: bool(layers[name]) for name in LAYERS if name in layers},
        "credit": credit,
    }


def _show(shown: Shown) -> dict[str, Any]:
    return {
        "from": _minute(shown.start),
        "to": _minute(shown.end),
        "now": _minute(shown.now),
        "passes": list(shown.passes),
        "satellites": None if shown.satellites is None else list(shown.satellites),
        "confidences": None if shown.confidences is None else list(shown.confidences),
    }


def _minute(moment: dt.datetime) -> int:
    """Return whole UTC minutes since 1970, rounded up: a detection at the very end of a window stays outside."""
    return math.ceil(moment.timestamp() / 60)
