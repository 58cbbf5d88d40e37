"""The best set of measures in tambons under a baht limit, proven by an integer programme, and what its rules cost.

Pure: tables in, plans out. Never knows where costs and benefits come from, and never promises more than the interval
of the benefit it was given.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import highspy
import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array, vstack

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
#: The search ends when the plan is proven to lie within this share of the best, or when its time is up; what was proven
#: by then is told.
GAP = 1e-4
_TIME_LIMIT_S = 20.0
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
class _Rows:
    """Rules of one form: each row of `matrix` times the choice is at most `bound`."""

    matrix: csr_array
    bound: float


@dataclass(frozen=True)
class _Found:
    """What the solver found: nothing in `chosen` where no choice keeps the rules, or none was met in time."""

    infeasible: bool
    chosen: np.ndarray | None
    cost: float
    gap: float


def _within(cost: np.ndarray, most: float) -> _Rows:
    # In thousandths of the limit: the solver's tolerances are made for numbers of this size.
    unit = most / 1000 or 1.0
    return _Rows(csr_array(cost[None, :] / unit), most / unit)


@dataclass(frozen=True)
class _Problem:
    """The rules as rows over one yes or no for each option and number of units of it."""

    table: pd.DataFrame
    rules: Rules

    @cached_property
    def option(self) -> np.ndarray:
        """Position of each variable's option in the table."""
        return np.repeat(np.arange(len(self.table)), self.table["most_units"])

    @cached_property
    def units(self) -> np.ndarray:
        """Units that each variable stands for, 1 to the most of its option."""
        return np.concatenate([np.arange(1, most + 1) for most in self.table["most_units"]])

    def of_units(self, column: str) -> np.ndarray:
        """Return a column given per unit, for the units of each variable."""
        return np.asarray(self.table[column].to_numpy(float)[self.option] * self.units)

    @property
    def baht(self) -> np.ndarray:
        """Cost of each variable."""
        return np.asarray(self.table["fixed_baht"].to_numpy()[self.option] + self.of_units("unit_baht"))

    def structure(self) -> list[_Rows]:
        """Return what holds whatever money there is: one number of units an option, what fits together in a tambon."""
        found = [self._at_most(np.arange(len(self.table)), 1.0)]
        found.append(self._at_most(pd.factorize(self.table["tambon"])[0], float(self.rules.most_per_tambon)))
        for one, other in self.rules.excludes:
            found += self._pairs(one, other, 1.0, 1.0)
        for one, other in self.rules.needs:
            found += self._pairs(one, other, -1.0, 0.0)
        return found

    def _at_most(self, group: np.ndarray, bound: float, sign: float = 1.0) -> _Rows:
        """Bind how many options of each group stand; `group` by option."""
        variable = np.arange(len(self.option))
        return self._rows(group[self.option], variable, np.full(len(variable), sign), bound)

    def _rows(self, rows: np.ndarray, columns: np.ndarray, numbers: np.ndarray, bound: float) -> _Rows:
        shape = (int(rows.max()) + 1, len(self.option))
        return _Rows(coo_array((numbers, (rows, columns)), shape=shape).tocsr(), bound)

    def _pairs(self, one: str, other: str, sign: float, bound: float) -> list[_Rows]:
        """Bind two measures of each tambon: ``one + sign * other <= bound``."""
        place = pd.factorize(self.table["tambon"])[0][self.option]
        measure = self.table["measure"].to_numpy()[self.option]
        first, second = np.flatnonzero(measure == one), np.flatnonzero(measure == other)
        if not len(first):
            return []
        columns = np.concatenate([first, second])
        numbers = np.concatenate([np.ones(len(first)), np.full(len(second), sign)])
        return [self._rows(place[columns], columns, numbers, bound)]

    def floors(self) -> list[_Rows]:
        """Return the fairness rule: so many measures in each amphoe."""
        if self.rules.least_per_amphoe <= 0:
            return []
        amphoe = pd.factorize(self.table["amphoe"])[0]
        return [self._at_most(amphoe, -float(self.rules.least_per_amphoe), -1.0)]

    def limits(self) -> list[_Rows]:
        """Return the limits of money and crews."""
        found = [_within(self.baht, self.rules.baht)]
        if self.rules.crew_days is not None:
            found.append(_within(self.of_units("unit_crew_days"), self.rules.crew_days))
        return found

    def solve(self, cost: np.ndarray, constraints: list[_Rows]) -> _Found:
        """Return the cheapest choice under some rules."""
        matrix = vstack([rows.matrix for rows in constraints]).tocsr()
        bounds = np.concatenate([np.full(rows.matrix.shape[0], rows.bound) for rows in constraints])
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(cost), len(bounds)
        model.col_cost_, model.col_lower_, model.col_upper_ = cost, np.zeros(len(cost)), np.ones(len(cost))
        model.row_lower_, model.row_upper_ = np.full(len(bounds), -np.inf), bounds
        model.integrality_ = [highspy.HighsVarType.kInteger] * len(cost)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
        model.a_matrix_.value_ = matrix.data
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        # Standard output belongs to the rows that a command prints.
        solver.setOptionValue("log_to_console", False)
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("mip_rel_gap", GAP)
        solver.setOptionValue("time_limit", _TIME_LIMIT_S)
        solver.passModel(model)
        solver.run()
        told = solver.getInfo()
        infeasible = solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible
        feasible = told.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        chosen = np.array(solver.getSolution().col_value) if feasible else None
        return _Found(infeasible, chosen, float(told.objective_function_value), float(told.mip_gap))


