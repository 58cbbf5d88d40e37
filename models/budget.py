"""The best set of measures in tambons under a baht limit, proven by an integer programme, and what its rules cost.

Pure: tables in, plans out. Never knows where costs and benefits come from, and never promises more than the interval
of the benefit it was given.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array

from data.errors import ContractError, ModelError

#: One possible measure in one tambon. Costs in baht, benefit in the unit of the outcome per unit of the measure.
OPTION_COLUMNS: dict[str, str] = {
    "tambon": "str",
    "amphoe": "str",
    "measure": "str",
    "fixed_baht": "float64",
    "unit_baht": "float64",
    "most_units": "int64",
    "unit_crew_days": "float64",
    "benefit": "float64",
    "benefit_low": "float64",
    "benefit_high": "float64",
}
#: Largest gap between the plan and the proven bound that is accepted, as a share of the benefit.
GAP = 1e-4
_TIME_LIMIT_S = 60.0
_BENEFITS = ("benefit", "benefit_low", "benefit_high")


@dataclass(frozen=True)
class Rules:
    """What a plan must keep.

    Attributes
    ----------
    baht : float
        Most that may be spent.
    most_per_tambon : int
        Most measures in one tambon.
    least_per_amphoe : int
        Fewest measures in each amphoe that has any option: the fairness rule.
    crew_days : float or None
        Most days of crews; no limit when None.
    excludes : sequence of (str, str)
        Measures that may not stand in the same tambon.
    needs : sequence of (str, str)
        The first measure stands in a tambon only together with the second.
    robust : bool
        Choose by the low end of the benefits in place of their middle.
    """

    baht: float
    most_per_tambon: int = 2
    least_per_amphoe: int = 0
    crew_days: float | None = None
    excludes: Sequence[tuple[str, str]] = ()
    needs: Sequence[tuple[str, str]] = ()
    robust: bool = False


@dataclass(frozen=True)
class Plan:
    """A chosen set of measures.

    Attributes
    ----------
    rules : Rules
    chosen : DataFrame
        OPTION_COLUMNS of the chosen options and `units`, `baht`, `crew_days`; the benefits are those of all units.
    baht, benefit, benefit_low, benefit_high : float
        Sums over the plan. The ends of the benefits are added as if all measures erred together, the widest case.
    gap : float
        Proven: no plan under these rules has more than ``(1 + gap)`` times the benefit that was maximised.
    seconds : float
        How long the proof took.
    """

    rules: Rules
    chosen: pd.DataFrame
    baht: float
    benefit: float
    benefit_low: float
    benefit_high: float
    gap: float
    seconds: float


class RulesConflict(ModelError):
    """No plan keeps all rules; the key says which of them stand in each other's way, the context by how much."""

    key = "rules_conflict"


def check_options(options: pd.DataFrame) -> pd.DataFrame:
    """Return `options` typed and in a fixed order.

    Raises
    ------
    ContractError
        When a column is missing, a cost or bound is negative, the interval does not hold the benefit, or a measure
        stands twice in a tambon.
    """
    missing = [name for name in OPTION_COLUMNS if name not in options]
    if missing:
        raise _broken(missing[0], "no such column")
    table = options[list(OPTION_COLUMNS)].astype(OPTION_COLUMNS)
    for name in ("fixed_baht", "unit_baht", "unit_crew_days"):
        if not bool((table[name] >= 0).all()):
            raise _broken(name, str(table.loc[~(table[name] >= 0), name].iloc[0]))
    if not bool((table["most_units"] >= 1).all()):
        raise _broken("most_units", str(table["most_units"].min()))
    inside = (table["benefit_low"] <= table["benefit"]) & (table["benefit"] <= table["benefit_high"])
    if not bool(inside.all()):
        raise _broken("benefit", str(table.loc[~inside, "benefit"].iloc[0]))
    double = table.duplicated(["tambon", "measure"])
    if bool(double.any()):
        raise _broken("measure", f"{table.loc[double, 'measure'].iloc[0]} twice in one tambon")
    return table.sort_values(["tambon", "measure"]).reset_index(drop=True)


