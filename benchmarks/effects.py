"""How far effects can be believed: made-up provinces with known effects, measured by the code that serves the desk.

`python -m benchmarks effects` tries what the targets are about: four effects, 300 provinces each. With
HAZE_BENCH=others the other scenarios of docs/effects.md, 150 provinces each. Nothing here is data.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data.places import embedded_tambons
from models.controls import neighbours
from models.effect import ESTIMATORS, SERVED, effect
from models.outcomes import Outcomes, seasons
from models.simulation import Province, simulate
from models.treatment import Treatment
from models.verdict import CANNOT_TELL, FEWER, MORE, NO_DIFFERENCE

RUNS = {"targets": 300, "others": 150}
#: Deals are fewer than the desk's 999: a p of 0.05 then has a sampling error of 0.011 and synthetic controls of 0.05.
DEALS, DRAWS = 399, 19
FIRST_YEAR = 2011
NAMES = {
    "poisson": "Poisson, randomised (served)",
    "staggered_did": "staggered differences",
    "synthetic_control": "synthetic control",
    "before_after": "before and after",
}


@dataclass(frozen=True)
class Scenario:
    """A made-up province, how many of its 100 tambons are treated, and the true effect."""

    name: str
    effect: float
    treated: int = 20
    made: Province = field(default_factory=Province)
    ring: bool = True


_BASE = [Scenario("as assumed", effect) for effect in (0.0, -0.2, -0.3, -0.4)]


def _both(name: str, **changes: object) -> list[Scenario]:
    ring = bool(changes.pop("ring", True))
    treated = int(str(changes.pop("treated", 20)))
    made = Province(**changes)  # type: ignore[arg-type]
    return [Scenario(name, effect, treated, made, ring) for effect in (0.0, -0.3)]


SCENARIOS = {
    "targets": _BASE,
    "others": [
        *_both("10 treated", treated=10),
        *_both("40 treated", treated=40),
        *_both("1 treated", treated=1),
        *_both("wilder outbreaks", outbreaks=0.5),
        *_both("outbreaks common to an amphoe", neighbourly=0.3),
        *_both("chosen after a bad season", selected_on_last=True),
        *_both("satellites added, all counted", satellites=((6, 1.8), (11, 1.4))),
        *_both("treated falling 8 % a year anyway", drift=-0.08),
        *_both("treated falling 4 % a year anyway", drift=-0.04),
        *_both("treated rising 8 % a year anyway", drift=0.08),
        *_both("spill-over and no ring", ring=False),
    ],
}


def tried(scenario: Scenario, runs: int, seed: int) -> pd.DataFrame:
    """Measure `runs` made-up provinces; one row a run and method, with the verdict served in that run."""
    tambons = embedded_tambons().sort_values("tambon").reset_index(drop=True)
    touching = neighbours(tambons, 32647)
    near = touching if scenario.ring else np.zeros_like(touching)
    amphoe = pd.factorize(tambons["amphoe"])[0]
    codes = tambons["tambon"].to_numpy(object)
    periods = tuple(seasons(range(FIRST_YEAR, FIRST_YEAR + scenario.made.seasons)))
    none = pd.DataFrame(columns=["site", "reason"])
    rows = []
    for run in range(runs):
        random = np.random.default_rng((seed, run))
        counts, starts = simulate(random, scenario.made, touching, amphoe, scenario.treated, scenario.effect)
        first = {str(codes[one]): FIRST_YEAR + int(starts[one]) for one in np.flatnonzero(starts < len(periods))}
        outcomes = Outcomes("hotspots", "made up", codes, periods, counts.astype(float), none)
        treatment = Treatment("made up", "type", first, none, none, True)
        found = effect(outcomes, treatment, near, count=DEALS, draws=DRAWS, checks=False)
        why = found.verdict.reasons[0].key if found.verdict.code == CANNOT_TELL else ""
        rows.append(found.estimates.assign(run=run, served=found.verdict.code, why=why))
    return pd.concat(rows, ignore_index=True)


def verdicts(scenario: Scenario, table: pd.DataFrame) -> dict[str, object]:
    """Return how often each verdict was served."""
    served = table[table["estimator"] == SERVED]
    share = served["served"].value_counts(normalize=True)
    row: dict[str, object] = {"province": scenario.name, "treated": scenario.treated, "true": f"{scenario.effect:+.0%}"}
    row |= {code: round(float(share.get(code, 0.0)), 3) for code in (FEWER, MORE, NO_DIFFERENCE, CANNOT_TELL)}
    why = served.loc[served["why"] != "", "why"].value_counts(normalize=True).round(2)
    return {**row, "cannot tell because": ", ".join(f"{key} {one:.0%}" for key, one in why.items())}


def methods(scenario: Scenario, table: pd.DataFrame) -> Iterable[dict[str, object]]:
    """Return each method's own figures: how often it rejects "no effect", cover of its interval, its estimates."""
    for name in ESTIMATORS:
        one = table[(table["estimator"] == name) & table["effect"].notna()]
        inside = (one["low"] <= scenario.effect) & (scenario.effect <= one["high"])
        low, middle, high = one["effect"].quantile([0.05, 0.5, 0.95])
        yield {
            "province": scenario.name,
            "treated": scenario.treated,
            "true": f"{scenario.effect:+.0%}",
            "method": NAMES[name],
            "p ≤ 0.05": round(float((one["p_randomisation"] <= 0.05).mean()), 3),
            "cover of 90 %": round(float(inside.mean()), 3),
            "median": f"{middle:+.0%}",
            "90 % of estimates": f"{low:+.0%} to {high:+.0%}",
        }


def markdown(rows: list[dict[str, object]]) -> str:
    """Return rows as a table for the documents."""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows)])


def main() -> None:
    warnings.simplefilter("ignore")
    chosen = os.environ.get("HAZE_BENCH", "targets")
    runs = int(os.environ.get("HAZE_BENCH_RUNS", RUNS[chosen]))
    served, own = [], []
    for number, scenario in enumerate(SCENARIOS[chosen]):
        began = time.perf_counter()
        table = tried(scenario, runs, number)
        served.append(verdicts(scenario, table))
        own += methods(scenario, table)
        print(f"{served[-1]} {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"{runs} made-up provinces a row, {DEALS} deals\n")
    print(markdown(served), "\n")
    print(markdown(own))


if __name__ == "__main__":
    main()
