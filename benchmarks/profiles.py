"""`auto` against bare solvers on the bundled problems: what is solved, what is claimed wrongly, and performance profiles.

A performance profile (E. D. Dolan, J. J. Moré, Benchmarking optimization software with performance profiles, Math. Program.
91, 2002) is for each solver the share rho(tau) of the problems that it solved at a cost of at most tau times the least cost
of any solver: rho(1) is how often it was the cheapest, rho(inf) how many it solved.

    python benchmarks/profiles.py --write benchmarks/profiles.json
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module, metadata
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, NamedTuple

import casadi
import numpy as np
from bare_solvers import SOLVERS, DoesNotApply, Outcome

import optbench
from optbench.arithmetic import numpy_arrays
from optbench.language.graph import Call, Node, symbols
from optbench.problem.library import names, path
from optbench.problem.problem import MethodChoice, Problem
from optbench.problem.reader import read
from optbench.problem.validate import validated
from optbench.report.runs.profile_plot import plot
from optbench.result import Attempt, Status
from optbench.statistics import profiles
from optbench.statistics.profiles import Curve
from optbench.workbench import attempt, portfolio
from optbench.workbench.engine import solve
from optbench.workbench.function import Function, silent_numpy
from optbench.workbench.lines import Look
from optbench.workbench.settings import Settings
from optbench.workbench.starts import starts
from optbench.workbench.supervisor import Ended, Ending, Limits, Supervisor

AUTO = "auto"
ARRIVAL = "auto, arrival"  # the same run up to the first of its rows that has solved the problem
CLOSE = 1e-6  # relative: of the value, and of constraints to their bounds
REPEATED_BELOW = 1.0  # seconds: what takes longer is measured once
TAUS = (1.0, 2.0, 10.0, math.inf)
GOAL = 0.7  # of the problems on which `auto` is to be within a factor 2 of the fastest


class Case(NamedTuple):
    """A problem whose answer is known."""

    name: str
    problem: Problem
    best: float | None  # of the minimand; None: the best that any solver finds
    tolerance: float | None = None  # absolute, of the value


@dataclass
class Run:
    """What one solver made of one problem."""

    solver: str
    value: float | None = None  # of the minimand, None where no feasible point was found
    claims: bool = False
    claims_local: bool = False  # it claims no more than a local optimum
    seconds: float = math.inf
    evaluations: float = math.inf
    words: str = ""
    solved: bool = False
    stages: list[tuple[float | None, float, float]] = field(default_factory=list)  # value, seconds, evaluations of each row of `auto`


@dataclass
class Row:
    """A problem and its runs."""

    name: str
    n: int
    m: int
    best: float
    runs: dict[str, Run] = field(default_factory=dict)


# ---- problems ------------------------------------------------------------------------------------------------------------------


def bundled() -> Iterator[Case]:
    """The bundled problems with numbers for all parameters and without whole unknowns, for which the peers have no place."""
    for name in names():
        problem = validated(read(str(path(name))))
        if problem.free_parameters or any(v.symbol.integer for v in problem.variables):
            continue
        known = None if problem.known is None or problem.known.value is None else problem.sign * problem.known.value
        yield Case(name, problem, proved(problem) if known is None else known)


def proved(problem: Problem) -> float | None:
    """The exact or certified optimum of the minimand, where optbench has one."""
    result = solve(problem, Settings(time_limit=60.0))
    return problem.sign * result.value if result.assurance.is_proof and result.value is not None else None


def collected(file: Path) -> Iterator[Case]:
    """Problems of a JSON Lines file with the fields id, sense, objective, variables, params, constraints, data and fstar."""
    with tempfile.TemporaryDirectory(prefix="optbench-profiles-") as folder:
        for line in filter(str.strip, file.read_text().splitlines()):
            entry = json.loads(line)
            written = Path(folder) / f"{entry['id']}.json"
            written.write_text(json.dumps(_document(entry)))
            if entry.get("data"):
                shutil.copy(file.parent / entry["data"]["file"], folder)
            problem = validated(read(str(written)))
            yield Case(entry["id"], problem, None if entry.get("fstar") is None else problem.sign * entry["fstar"], entry.get("f_tol"))


def _document(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Such a problem in the fields of a problem file."""
    variables = {}
    for v in entry["variables"]:
        ends = [e if v.get(key) is None else v[key] for key, e in (("lb", "-inf"), ("ub", "inf"))]
        variables[v["name"]] = {"range": ends, **({"shape": v["shape"]} if v.get("shape") else {})}
        variables[v["name"]] |= {} if v.get("x0") is None else {"start": v["x0"]}
    found: dict[str, Any] = {"name": entry["id"], "maximize" if entry.get("sense") == "max" else "minimize": entry["objective"]}
    found |= {"variables": variables, "parameters": entry.get("params") or {}}
    found["subject to"] = [c["text"] for c in entry.get("constraints") or []]
    if data := entry.get("data"):
        found["data"] = {"file": Path(data["file"]).name, **({"matrices": data["matrices"]} if data.get("matrices") else {})}
    return {key: value for key, value in found.items() if value not in ({}, [])}