def _broken(column: str, got: str) -> ContractError:
    return ContractError(f"options: column {column}: got {got}", context={"column": column, "got": got})


@dataclass(frozen=True)
class _Problem:
    """The rules as rows over two blocks of n variables: whether an option stands, and how many units of it."""

    table: pd.DataFrame
    rules: Rules

    @property
    def size(self) -> int:
        return 2 * len(self.table)

    @property
    def upper(self) -> np.ndarray:
        return np.concatenate([np.ones(len(self.table)), self.table["most_units"].to_numpy(float)])

    def per_unit(self, value: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros(len(self.table)), value])

    @property
    def baht(self) -> np.ndarray:
        return np.concatenate([self.table["fixed_baht"].to_numpy(), self.table["unit_baht"].to_numpy()])

    @property
    def crew_days(self) -> np.ndarray:
        return self.per_unit(self.table["unit_crew_days"].to_numpy())

    def structure(self) -> list[LinearConstraint]:
        """Return what holds whatever money there is: units go with standing, measures fit together in a tambon."""
        n = len(self.table)
        at = np.arange(n)
        most = self.table["most_units"].to_numpy(float)
        rows = np.concatenate([at, at, n + at, n + at])
        columns = np.concatenate([at, n + at, at, n + at])
        # units - most * stands <= 0, and stands - units <= 0
        numbers = np.concatenate([-most, np.ones(n), np.ones(n), -np.ones(n)])
        found = [_at_most(rows, columns, numbers, 2 * n, self.size, 0.0)]
        tambon = pd.factorize(self.table["tambon"])[0]
        most_here = float(self.rules.most_per_tambon)
        found.append(_at_most(tambon, at, np.ones(n), int(tambon.max()) + 1, self.size, most_here))
        for one, other in self.rules.excludes:
            found += self._pairs(one, other, 1.0, 1.0)
        for one, other in self.rules.needs:
            found += self._pairs(one, other, -1.0, 0.0)
        return found

    def _pairs(self, one: str, other: str, sign: float, bound: float) -> list[LinearConstraint]:
        """Bind two measures of each tambon: ``one + sign * other <= bound``."""
        spot = {(t, m): at for at, (t, m) in enumerate(zip(self.table["tambon"], self.table["measure"], strict=True))}
        here = [(at, spot.get((t, other))) for (t, m), at in spot.items() if m == one]
        triples = []
        for row, (first, second) in enumerate(here):
            triples.append((row, first, 1.0))
            if second is not None:
                triples.append((row, second, sign))
        if not triples:
            return []
        rows, columns, numbers = (np.array(part) for part in zip(*triples, strict=True))
        return [_at_most(rows, columns, numbers, len(here), self.size, bound)]

    def floors(self) -> list[LinearConstraint]:
        """Return the fairness rule: so many measures in each amphoe."""
        if self.rules.least_per_amphoe <= 0:
            return []
        amphoe = pd.factorize(self.table["amphoe"])[0]
        ones = -np.ones(len(amphoe))
        least = -float(self.rules.least_per_amphoe)
        return [_at_most(amphoe, np.arange(len(amphoe)), ones, int(amphoe.max()) + 1, self.size, least)]

    def limits(self) -> list[LinearConstraint]:
        """Return the limits of money and crews."""
        found = [LinearConstraint(self.baht[None, :], -np.inf, self.rules.baht)]
        if self.rules.crew_days is not None:
            found.append(LinearConstraint(self.crew_days[None, :], -np.inf, self.rules.crew_days))
        return found

    def solve(self, cost: np.ndarray, constraints: list[LinearConstraint]) -> OptimizeResult:
        """Return the cheapest point under some rules."""
        return milp(
            cost,
            integrality=np.ones(self.size),
            bounds=Bounds(0, self.upper),
            constraints=constraints,
            options={"mip_rel_gap": GAP, "time_limit": _TIME_LIMIT_S},
        )


def _at_most(
    rows: np.ndarray, columns: np.ndarray, numbers: np.ndarray, height: int, width: int, bound: float
) -> LinearConstraint:
    return LinearConstraint(coo_array((numbers, (rows, columns)), shape=(height, width)).tocsr(), -np.inf, bound)