def _conflict(problem: _Problem) -> RulesConflict:
    """Return the error that names the rules that cannot be kept together.

    Doing nothing keeps every rule but the fairness rule, so that one is always among them.
    """
    rules = problem.rules
    fair = [*problem.structure(), *problem.floors()]
    cheapest = problem.solve(problem.baht, fair)
    context: dict[str, object] = {"least": rules.least_per_amphoe, "most": rules.most_per_tambon}
    if cheapest.infeasible:
        return RulesConflict(
            f"no plan: {rules.least_per_amphoe} measures in each amphoe, at most {rules.most_per_tambon} in a tambon",
            key="rules_options",
            context=context,
            hint="lower the fewest measures per amphoe, or allow more in a tambon",
        )
    context |= {"baht": f"{rules.baht:,.0f}", "needed": f"{cheapest.cost:,.0f}"}
    if cheapest.cost > rules.baht:
        return RulesConflict(
            f"no plan: {rules.least_per_amphoe} measures in each amphoe cost at least {cheapest.cost:,.0f} baht",
            key="rules_baht",
            context=context,
            hint="raise the budget or lower the fewest measures per amphoe",
        )
    least = float(problem.solve(problem.of_units("unit_crew_days"), fair).cost)
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
        When no plan at all is found in time.

    Notes
    -----
    For each option and number of units a yes or no, at most one yes an option: so a fixed cost needs no variable of
    its own, and the relaxation is much tighter than with whole numbers of units. Solved by HiGHS (branch and cut).
    """
    problem = _Problem(check_options(options), rules)
    value = problem.of_units("benefit_low" if rules.robust else "benefit")
    began = time.perf_counter()
    found = problem.solve(-value, [*problem.structure(), *problem.floors(), *problem.limits()])
    if found.infeasible:
        raise _conflict(problem)
    if found.chosen is None:
        raise ModelError(
            f"no plan found within {_TIME_LIMIT_S:g} s",
            key="plan_unproven",
            context={"seconds": f"{_TIME_LIMIT_S:g}"},
            hint="ask for fewer options or looser rules",
        )
    stands = np.round(found.chosen) > 0
    units = np.zeros(len(problem.table), np.int64)
    units[problem.option[stands]] = problem.units[stands]
    return _plan(problem.table, rules, units, found.gap, time.perf_counter() - began)


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


def difference(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Compare two plans option by option.

    Parameters
    ----------
    before, after : DataFrame
        `tambon`, `measure`, `units`, `baht`, `benefit` of each measure that stands (`Plan.chosen`); missing where
        unknown.

    Returns
    -------
    DataFrame
        `tambon`, `measure`, `units_before`, `units_after`, `baht`, `benefit` (both after minus before); only options
        that differ in units, or in money where units are not known.
    """
    keys, told = ["tambon", "measure"], ["units", "baht", "benefit"]
    both = before[keys + told].merge(
        after[keys + told], on=keys, how="outer", suffixes=("_before", "_after"), indicator="where"
    )
    for name in told:
        # An option that a plan does not hold is nothing of it; one that it holds without a figure stays unknown.
        both.loc[both["where"] == "right_only", f"{name}_before"] = 0.0
        both.loc[both["where"] == "left_only", f"{name}_after"] = 0.0
        both[name] = both[f"{name}_after"] - both[f"{name}_before"]
    differing = both[both["units"].fillna(both["baht"]).fillna(0.0) != 0]
    return differing[[*keys, "units_before", "units_after", "baht", "benefit"]].reset_index(drop=True)


def next_baht(options: pd.DataFrame, rules: Rules, more: float = 100_000.0) -> tuple[Plan, pd.DataFrame]:
    """Return the best plan with `more` baht, and what differs from the best plan without it."""
    richer = best_plan(options, replace(rules, baht=rules.baht + more))
    return richer, difference(best_plan(options, rules).chosen, richer.chosen)
