"""The best plan against the habit of "most burdened first": time, proven gap and benefit, on the committed scenario.

100 tambons and the six shipped measures under all rules. The burden of the tambons is drawn by a fixed seed, skewed as
that of Lampang is (a season of about 6,000 hotspots of which the worst ten tambons hold two fifths); so the figures say
how good the choice is, never what the measures would bring.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.places import embedded_tambons
from models.budget import Rules, best_plan, highest_first, rule_prices
from models.measures import options_of, pairs, read_measures

_SEED, _SEASON = 52, 6_000.0


def scenario(baht: float = 6_000_000.0) -> tuple[pd.DataFrame, Rules, dict[str, float]]:
    """Return the options, the rules and the burden of the committed scenario."""
    tambons = embedded_tambons()
    drawn = np.random.default_rng(_SEED).gamma(0.9, 1.0, len(tambons))
    burden = dict(zip(tambons["tambon"], (_SEASON * drawn / drawn.sum()).tolist(), strict=True))
    measures = read_measures()
    options = options_of(measures, burden, dict(zip(tambons["tambon"], tambons["amphoe"], strict=True)))
    rules = Rules(baht, 2, 2, 4_000.0, pairs(measures, "excludes"), pairs(measures, "needs"))
    return options, rules, burden


def main() -> None:
    """Print time, gap and the two benefits."""
    options, rules, burden = scenario()
    plan, habit = best_plan(options, rules), highest_first(options, rules, burden)
    print(f"{len(options)} options: {plan.seconds:.2f} s, gap {plan.gap:.1e}, {len(plan.chosen)} measures chosen")
    print(f"benefit {plan.benefit:.0f} ({plan.benefit_low:.0f} to {plan.benefit_high:.0f}) hotspots a season")
    print(f"most burdened first {habit.benefit:.0f}; ratio {plan.benefit / habit.benefit:.2f}")
    for row in rule_prices(options, rules).itertuples():
        print(f"price of {row.rule}: {row.price:.1f} hotspots a season")


if __name__ == "__main__":
    main()