def _conflict(problem: _Problem) -> RulesConflict:
    """Return the error that names the rules that cannot be kept together.

    Doing nothing keeps every rule but the fairness rule, so that one is always among them.
    """
    rules = problem.rules
    fair = [*problem.structure(), *problem.floors()]
    cheapest = problem.solve(problem.baht, fair)
    context: dict[str, object] = {"least": rules.least_per_amphoe, "most": rules.most_per_tambon}
    if cheapest.status == 2:
        return RulesConflict(
            f"no plan: {rules.least_per_amphoe} measures in each amphoe, at most {rules.most_per_tambon} in a tambon",
            key="rules_options",
            context=context,
            hint="lower the fewest measures per amphoe, or allow more in a tambon",
        )
    context |= {"baht": f"{rules.baht:,.0f}", "needed": f"{cheapest.fun:,.0f}"}
    if cheapest.fun > rules.baht:
        return RulesConflict(
            f"no plan: {rules.least_per_amphoe} measures in each amphoe cost at least {cheapest.fun:,.0f} baht",
            key="rules_baht",
            context=context,
            hint="raise the budget or lower the fewest measures per amphoe",
        )
    least = float(problem.solve(problem.crew_days, fair).fun)
    context |= {"days": f"{rules.crew_days or 0:,.0f}", "needed_days": f"{least:,.0f}"}
    return RulesConflict(
        f"no plan: {rules.least_per_amphoe} measures in each amphoe take at least {least:,.0f} crew days",
        key="rules_crew" if least > (rules.crew_days or 0) else "rules_both",
        context=context,
        hint="give more crew days or baht, or lower the fewest measures per amphoe",
    )


def best_plan(options: pd.DataFrame, rules: Rules) -> Plan:
    """Return the plan with the greatest benefit under the rules.

    Parameters
    ----------
    options : DataFrame
        OPTION_COLUMNS, one row for each measure that may stand in a tambon.
    rules : Rules

    Raises
    ------
    RulesConflict
        When no plan keeps all rules; names them.
    ModelError
        When the solver does not prove the gap in time.

    Notes
    -----
    For each option a binary says whether it stands and a whole number how many units; fixed costs go with the binary.
    Solved by HiGHS (branch and cut) through `scipy.optimize.milp`.
    """
    problem = _Problem(check_options(options), rules)
    value = problem.table["benefit_low" if rules.robust else "benefit"].to_numpy()
    began = time.perf_counter()
    found = problem.solve(-problem.per_unit(value), [*problem.structure(), *problem.floors(), *problem.limits()])
    if found.status == 2:
        raise _conflict(problem)
    if found.status != 0:
        raise ModelError(
            f"the solver stopped before it proved a plan: {found.message}",
            key="plan_unproven",
            context={"seconds": f"{_TIME_LIMIT_S:g}"},
            hint="ask for fewer options or looser rules",
        )
    units = np.round(found.x[len(problem.table) :]).astype(np.int64)
    return _plan(problem.table, rules, units, float(found.mip_gap or 0.0), time.perf_counter() - began)


def _plan(table: pd.DataFrame, rules: Rules, units: np.ndarray, gap: float, seconds: float) -> Plan:
    stands = units > 0
    count = units[stands]
    chosen = table[stands].assign(units=count)
    chosen = chosen.assign(
        baht=chosen["fixed_baht"] + chosen["unit_baht"] * count, crew_days=chosen["unit_crew_days"] * count
    )
    for name in _BENEFITS:
        chosen[name] = chosen[name] * count
    chosen = chosen.sort_values(["benefit", "tambon", "measure"], ascending=[False, True, True]).reset_index(drop=True)
    sums = {name: float(chosen[name].sum()) for name in ("baht", *_BENEFITS)}
    return Plan(rules=rules, chosen=chosen, gap=gap, seconds=seconds, **sums)


