"""Wind and mixing height of NOAA's GFS at 0.25 degrees, by the byte ranges of the messages that are wanted. No key.

Cadence: four runs a day, usable about five hours after their start. United States public domain; NOAA asks to be
named. Each step of a run is one file of some 500 MB: its index (.idx) tells where each message lies, and only those of
wind, temperature, humidity, pressure and mixing height are asked for, about 8 MB a step.
Quirks cured here: the end of a message is the beginning of the next one in the index; wind comes in two parts that lie
side by side; an index that is not there yet answers 404. Rain is left out: its sums run over one to six hours.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from data.clock import day_bounds, thai_day
from data.contracts import WEATHER_VALUES
from data.errors import FileRefused, SourceChanged
from fetchers import readings, weather
from fetchers.delimited import Numbers, Words
from fetchers.http import Reply
from fetchers.open_meteo_json import model_places
from fetchers.parsed import Parsed
from fetchers.source import Area, Info, Period, Request, without_today

if TYPE_CHECKING:
    import xarray as xr

_HOST = "noaa-gfs-bdp-pds.s3.amazonaws.com"
#: A run is asked for so many hours after its start.
_READY = dt.timedelta(hours=5)
_RUN_HOURS = 6
#: Hours after the start of the newest run that are asked for, and of each past run.
_STEPS, _PAST_STEPS = range(0, 49, 3), (0, 3)
_LINE = re.compile(r"\d+:(\d+):d=\d{10}:([A-Z0-9_]+):([^:]+):([^:]+):?.*")
_WANTED = {
    ("UGRD", "10 m above ground"), ("VGRD", "10 m above ground"),
    ("UGRD", "100 m above ground"), ("VGRD", "100 m above ground"),
    ("UGRD", "925 mb"), ("VGRD", "925 mb"), ("UGRD", "850 mb"), ("VGRD", "850 mb"),
    ("TMP", "2 m above ground"), ("RH", "2 m above ground"), ("PRES", "surface"), ("HPBL", "surface"),
}  # fmt: skip
#: A net of 0.25 degrees has a point within this of any point, degrees.
_NEAR = 0.13
_HEIGHTS = ("", "_100m", "_925hpa", "_850hpa")


@dataclass(frozen=True)
class Gfs:
    """The newest run in steps of three hours, past ones by period, at the net of points."""

    info: Info
    lattice: tuple[tuple[float, float], ...]

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return the indexes of the steps, oldest first."""
        del key, area
        ready = now - _READY
        newest = ready.replace(hour=ready.hour // _RUN_HOURS * _RUN_HOURS, minute=0, second=0, microsecond=0)
        coming = [self._index(newest, step) for step in _STEPS]
        if period is None:
            return coming
        begin, end = day_bounds(period.first, period.last)
        begin -= dt.timedelta(hours=begin.hour % _RUN_HOURS)
        runs = [begin + dt.timedelta(hours=h) for h in range(0, int((end - begin) / dt.timedelta(hours=1)), _RUN_HOURS)]
        past = [self._index(run, step, thai_day(run)) for run in runs if run < newest for step in _PAST_STEPS]
        return past if without_today(period, now) else [*past, *coming]

    @staticmethod
    def _index(run: dt.datetime, step: int, day: dt.date | None = None) -> Request:
        url = f"https://{_HOST}/gfs.{run:%Y%m%d}/{run:%H}/atmos/gfs.t{run:%H}z.pgrb2.0p25.f{step:03d}.idx"
        return Request(url, f"run {run:%Y-%m-%d %H} UTC, hour {step}", since=day, until=day, index=True)

    def following(self, request: Request, reply: Reply) -> Sequence[Request]:
        """Return the ranges that an index tells of; wanted messages side by side are one range."""
        if not request.index:
            return ()
        source = self.info.key
        if reply.status == 404:
            raise FileRefused(f"{source}: {request.label} is not published", key="header_only")
        lines = [_LINE.fullmatch(line) for line in reply.content.decode("ascii", errors="replace").splitlines()]
        if not lines or None in lines:
            raise SourceChanged(f"{source}: no index: {reply.content[:40]!r}", context={"source": source})
        starts = [int(line[1]) for line in lines if line]
        wanted = [(line[2], line[3]) in _WANTED and " ave " not in line[4] for line in lines if line]
        ends = [*(str(start - 1) for start in starts[1:]), ""]
        found = []
        for at, start in enumerate(starts):
            if wanted[at] and not (at and wanted[at - 1]):
                last = next((n for n in range(at, len(starts)) if n + 1 == len(starts) or not wanted[n + 1]), at)
                headers = {"Range": f"bytes={start}-{ends[last]}"}
                whole = request.url.removesuffix(".idx")
                part = f"{request.label}, byte {start}"
                found.append(replace(request, url=whole, label=part, headers=headers, index=False))
        return found

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the weather of a range of messages; see `Source.parse`."""
        # Loaded when first needed: the library for GRIB is large, and most commands need none.
        from fetchers import grib

        source = self.info.key
        if not reply.content.startswith(b"GRIB"):
            problem = f"{source}: no message at the byte the index names (HTTP {reply.status})"
            raise SourceChanged(problem, context={"source": source})
        try:
            grids = grib.parse(reply.content, "gfs", now).grids
            values = {str(grid.name): self._at_points(grid) for grid in grids}
            ((valid, run),) = {(grid["time"].item(), str(grid.attrs["run"])) for grid in grids}
        except (FileRefused, KeyError, ValueError) as error:
            raise SourceChanged(f"{source}: {error} (HTTP {reply.status})", context={"source": source}) from error
        ids = [f"gfs:{lat:.2f},{lon:.2f}" for lon, lat in self.lattice]
        sheet, sieve = readings.opened({"station_id": ids})
        numbers = {name: value for name, value in values.items() if name in WEATHER_VALUES}
        for height in _HEIGHTS:
            east, north = (values.get(f"wind_{side}{height}_ms") for side in ("east", "north"))
            if east is not None and north is not None:
                speed, wind_from = weather.from_components(east, north)
                numbers |= {f"wind_speed{height}_ms": speed, f"wind_from{height}_deg": wind_from}
        whole = np.zeros(len(ids), dtype=bool)
        return weather.assemble(
            "gfs-grib2",
            sheet,
            sieve,
            station_id=Words.of(ids),
            measured_at=np.full(len(ids), np.datetime64(valid, "ns").astype("datetime64[us]")),
            measured={name: weather.values(sieve, Numbers(value, whole), name) for name, value in numbers.items()},
            source="gfs",
            flag="model",
            now=now,
            issued_at=dt.datetime.fromisoformat(run) if run else None,
            places=model_places(dict(zip(ids, self.lattice, strict=True)), "GFS"),
        )

    def _at_points(self, grid: xr.DataArray) -> weather.Values:
        """Return the numbers of the cells that the points lie in; KeyError for a point outside."""
        lon, lat = np.asarray(self.lattice, dtype=float).T
        column, row = (
            grid.get_index(axis).get_indexer(where, method="nearest", tolerance=_NEAR)
            for axis, where in (("lon", lon), ("lat", lat))
        )
        if (column < 0).any() or (row < 0).any():
            raise KeyError(f"{grid.name} does not reach all points")
        return np.asarray(grid.to_numpy()[0, row, column], dtype=float)


#: The north of Thailand and the lands whose smoke it gets, degrees.
_NET = tuple((float(lon), float(lat)) for lat in range(15, 22) for lon in range(96, 103))
WIND = Gfs(
    Info(
        key="gfs-wind",
        name_th="ลมและชั้นผสม GFS (NOAA)",
        name_en="Wind and mixing height, GFS (NOAA)",
        kind="weather",
        provider="NOAA",
        cadence_minutes=6 * 60,
        latency_minutes=5 * 60,
        hosts=(_HOST,),
        licence="NOAA/NCEP Global Forecast System, United States public domain",
        use="wind for the way of smoke where Open-Meteo does not answer; a model",
        docs="https://registry.opendata.aws/noaa-gfs-bdp-pds/",
        per_minute=120,
        quirks=(
            "some 8 MB a step of three hours, by byte ranges of the messages that are wanted",
            "rain is left out, since its sums run over one to six hours",
        ),
        by_period=True,
        default=False,
        deadline_s=900.0,
    ),
    _NET,
)