# ---- judging a point --------------------------------------------------------------------------------------------------------------


class Judge:
    """The value of a point, for whoever found it: what is feasible is decided alike for all."""

    def __init__(self, problem: Problem) -> None:
        self.function = Function(problem)
        self.function.prepare()
        self.lower, self.upper = (np.array(end) for end in zip(*self.function.closed_box, strict=True))
        self.equalities = np.array(self.function.equalities, dtype=bool)
        self.room = CLOSE * np.maximum(1.0, np.abs(_right_hand_sides(problem))) if problem.constraints else np.zeros(0)

    def value(self, x: Sequence[float]) -> float | None:
        """The minimand at x, or None where a bound or constraint is violated or it is undefined."""
        at, projected = np.array(x), np.clip(x, self.lower, self.upper)
        if np.any(np.isnan(at)) or np.any(np.abs(at - projected) > CLOSE * np.maximum(1.0, np.abs(projected))):
            return None
        space, function = self.function.space, self.function
        point = space.point(projected.tolist())
        if function.constraint_count:
            c = np.asarray(function.constraints(point))
            if not np.all(np.where(self.equalities, np.abs(c), c) <= self.room):
                return None
        value = function.value(point)
        return value if math.isfinite(value) else None


def _right_hand_sides(problem: Problem) -> Any:
    """The constant side of each constraint, entry by entry; 0 where both sides have unknowns."""
    unknown = set(problem.symbols)
    found = [np.zeros(0)]
    for constraint in problem.constraints:
        for comparison in _comparisons(constraint.condition):
            constant = [side for side in comparison.args if not unknown & set(symbols(side))]
            value = numpy_arrays.function(constant[:1], [], problem.data)()[0] if constant else 0.0
            found.append(np.broadcast_to(value, comparison.shape).ravel())
    return np.concatenate(found)


def _comparisons(condition: Node) -> list[Call]:
    assert isinstance(condition, Call)
    if condition.function in ("and", "all"):
        return [found for part in condition.args for found in _comparisons(part)]
    return [condition]


# ---- running ----------------------------------------------------------------------------------------------------------------------


def measured(case: Case, seconds: float, repeats: int, wanted: Sequence[str]) -> Row:
    """Run all solvers in turn, `repeats` times; the least time of each, or of each row of `auto`, counts."""
    judge = Judge(case.problem)
    start = starts(judge.function, 0)[0]
    row = Row(case.name, judge.function.dimension, judge.function.constraint_count, math.nan)
    for _ in range(repeats):
        for solver in wanted:
            known = row.runs.get(solver)
            if known is None or known.seconds < REPEATED_BELOW:
                run = _auto(case.problem, judge, seconds) if solver == AUTO else _bare(solver, judge, start, seconds)
                row.runs[solver] = run if known is None else _quicker(run, known)
    _settle(row, case)
    return row