def highest_first(options: pd.DataFrame, rules: Rules, burden: Mapping[str, float]) -> Plan:
    """Return the plan of habit: the most burdened tambons first, in each the measure of the greatest benefit.

    Keeps money, crews and the limit per tambon, and what excludes or needs; ignores the fairness rule, as the habit
    does.

    Parameters
    ----------
    options : DataFrame
        OPTION_COLUMNS.
    rules : Rules
    burden : mapping of str to float
        By tambon; one without a number comes last.
    """
    table = check_options(options)
    whole = table.assign(
        burden=table["tambon"].map(dict(burden)).fillna(-np.inf), all=table["benefit"] * table["most_units"]
    )
    order = whole.sort_values(["burden", "tambon", "all"], ascending=[False, True, False]).index
    units = np.zeros(len(table), np.int64)
    baht, crew = rules.baht, np.inf if rules.crew_days is None else rules.crew_days
    standing: dict[str, set[str]] = {}
    for at in order:
        option = table.loc[at]
        here = standing.setdefault(str(option["tambon"]), set())
        if len(here) >= rules.most_per_tambon or not _fits(str(option["measure"]), here, rules):
            continue
        for count in range(int(option["most_units"]), 0, -1):
            cost = option["fixed_baht"] + option["unit_baht"] * count
            if cost <= baht and option["unit_crew_days"] * count <= crew:
                units[at] = count
                baht, crew = baht - cost, crew - option["unit_crew_days"] * count
                here.add(str(option["measure"]))
                break
    return _plan(table, rules, units, float("nan"), 0.0)


def _fits(measure: str, here: set[str], rules: Rules) -> bool:
    if any({measure} | here >= {one, other} for one, other in rules.excludes):
        return False
    return all(other in here for one, other in rules.needs if one == measure)


def rule_prices(options: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return what each rule but the money costs: the benefit that a plan without it would have more.

    Returns
    -------
    DataFrame
        `rule` (most_per_tambon, least_per_amphoe, crew_days, excludes, needs), `benefit_without`, `price` (both in the
        unit of the benefit that is maximised); only rules that are set.
    """
    here = best_plan(options, rules)
    loosened = {
        "most_per_tambon": replace(rules, most_per_tambon=len(options)),
        "least_per_amphoe": replace(rules, least_per_amphoe=0),
        "crew_days": replace(rules, crew_days=None),
        "excludes": replace(rules, excludes=()),
        "needs": replace(rules, needs=()),
    }
    rows = []
    for name, looser in loosened.items():
        if getattr(rules, name):
            without = _maximised(best_plan(options, looser))
            rows.append((name, without, max(0.0, without - _maximised(here))))
    return pd.DataFrame(rows, columns=["rule", "benefit_without", "price"])


def _maximised(plan: Plan) -> float:
    return plan.benefit_low if plan.rules.robust else plan.benefit


def difference(before: Plan, after: Plan) -> pd.DataFrame:
    """Compare two plans option by option.

    Returns
    -------
    DataFrame
        `tambon`, `measure`, `units_before`, `units_after`, `baht`, `benefit` (both after minus before); only options
        that differ.
    """
    keys = ["tambon", "measure"]
    both = before.chosen[[*keys, "units", "baht", "benefit"]].merge(
        after.chosen[[*keys, "units", "baht", "benefit"]], on=keys, how="outer", suffixes=("_before", "_after")
    )
    both = both.fillna(0.0)
    both = both.assign(
        baht=both["baht_after"] - both["baht_before"],
        benefit=both["benefit_after"] - both["benefit_before"],
        units_before=both["units_before"].astype(np.int64),
        units_after=both["units_after"].astype(np.int64),
    )
    differing = both[both["units_before"] != both["units_after"]]
    return differing[[*keys, "units_before", "units_after", "baht", "benefit"]].reset_index(drop=True)


def next_baht(options: pd.DataFrame, rules: Rules, more: float = 100_000.0) -> tuple[Plan, pd.DataFrame]:
    """Return the best plan with `more` baht, and what differs from the best plan without it."""
    richer = best_plan(options, replace(rules, baht=rules.baht + more))
    return richer, difference(best_plan(options, rules), richer)
