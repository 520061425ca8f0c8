"""A result as AMPL's solution file (`.sol`): a message, AMPL's own options, multipliers, the point, and a code.

The codes are those of AMPL's convention: 0 to 99 solved, 100 to 199 solved with a doubt, 200 to 299 infeasible, 300 to 399
unbounded, 400 to 499 stopped by a limit, 500 to 599 failure. Only what is proved is called infeasible or unbounded.
Multipliers are the change of the objective for a unit more on a constraint's right-hand side, which is AMPL's sign, too.

Source: D. M. Gay, "Hooking Your Solver to AMPL" (1997), sections 2 and 5; "Writing .nl Files" (2005), section 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

from optbench.problem.nl import NlModel
from optbench.report.plain_words import number
from optbench.result import Assurance, AttemptStatus, Result, Solution, Status


class Code(Enum):
    """What became of a problem: AMPL's code, and the words of the message."""

    EXACT = (0, "optimal, exact and proved global")
    CERTIFIED = (1, "optimal, certified: proved global within the tolerance")
    LOCAL = (2, "locally optimal: optimality conditions checked at the point")
    FEASIBLE = (100, "feasible point; its optimality is not established")
    NOT_ATTAINED = (110, "the optimal value is proved, and no point attains it")
    INFEASIBLE = (200, "infeasible (proved)")
    UNBOUNDED = (300, "unbounded (proved)")
    LIMIT_FEASIBLE = (400, "stopped by a limit; a feasible point was found")
    LIMIT = (450, "stopped by a limit; no feasible point was found")
    INTERRUPTED = (490, "interrupted")
    FAILURE = (500, "no method arrived")
    DISAGREEMENT = (510, "answers disagree, so none is claimed")

    @property
    def number(self) -> int:
        """AMPL's solve_result_num."""
        return self.value[0]

    @property
    def words(self) -> str:
        return self.value[1]


def code_of(result: Result, *, interrupted: bool = False) -> Code:
    """Return the code that applies."""
    if result.disagreements:
        return Code.DISAGREEMENT
    proved = {Status.INFEASIBLE: Code.INFEASIBLE, Status.UNBOUNDED: Code.UNBOUNDED, Status.NOT_ATTAINED: Code.NOT_ATTAINED}
    if result.status in proved:
        return proved[result.status]
    best = {Assurance.EXACT: Code.EXACT, Assurance.CERTIFIED: Code.CERTIFIED, Assurance.LOCAL: Code.LOCAL}
    if result.assurance in best:
        return best[result.assurance]
    if interrupted:
        return Code.INTERRUPTED
    stopped = any(row.status in (AttemptStatus.LIMIT, AttemptStatus.KILLED) for row in result.attempts)
    if result.assurance is Assurance.FEASIBLE:
        arrived = any(row.status is AttemptStatus.CONVERGED for row in result.attempts)
        return Code.LIMIT_FEASIBLE if stopped and not arrived else Code.FEASIBLE
    return Code.LIMIT if stopped else Code.FAILURE


def message(result: Result, code: Code, version: str) -> str:
    """Return the lines that AMPL shows: how well the answer is known, the objective, and the sentence."""
    value = "" if result.value is None else f"; objective {number(result.value, 10)}"
    formula = result.value_exact if code is Code.EXACT and result.value_exact else ""
    exact = [f"objective {formula} exactly"] if 0 < len(formula) <= _LONG else []
    enclosure = [f"objective in [{', '.join(result.value_enclosure)}]"] if code is Code.CERTIFIED and result.value_enclosure else []
    return "\n".join([f"optbench {version}: {code.words}{value}", *exact, *enclosure, _shortened(" ".join(result.sentence.split()))])


def _shortened(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."


_LONG = 300  # characters of a line of the message


def solution_file(result: Result, model: NlModel, code: Code, words: str) -> str:
    """Return the text of the file; `words` is the message, of lines that are not empty."""
    point, multipliers = point_of(result, model), multipliers_of(result, model)
    rows, header = len(model.rows), model.header
    options = [len(header.options) + (2 if header.tolerance else 0), *header.options]
    sizes = [rows, len(multipliers), header.variables, len(point)]
    lines = [words, "", "Options", *map(str, options), *map(str, sizes), *([header.tolerance] if header.tolerance else [])]
    return "\n".join([*lines, *map(repr, multipliers), *map(repr, point), f"objno 0 {code.number}"]) + "\n"


def point_of(result: Result, model: NlModel) -> Sequence[float]:
    """Return the best known point in the order of the file; empty where there is none."""
    best = _best(result)
    if best is None or best.point is None:
        return []
    return [float(best.point[variable.name]) for variable in model.problem.variables]


def multipliers_of(result: Result, model: NlModel) -> Sequence[float]:
    """Return the multipliers at that point in the order of the file, 0 for constraints without bounds; empty where unknown."""
    best = _best(result)
    names = [name for name in model.rows if name is not None]
    if best is None or not all(isinstance(best.multipliers.get(name), int | float) for name in names):
        return []
    return list(_in_order(best, model.rows))


def _in_order(best: Solution, rows: Sequence[str | None]) -> Iterator[float]:
    for name in rows:
        yield 0.0 if name is None else float(best.multipliers[name])


def _best(result: Result) -> Solution | None:
    return result.solutions[0] if result.solutions else None