def _quicker(run: Run, other: Run) -> Run:
    """The quicker of two runs; where they went the same way in the same rows, the least time of each row."""
    if len(run.stages) != len(other.stages) or not run.stages:
        return min(run, other, key=lambda one: one.seconds)
    pairs = zip(run.stages, other.stages, strict=True)
    stages = [(value, min(seconds, others), evaluations) for (value, seconds, evaluations), (_, others, _) in pairs]
    return replace(run, stages=stages, seconds=sum(seconds for _, seconds, _ in stages))


def _settle(row: Row, case: Case) -> None:
    """Decide which runs have solved the problem."""
    found = [run.value for run in row.runs.values() if run.value is not None]
    row.best = min(found, default=math.nan) if case.best is None else case.best
    room = CLOSE * max(1.0, abs(row.best)) if case.tolerance is None else case.tolerance
    for run in row.runs.values():
        run.solved = run.value is not None and run.value - row.best <= room
    if AUTO in row.runs:
        row.runs[ARRIVAL] = _arrival(row.runs[AUTO], row.best + room)


def _arrival(run: Run, enough: float) -> Run:
    """The run as if it had ended with the first row that was good enough."""
    for count, (value, _, _) in enumerate(run.stages, 1):
        if value is not None and value <= enough:
            seconds, evaluations = (sum(costs) for costs in list(zip(*run.stages[:count], strict=True))[1:])
            return replace(run, solver=ARRIVAL, seconds=seconds, evaluations=evaluations)
    return replace(run, solver=ARRIVAL)


def _bare(solver: str, judge: Judge, start: Sequence[float], seconds: float) -> Run:
    """Run a peer in a child; what is made before its call isn't timed."""

    def task(send: Callable[[Any], None]) -> Any:
        warnings.simplefilter("ignore")
        with silent_numpy():
            try:
                run = SOLVERS[solver](judge.function, start)
            except DoesNotApply as reason:
                return {"words": f"does not apply: {reason}"}
            began = time.process_time()
            outcome: Outcome = run()
            return {"seconds": time.process_time() - began, **outcome._asdict()}

    with Supervisor(jobs=1) as supervisor:
        supervisor.submit(solver, task, Limits(seconds + 2.0, None))
        ended = next(event for event in supervisor.events() if isinstance(event, Ended))
    facts = ended.payload if ended.ending is Ending.FINISHED else {"words": ended.reason}
    if "x" not in facts:
        return Run(solver, words=facts["words"])
    late = facts["seconds"] > seconds
    return Run(
        solver,
        None if late else judge.value(facts["x"]),
        facts["claims"],
        seconds=facts["seconds"],
        evaluations=facts["evaluations"],
        words="too late" if late else facts["words"],
    )


def _auto(problem: Problem, judge: Judge, seconds: float) -> Run:
    """Run optbench; all rows of `auto` together are its cost, the result's best point is its answer."""
    settings = Settings(exact=False, certify=False, time_limit=seconds, methods=(MethodChoice(AUTO),))
    result = solve(problem, settings)
    rows = [attempt for attempt in result.attempts if attempt.kind == "numerical"]
    stages = [(_value_of(row.point, judge), row.solve_seconds, _evaluations(row)) for row in rows]
    return Run(
        AUTO,
        _value_of(result.solutions[0].point if result.solutions else None, judge),
        result.status is Status.OPTIMAL,
        result.status is Status.LOCALLY_OPTIMAL,
        sum(seconds for _, seconds, _ in stages),
        sum(evaluations for _, _, evaluations in stages),
        f"{', '.join(f'{row.method} {row.status.value}' for row in rows)}; {result.status.value}",
        stages=stages,
    )


def _value_of(point: Mapping[str, Any] | None, judge: Judge) -> float | None:
    return None if point is None else judge.value([float(c) for values in point.values() for c in np.ravel(values)])


def _evaluations(row: Attempt) -> float:
    kinds = ("objective", "gradient", "hessian", "constraint")
    return float(sum(getattr(row, f"{kind}_evaluations") for kind in kinds))


