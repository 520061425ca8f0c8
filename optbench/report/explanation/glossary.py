"""What the words of an answer mean: statuses, assurances, verdicts, classes, how attempts end, exit codes.

>>> [word.name for word in words("optimal")], [word.kind for word in words("none")], words("7")[0].name
(['optimal'], ['an assurance', 'a verdict on a closed form'], '7')
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from optbench.errors import ExitCode
from optbench.report.verdict_words import CLASSES
from optbench.result import Assurance, AttemptStatus, Status


class Word(NamedTuple):
    """A word, what kind of word it is, and what it means."""

    name: str
    kind: str
    meaning: str


_STATUSES = {
    Status.OPTIMAL: "The point is proved to be a global optimum. The assurance says how well its value is known: exact or certified.",
    Status.LOCALLY_OPTIMAL: "The conditions for a local optimum hold at the point, to rounding. That no other point is better is not "
    "proved.",
    Status.FEASIBLE: "The point satisfies all constraints. Nothing is known of whether it is an optimum, not even a local one.",
    Status.NOT_ATTAINED: "There is no optimum, proved: the values come as close as you like to the infimum (or supremum) that is given, "
    "and no point has it. Example: exp(-x), which tends to 0.",
    Status.UNBOUNDED: "There is no optimum, proved: the values fall (or grow, for a maximum) without bound along the path that is given.",
    Status.INFEASIBLE: "No point satisfies all constraints and lies where the function is defined, proved.",
    Status.UNKNOWN: "Nothing is known: no method found a point that could be confirmed within the limits, and nothing was proved.",
    Status.INVALID: "The problem can't be read; the sentence says where and why, and what would be accepted.",
}
_ASSURANCES = {
    Assurance.EXACT: "A closed form, proved to be the global optimum by the argument of the strategy that found it, by algebra and by "
    "intervals rounded outward. No floating-point value is trusted.",
    Assurance.CERTIFIED: "The global value is proved to lie in the enclosure that is given. There may be no formula for it.",
    Assurance.LOCAL: "The optimality conditions were checked at the point. It may be only a local optimum.",
    Assurance.FEASIBLE: "The point satisfies the constraints, and that is all that is known.",
    Assurance.NONE: "Nothing is confirmed.",
}
_ATTEMPTS = {
    AttemptStatus.CONVERGED: "The method stopped as its conditions held, and the workbench confirmed them at its point.",
    AttemptStatus.STALLED: "The method stopped without its conditions, or claimed them and the workbench did not find them confirmed.",
    AttemptStatus.LIMIT: "The method reached its limit of iterations, evaluations or time; its best point stands in the row.",
    AttemptStatus.DIVERGED: "The iterates ran off, or the values fell without end.",
    AttemptStatus.CRASHED: "The method raised an error or its process died; its best point until then stands in the row.",
    AttemptStatus.KILLED: "The method passed its limit of time or memory and was killed.",
    AttemptStatus.NOT_APPLICABLE: "The method can't be used on this problem; the reason says why.",
}
_VERDICTS = {
    "found": "There is a closed form: the formula is verified exactly in the equation. Its class says of what it is made.",
    "none": "There is no closed form in the classes that are named: proved by the theorem that is named, if what it assumes is true. It "
    "never says that there is none of any kind.",
    "not_found": "No formula was found, and no published theorem that applies excludes one; the reason says why. An argument of our own "
    "may be in `unreviewed`: read it as a conjecture until it is published.",
}
_KINDS_OF_FORMULAS = {
    "rational": "A fraction of whole numbers.",
    "radicals": "Made from whole numbers by + - * / and roots; also such combinations of complex roots as cos(pi/7).",
    "elementary": "Made from whole numbers by + - * /, roots, exp and log, and so by sin, atan, pi and e too.",
    "lambertw": "As elementary, and by Lambert's W, the inverse of w*exp(w), too.",
    "algebraic_root": "Made with roots of polynomials with whole coefficients that are not written with radicals: rootof(polynomial, k) "
    "is the k-th real root, counted from 0.",
}
_CODES = {
    ExitCode.ANSWERED: "The problem was answered as well as --require asks (by default locally), or the command did what it was for.",
    ExitCode.INTERNAL: "An internal error, a fault of optbench; --debug shows where.",
    ExitCode.USAGE: "How it was called: options, arguments, files that can't be opened or written.",
    ExitCode.CONTENT: "The problem's content: it can't be read, or makes no sense; the sentences say where.",
    ExitCode.NO_METHOD_CONVERGED: "No method converged, and nothing was proved.",
    ExitCode.BELOW_REQUIREMENT: "There is a feasible point, but it is known less well than --require asks.",
    ExitCode.INFEASIBLE: "The problem is infeasible, or its function is defined nowhere on its range: proved.",
    ExitCode.NO_MINIMUM: "There is no optimum: the function is unbounded, or its infimum is not attained: proved.",
    ExitCode.LIMIT: "A limit of time, memory or work was hit, and nothing usable was found before.",
    ExitCode.DISAGREEMENT: "Two answers exclude each other, or a certificate was refused.",
    ExitCode.RUNS_FAILED: "Some runs of a batch failed: a problem could not be read, or an attempt crashed or was killed.",
    ExitCode.REGRESSION: "Two runs were compared, and the second lost answers, or needs more time or evaluations, beyond the noise.",
    ExitCode.INTERRUPTED: "It was interrupted; what was done until then is printed.",
}


def _all() -> list[Word]:
    tables: list[tuple[str, Mapping[Any, str]]] = [
        ("a status", _STATUSES),
        ("an assurance", _ASSURANCES),
        ("how an attempt ended", _ATTEMPTS),
        ("an exit code", _CODES),
    ]
    known = [Word(str(key.value), kind, meaning) for kind, table in tables for key, meaning in table.items()]
    known += [Word(name, "a verdict on a closed form", meaning) for name, meaning in _VERDICTS.items()]
    known += [Word(name, "a class of formulas", meaning) for name, meaning in _KINDS_OF_FORMULAS.items()]
    return known + [Word(name, "a class of formulas", f"Formulas {meaning}.") for name, meaning in CLASSES.items() if name != "radicals"]


def words(name: str) -> list[Word]:
    """Return what a word means, once for each kind of word that it is; nothing for other words."""
    asked = name.strip().replace("-", "_").replace(" ", "_").lower()
    return [word for word in _all() if word.name.lower() == asked]


def names() -> list[str]:
    """Return all words that are known, each once."""
    return list(dict.fromkeys(word.name for word in _all()))
