"""Everything that is made once per change, made ahead: step by step in this process, or by Dask workers side by side.

The steps are the desk's own (index, totals of a year, tambon means of a month of fields, cube of a year, fires of a
fire year); each leaves a derived file in the store, so a worker elsewhere needs the store's folder under the same path,
and gives back no data. No step needs more than one year or month in memory. Never works anything out in a way of its
own, never words.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from data import settings
from data.errors import ModelError, SettingError
from data.grids import from_arrow
from data.store import Store
from models import cube, gridded, heat_of, weights
from models.desk import Desk
from models.fire_seasons import fire_year, season
from models.static_heat import Verdict

if TYPE_CHECKING:
    from distributed import Client

#: How long a scheduler may take to answer.
_PATIENCE_S = 20
#: A worker that ran out of memory is started again; a step that costs so many workers is given up.
_DEATHS = 2


class Step(NamedTuple):
    """One derived file: what makes it, and of which part of the store."""

    kind: str
    part: str


def steps(desk: Desk) -> list[list[Step]]:
    """Return the steps of a desk in stages: those of one stage do not wait for each other."""
    years = {str(year) for year in desk.detections.parts}
    grids = sorted(desk.store.parts("grids", desk.state))
    axes = {".".join(part.split(".")[2:-1]): part for part in grids}
    cubes = sorted(years | {part.rpartition(".")[2][:4] for part in grids})
    return [
        [Step("index", "")] * bool(years) + [Step("weights", part) for part in sorted(axes.values())],
        [
            *(Step("totals", year) for year in sorted(years)),
            *(Step("means", part) for part in grids),
            *[Step("heat", "")] * bool(years),
        ],
        [*(Step("cube", year) for year in cubes), *(Step("fires", year) for year in _fire_years(desk))],
    ]


def _fire_years(desk: Desk) -> list[str]:
    return sorted({str(fire_year(dt.date(year, month, 1))) for year in desk.detections.parts for month in (1, 12)})


def make(desk: Desk, step: Step, said: list[Verdict]) -> float:
    """Make the derived file of a step, unless it is there; return the seconds that took. Runs on whichever worker.

    `said` is what officers said of permanent heat: a worker has no registry.
    """
    start = time.perf_counter()
    # Let go of the totals that earlier steps opened: mapped pages count as memory of a worker.
    desk.detections = desk.detections.at(desk.state)
    if step.kind == "index":
        _ = desk.detections.index
    elif step.kind == "totals":
        desk.detections.prepare_year(int(step.part))
    elif step.kind == "cube":
        cube.cube(desk, dt.date(int(step.part), 1, 1), dt.date(int(step.part), 12, 31))
    elif step.kind == "heat":
        heat_of.prepare(desk)
    elif step.kind == "fires":
        season(desk, int(step.part), known=heat_of.heat(desk, said))
    elif step.kind == "weights":
        stored = desk.store.parts("grids", desk.state)[step.part]
        axes = from_arrow(desk.store.get_table(stored, ["time", "run"])).axes
        weights.of_grid(desk.store, desk.all_tambons, axes)
    else:
        gridded.keep_month(desk.store, desk.all_tambons, desk.state, step.part)
    return time.perf_counter() - start


def prepare(
    desk: Desk, client: Client | None = None, told: Callable[[Step], object] = lambda step: None
) -> pd.DataFrame:
    """Make every derived file of a desk: in this process, or on the workers of a cluster.

    Parameters
    ----------
    desk : Desk
    client : distributed.Client, optional
        From `opened`; this process works alone when omitted.
    told : callable
        Told each step that is done.

    Returns
    -------
    DataFrame
        `step`, `part`, `seconds` (of the worker), in the order of `steps`.

    Raises
    ------
    ModelError
        Key ``workers_lost``: workers ended, most likely for want of memory.
    """
    rows = []
    said = heat_of.verdicts(desk) if desk.detections.parts else []
    work = functools.partial(_here, desk) if client is None else functools.partial(_there, _lean(desk), client)
    for stage in steps(desk):
        seconds = work(stage, said, told)
        rows += [(step.kind, step.part, round(seconds[step], 3)) for step in stage]
    return pd.DataFrame(rows, columns=["step", "part", "seconds"])


def _here(desk: Desk, stage: list[Step], said: list[Verdict], told: Callable[[Step], object]) -> dict[Step, float]:
    seconds = {}
    for step in stage:
        seconds[step] = make(desk, step, said)
        told(step)
    return seconds


def _there(
    desk: Desk, client: Client, stage: list[Step], said: list[Verdict], told: Callable[[Step], object]
) -> dict[Step, float]:
    import distributed

    # Sent to every worker once, where it keeps what it has read: the outlines and their index.
    shared = client.scatter(desk, broadcast=True, hash=False)
    waiting = {client.submit(make, shared, step, said, pure=False): step for step in stage}
    seconds = {}
    try:
        for future in distributed.as_completed(waiting, loop=client.loop):
            seconds[waiting[future]] = future.result()
            told(waiting[future])
    except (distributed.KilledWorker, distributed.client.FutureCancelledError) as error:
        raise ModelError(
            f"a worker ended while it made a step: {error}",
            key="workers_lost",
            hint="give each worker more memory, or fewer threads",
        ) from error
    return seconds


def _lean(desk: Desk) -> Desk:
    """Return the desk as it is sent: the same state, nothing read yet, and no key of a provider among its settings."""
    options = settings.Settings.model_construct(store=desk.store.root.resolve(), mode="cached", place=desk.place.key)
    sent = Desk(Store(options.store), desk.place, options, is_sample=False)
    sent.state = desk.state
    return sent


@contextlib.contextmanager
def opened(where: str, workers: int = 2, memory: str = "4GiB") -> Iterator[Client | None]:
    """Open the cluster that a setting names, and leave it again.

    Parameters
    ----------
    where : str
        ``here`` for this process alone; ``local`` for `workers` processes of this machine, each of one thread and at
        most `memory`; else the address of a Dask scheduler.

    Raises
    ------
    SettingError
        Key ``cluster_absent`` when Dask's workers are not installed; ``cluster_unreachable`` when nothing answers.
    """
    if where == "here":
        yield None
        return
    try:
        import dask
        import distributed
    except ModuleNotFoundError as error:
        raise SettingError(
            "the package distributed is not installed",
            key="cluster_absent",
            hint="pip install -r requirements-scale.txt -c constraints.txt",
        ) from error
    with dask.config.set({"distributed.scheduler.allowed-failures": _DEATHS}), contextlib.ExitStack() as stack:
        if where == "local":
            # Listens on the loopback address alone. What a worker says when it is slow to leave is no news.
            local = {
                "n_workers": workers,
                "threads_per_worker": 1,
                "memory_limit": memory,
                "silence_logs": logging.ERROR,
            }
            local |= {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
            where = stack.enter_context(distributed.LocalCluster(**local)).scheduler_address
        try:
            # Not the default of this process: whatever else reads files here goes on doing so by itself.
            client = stack.enter_context(distributed.Client(where, timeout=_PATIENCE_S, set_as_default=False))
        except (OSError, ValueError) as error:
            raise SettingError(
                f"no Dask scheduler answers at {where}: {error}",
                key="cluster_unreachable",
                context={"address": where},
                hint="start one with: dask scheduler",
            ) from error
        yield client