def count_processor_time() -> None:
    """Have attempts tell the processor time of their child since all was compiled, as it is measured for the others, and looks
    along lines that of the parent.

    What else the machine does would count with the clock on the wall, and the more the longer a run takes.
    """
    run, prepare, began = attempt.run, attempt.prepare, [0.0]

    def prepared(*given: Any) -> None:
        prepare(*given)
        began[0] = time.process_time()

    def timed(*given: Any, **options: Any) -> dict[str, Any]:
        facts = run(*given, **options)
        return {**facts, "solve_seconds": time.process_time() - began[0]}

    look = portfolio.look

    def looked(*given: Any) -> Look:
        began = time.process_time()
        return look(*given)._replace(seconds=time.process_time() - began)

    attempt.prepare, attempt.run, portfolio.look = prepared, timed, looked


def warm_up() -> None:
    """Load what the solvers load when they are first called, here, and not in every child."""
    for module in walk_packages(optbench.__path__, "optbench."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    problem = optbench.define("(x - 1)^2 + x*y + y^2", subject_to=["x + y >= 1"], range=(-5, 5), start={"x": 0, "y": 0})
    function = Function(problem)
    for name, solver in SOLVERS.items():
        if name != "L-BFGS-B":
            solver(function, [0.0, 0.0])()
    for plugin in ("qrqp", "highs", "osqp", "daqp"):
        casadi.load_conic(plugin)
    casadi.load_nlpsol("sqpmethod")


# ---- profiles -----------------------------------------------------------------------------------------------------------------------


def ratios(rows: Sequence[Row], cost: str) -> dict[str, list[float]]:
    """For each solver and problem its cost over the least cost of any that solved it; inf where it did not.

    The least cost is that of the peers and of `auto`; the arrival of `auto` is compared with the peers and itself.
    """
    costs = {solver: [getattr(row.runs[solver], cost) if row.runs[solver].solved else math.inf for row in rows] for solver in rows[0].runs}
    return profiles.ratios(costs, {solver: [AUTO if solver == ARRIVAL else ARRIVAL] for solver in costs})


def rho(found: Sequence[float], tau: float) -> float:
    """The share of the problems that were solved at a ratio of at most tau."""
    return Curve.of(found).at(tau)


# ---- the report -------------------------------------------------------------------------------------------------------------------------


def summary(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One line a solver: counts, and its profiles at a few ratios."""
    by_time, by_calls = ratios(rows, "seconds"), ratios(rows, "evaluations")
    lines = []
    for solver in rows[0].runs:
        runs = [row.runs[solver] for row in rows]
        line = {
            "solver": solver,
            "solved": sum(run.solved for run in runs),
            "claimed_wrong": sum(run.claims and not run.solved for run in runs),
            "local_not_best": sum(run.claims_local and not run.solved for run in runs),
        }
        for label, found in (("time", by_time[solver]), ("evaluations", by_calls[solver])):
            line[label] = {f"{tau:g}": round(rho(found, tau), 3) for tau in TAUS}
        lines.append(line)
    return lines


def table(lines: Sequence[Mapping[str, Any]], count: int) -> str:
    """The summary as text."""
    taus = " ".join(f"{f'rho({tau:g})':>8}" for tau in TAUS)
    head = f"{f'of {count} problems':16} {'solved':>6} {'claimed wrong':>13} {'only local':>10}  time: {taus}  evaluations: {taus}"
    return "\n".join([head, *map(_line, lines)])


def _line(line: Mapping[str, Any]) -> str:
    shares = ["      " + " ".join(f"{share:8.2f}" for share in line[label].values()) for label in ("time", "evaluations")]
    counts = f"{line['solved']:6} {line['claimed_wrong']:13} {line['local_not_best']:10}"
    return f"{line['solver']:16} {counts}  {shares[0]}  {'       '}{shares[1]}"


def goals(lines: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    """The goals, and whether they are met."""
    shares = {line["solver"]: line["time"]["2"] for line in lines}
    solved = {line["solver"]: line["solved"] for line in lines}
    most = max((count for solver, count in solved.items() if solver not in (AUTO, ARRIVAL)), default=0)
    within = f"within a factor 2 of the fastest on {GOAL:.0%} of the problems"
    return {
        f"auto solves at least as many as the best of the others ({solved[AUTO]} against {most})": solved[AUTO] >= most,
        f"auto arrives {within} ({shares[ARRIVAL]:.0%})": shares[ARRIVAL] >= GOAL,
        f"auto, with its search for something better, is {within} ({shares[AUTO]:.0%})": shares[AUTO] >= GOAL,
    }


def weaknesses(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each problem that `auto` does not solve, or not within a factor 2 of the fastest."""
    found = ratios(rows, "seconds")
    for row, ratio, arrival in zip(rows, found[AUTO], found[ARRIVAL], strict=True):
        if ratio <= 2:
            continue
        ours, solved = row.runs[AUTO], [run for run in row.runs.values() if run.solved]
        fastest = min(solved, key=lambda run: run.seconds, default=None)
        them = "nobody" if fastest is None else f"{fastest.solver} {_ms(fastest.seconds)} {fastest.evaluations:.0f} ev"
        verdict = "NOT SOLVED" if not ours.solved else f"{arrival:.1f} x, {ratio:.1f} x"
        times = f"{_ms(row.runs[ARRIVAL].seconds)}, {_ms(ours.seconds)}"
        yield (
            f"{row.name:24} n={row.n:<4} m={row.m:<3} {verdict:14} value {_number(ours.value)} best {row.best:.8g}  "
            f"{times}, {ours.evaluations:.0f} ev | {them} | solved by {len(solved)} | {ours.words}"
        )


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.2f} ms"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.8g}"


def environment() -> dict[str, str]:
    versions = {name: metadata.version(name) for name in ("numpy", "scipy", "casadi")}
    return {"optbench": optbench.__version__, "python": platform.python_version(), **versions, "system": platform.system()}


def document(rows: Sequence[Row], lines: Sequence[Mapping[str, Any]], command: str) -> str:
    """The figures as JSON."""
    problems = [{**asdict(row), "runs": [asdict(run) for run in row.runs.values()]} for row in rows]
    found = {"command": command, "environment": environment(), "goals": goals(lines), "solvers": lines, "problems": problems}
    return json.dumps(_finite(found), indent=1, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def main() -> None:
    reader = argparse.ArgumentParser(description="Compare auto with bare solvers.")
    reader.add_argument("problems", type=Path, nargs="?", help="a JSON Lines file of problems in place of the bundled ones")
    reader.add_argument("--only", default="", metavar="NAME,NAME", help="some of the problems")
    reader.add_argument("--solvers", default=",".join((AUTO, *SOLVERS)), metavar="NAME,NAME", help="some of the solvers")
    reader.add_argument("--seconds", type=float, default=10.0, help="the time of one run (default 10)")
    reader.add_argument("--repeats", type=int, default=5, help="runs of which the fastest counts (default 5)")
    reader.add_argument("--write", type=Path, metavar="FILE", help="where to write the figures as JSON")
    reader.add_argument("--details", action="store_true", help="list where auto fails or takes more than twice the least time")
    options = reader.parse_args()
    only = set(filter(None, options.only.split(",")))
    warm_up()
    count_processor_time()
    rows = []
    for case in collected(options.problems) if options.problems else bundled():
        if not only or case.name in only:
            rows.append(measured(case, options.seconds, options.repeats, options.solvers.split(",")))
            print(f"{len(rows):4} {case.name}", file=sys.stderr)
    lines = summary(rows)
    print(table(lines, len(rows)))
    for title, cost in (("Processor time", "seconds"), ("Evaluations", "evaluations")):
        curves = {solver: Curve.of(found) for solver, found in ratios(rows, cost).items()}
        print(f"\n{plot(curves, f'{title}: share of the problems within a factor of the least')}")
    for goal, met in goals(lines).items():
        print(f"\n{'met' if met else 'NOT MET'}: {goal}", end="")
    print()
    if options.details:
        print("\n" + "\n".join(weaknesses(rows)))
    if options.write is not None:
        options.write.write_text(document(rows, lines, f"python benchmarks/profiles.py --repeats {options.repeats}"))


if __name__ == "__main__":
    if "OPENBLAS_NUM_THREADS" not in os.environ:  # one thread, as the program itself sets it before numpy is loaded
        one = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **one})
    main()
