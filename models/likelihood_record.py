"""How good the chance of fire was on seasons the methods had not seen, which method is served, and its chances.

Each season is judged by methods that learned from earlier seasons alone. Never judges on what was learned from, and
never serves the model where its record does not beat both baselines.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from data.clock import SEASON_END, SEASON_START
from models.derived import kept
from models.desk import Desk
from models.likelihood import METHODS, Array, History, Method, Samples, features, samples

#: Raised when features, model or figures change, so that an older record is not read.
VERSION = "3"
#: Tambons on the list whose share of the next day's detections is told.
TOP = 10
RECORD_COLUMNS = (
    "season",
    "method",
    "served",
    "n",
    "fires",
    "auc",
    "brier",
    "brier_skill",
    "skill_vs_yesterday",
    "skill_vs_week",
    "top10_caught",
)


@dataclass(frozen=True)
class Judged:
    """Chances that were given for one season, and what came.

    Attributes
    ----------
    season : int
    known : Samples
        The tambon-days of the season.
    score, probability : dict of str to ndarray
        By method, shape (n,); a method that had too little to learn from is not in it.
    base_rate : float
        Share of tambon-days with fire in the seasons before: the chance given by one who knows nothing else.
    """

    season: int
    known: Samples
    score: dict[str, Array]
    probability: dict[str, Array]
    base_rate: float


def judge(past: History, first: dt.date, last: dt.date) -> list[Judged]:
    """Give the chances of the haze-season days from `first` to `last`, season by season, as they would have been given.

    A season is left out when no earlier one let even a baseline learn.
    """
    return judge_samples(samples(past), first, last)


def judge_samples(known: Samples, first: dt.date, last: dt.date) -> list[Judged]:
    """Judge as `judge` does, on samples of any event."""
    years = known.day.astype("datetime64[Y]").astype(int) + 1970
    within = (known.day >= np.datetime64(first)) & (known.day <= np.datetime64(last)) & in_season(known.day)
    out = []
    for season in np.unique(years[within]):
        before, mine = known.chosen(years < season), known.chosen(within & (years == season))
        methods = [method for method in (Method(name, before) for name in METHODS) if method.enough]
        if methods:
            scores = {method.name: method.score(mine.x) for method in methods}
            chances = {method.name: method.probability(mine.x) for method in methods}
            out.append(Judged(int(season), mine, scores, chances, float(before.fire.mean())))
    return out


def in_season(days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Return whether a Thai day lies in the haze season, shape (n,)."""
    month = days.astype("datetime64[M]").astype(int) % 12 + 1
    return np.asarray((month >= SEASON_START[0]) & (month <= SEASON_END[0]))


def report_card(judged: list[Judged]) -> pd.DataFrame:
    """Return the record by season and over all seasons ("all").

    Returns
    -------
    DataFrame
        RECORD_COLUMNS. `n` tambon-days and `fires` of them with a detection; `auc` of the order; `brier` score of the
        probability; `brier_skill` over the base rate of the seasons before and over each baseline (above 0 is better);
        `top10_caught` share of the next day's detections in the ten tambons put first. `served` is true on the method
        that the product uses.
    """
    rows = []
    best = served(judged)
    groups = [(str(one.season), [one]) for one in judged] + ([("all", judged)] if judged else [])
    for name, group in groups:
        for method in METHODS:
            some = [one for one in group if method in one.probability]
            if some:
                rows.append((name, method, method == best, *_figures(some, method)))
    return pd.DataFrame(rows, columns=list(RECORD_COLUMNS))


def _figures(group: list[Judged], method: str) -> tuple[object, ...]:
    fire = np.concatenate([one.known.fire for one in group])
    brier = _brier(group, method)
    base = float(np.mean((np.concatenate([np.full(len(o.known.day), o.base_rate) for o in group]) - fire) ** 2))
    against = []
    for baseline in ("yesterday", "week"):
        other = _brier(group, baseline) if all(baseline in one.probability for one in group) else float("nan")
        against.append(_skill(brier, other))
    # Scores of different seasons come from different fits; their order is compared through the probability.
    order = np.concatenate([one.probability[method] if len(group) > 1 else one.score[method] for one in group])
    auc = float(roc_auc_score(fire, order)) if fire.any() and not fire.all() else float("nan")
    hits = np.concatenate([caught(one.known, one.score[method]) for one in group])
    total = float(hits[:, 1].sum())
    share = float(hits[:, 0].sum()) / total if total else float("nan")
    return len(fire), int(fire.sum()), auc, brier, _skill(brier, base), *against, share


def _brier(group: list[Judged], method: str) -> float:
    return float(np.mean(np.concatenate([(one.probability[method] - one.known.fire) ** 2 for one in group])))


def _skill(brier: float, reference: float) -> float:
    return 1 - brier / reference if reference > 0 else float("nan")


def caught(known: Samples, score: Array) -> Array:
    """Return, for each day, the detections in the TOP tambons of the highest score and all detections; shape (days, 2).

    Tambons of equal score share the places that are left on the list, so that no order of codes helps a method.
    """
    rows = []
    for day in np.unique(known.day):
        here = known.day == day
        value, count = score[here], known.count[here]
        size = min(TOP, len(value))
        last = np.sort(value)[::-1][size - 1]
        above, level = value > last, value == last
        share = (size - above.sum()) / level.sum()
        rows.append((count[above].sum() + share * count[level].sum(), count.sum()))
    return np.array(rows, dtype=float).reshape(-1, 2)


def reliability(judged: list[Judged], method: str, bins: int = 10) -> pd.DataFrame:
    """Return stated against observed: `stated` mean probability, `observed` share of fires, `n`, in equal groups."""
    stated = np.concatenate([one.probability[method] for one in judged])
    fire = np.concatenate([one.known.fire for one in judged])
    groups = np.array_split(np.argsort(stated, kind="stable"), bins)
    rows = [(float(stated[g].mean()), float(fire[g].mean()), len(g)) for g in groups if len(g)]
    return pd.DataFrame(rows, columns=["stated", "observed", "n"])


def record(desk: Desk, past: History) -> pd.DataFrame:
    """Return the report card of everything stored, worked out once for each state of store and bans."""
    key = f"{desk.state.revision}-{desk.detections.outline}-{desk.place.key}-{past.bans.revision}-{VERSION}"

    def build(path: Path) -> None:
        judged = judge(past, past.days[0].astype(object), past.days[-1].astype(object))
        report_card(judged).to_csv(path, index=False)

    def load(path: Path) -> pd.DataFrame:
        return pd.read_csv(path, dtype={"season": "str"})

    return kept(desk.store, "chance_record.csv", key, build, load)


def served_by(card: pd.DataFrame) -> str:
    """Return the method that a report card marks as served; the mean of seven days when it is empty."""
    marked = card.loc[card["served"].astype(bool), "method"]
    return str(marked.iloc[0]) if len(marked) else "week"


def served(judged: list[Judged]) -> str:
    """Return the method that the product uses: the model where it beat both baselines on all unseen seasons together.

    Beating is a higher AUC and a lower Brier score. Without such a record the baseline with the lower Brier score is
    used, and the mean of seven days when nothing could be judged.
    """
    both = [one for one in judged if {"yesterday", "week"} <= set(one.probability)]
    if not both:
        return "week"
    baseline = min(("week", "yesterday"), key=lambda name: _brier(both, name))
    rival = [one for one in both if "model" in one.probability]
    if not rival:
        return baseline
    model = _figures(rival, "model")
    others = [_figures(rival, name) for name in ("yesterday", "week")]
    wins = all(_number(model[2]) > _number(other[2]) and _number(model[3]) < _number(other[3]) for other in others)
    return "model" if wins else baseline


def _number(value: object) -> float:
    assert isinstance(value, float)  # noqa: S101 - the figures of AUC and Brier are floats
    return value


@dataclass(frozen=True)
class Chances:
    """The chances of one day, and what stands behind them.

    Attributes
    ----------
    day : date
        The day that is spoken of.
    known_until : date
        Last day whose detections were used: the day before.
    method : str
        The method served.
    table : DataFrame
        `code`, `day`, `probability` (NaN where too few fires are stored to state one), `rank` (1 is the highest),
        `method`, `fires_1`, `fires_7` (mean detections a day), `fwi`; by rank. Empty of ranks when the day before is
        not stored.
    learned_from : int
        Tambon-days with fire that the method had seen.
    state : str
        ``ok``, ``no_probability`` (an order only) or ``not_stored`` (the day before is not stored: cannot tell).
    """

    day: dt.date
    known_until: dt.date
    method: str
    table: pd.DataFrame
    learned_from: int
    state: str


def chances(past: History, day: dt.date, method: str) -> Chances:
    """Give the chances of `day` by `method`, from what was stored of the days before it."""
    before = past.until(day - dt.timedelta(days=1))
    known_until = day - dt.timedelta(days=1)
    stored = bool(len(before.days)) and before.days[-1] == np.datetime64(known_until) and bool(before.covered[-1])
    empty = np.full(len(past.codes), np.nan)
    if not stored:
        return Chances(day, known_until, method, _table(past, day, method, empty, empty, None), 0, "not_stored")
    learned = samples(before)
    x = features(before)[-1]
    fitted = Method(method, learned)
    seen = int(learned.fire.sum())
    if not fitted.enough and method == "model":
        return chances(past, day, "week")
    score = fitted.score(x)
    probability = fitted.probability(x) if fitted.enough else empty
    state = "ok" if fitted.enough else "no_probability"
    return Chances(day, known_until, method, _table(past, day, method, probability, score, x), seen, state)


def _table(past: History, day: dt.date, method: str, probability: Array, score: Array, x: Array | None) -> pd.DataFrame:
    recent = np.full((len(past.codes), 3), np.nan) if x is None else np.column_stack([np.expm1(x[:, [0, 2]]), x[:, 11]])
    table = pd.DataFrame({"code": past.codes, "day": pd.Timestamp(day), "probability": probability})
    rank = pd.Series(score).rank(ascending=False, method="min")
    made = table.assign(
        rank=rank.astype("Int64"),
        method=method,
        fires_1=recent[:, 0],
        fires_7=recent[:, 1],
        fwi=recent[:, 2],
    )
    return made.sort_values(["rank", "code"], kind="stable").reset_index(drop=True)
