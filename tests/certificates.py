"""Certified answers and their files in tests: made, checked, taken apart, and put together again with a new sum.

>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     made = proved("x^2 + 1", folder=Path(folder), x="[-2, 3]")
>>> made.answer.value_enclosure, made.accepted.claim["status"]
(('1', '1'), 'optimal')
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from optbench.certify.answer import CertifiedAnswer
from optbench.certify.stage import solve
from optbench.problem.draft import ConstraintDraft, ProblemDraft, Text, VariableDraft
from optbench.problem.problem import Problem
from optbench.problem.validate import validated
from optbench.result import Assurance, Status
from optbench.verify import Accepted, check
from optbench.workbench.improvement import improver

Numbers = Sequence[float | str]


class Made(NamedTuple):
    """An answer, and what the checker says of its certificate."""

    answer: CertifiedAnswer
    accepted: Accepted
    lines: list[Any]


def asked(objective: str, *constraints: str, sense: str = "minimize", whole: Sequence[str] = (), **ranges: str) -> Problem:
    """A problem; ranges are texts, `whole` names the unknowns that take whole numbers."""
    variables = tuple(VariableDraft(Text(name), range=Text(range_), integer=name in whole) for name, range_ in ranges.items())
    given = tuple(ConstraintDraft(Text(c)) for c in constraints)
    return validated(ProblemDraft(sense, Text(objective), variables=variables, constraints=given), open_names=True)  # type: ignore[arg-type]


def answered(problem: Problem, folder: Path, seconds: float = 20.0, **options: Any) -> Made:
    """The answer to a problem; the checker has to accept its certificate, and to say what the answer says."""
    path = folder / "proof.jsonl"
    answer = solve(problem, seconds=seconds, improver=improver, file=str(path), **options)
    assert answer.file == str(path), answer.not_written
    accepted = check(path)
    assert accepted.claim["status"] == answer.status.value
    assert accepted.claim["value_enclosure"] == (list(answer.value_enclosure) if answer.value_enclosure else None)
    assert (answer.assurance is Assurance.CERTIFIED) == (answer.status in (Status.OPTIMAL, Status.INFEASIBLE))
    return Made(answer, accepted, lines(path))


def proved(objective: str, *constraints: str, folder: Path, seconds: float = 20.0, **asking: Any) -> Made:
    """The same of a problem in words, which has to be certified."""
    options = {name: asking.pop(name) for name in ("digits", "tolerance") if name in asking}
    made = answered(asked(objective, *constraints, **asking), folder, seconds, **options)
    assert made.answer.assurance is Assurance.CERTIFIED, made.answer.reason
    return made


def ends(pair: Sequence[str]) -> tuple[Fraction, Fraction]:
    """The ends of an enclosure."""
    return Fraction(pair[0]), Fraction(pair[1])


def holders(answer: CertifiedAnswer, point: Sequence[float | Fraction], away: float = 0.0) -> list[int]:
    """The numbers of the solutions that have a point in their boxes, or within a distance, relative above 1."""

    def near(x: float | Fraction, pair: Sequence[str]) -> bool:
        low, high = ends(pair)
        room = Fraction(away) * max(1, abs(Fraction(x)))
        return low - room <= Fraction(x) <= high + room

    return [k for k, s in enumerate(answer.solutions) if all(map(near, point, s.enclosure))]


# ---- files -----------------------------------------------------------------------------------------------------------


def lines(path: Path) -> list[Any]:
    """The lines of a certificate but for the last one."""
    return [json.loads(line) for line in path.read_text().splitlines()][:-1]


def written(path: Path, content: Sequence[Any]) -> Path:
    """Write lines, and the sum of them."""
    body = "".join(f"{json.dumps(line)}\n" for line in content).encode()
    path.write_bytes(body + json.dumps({"sha256": hashlib.sha256(body).hexdigest()}).encode() + b"\n")
    return path


# ---- certificates by hand --------------------------------------------------------------------------------------------


def between(lower: str, upper: str, closed: tuple[bool, bool] = (True, True), whole: bool = False) -> dict[str, Any]:
    """A range as certificates have it."""
    return {"lower": lower, "upper": upper, "lower_closed": closed[0], "upper_closed": closed[1], "integer": whole}


def point(*x: float | str) -> dict[str, Any]:
    """A feasible point."""
    return {"box": [list(x), list(x)], "equations": [], "coordinates": [], "around": None}


def place(box: Sequence[Numbers], around: Sequence[Numbers] | None = None, **facts: Any) -> dict[str, Any]:
    """A place of minimisers; nothing is said of it unless facts do."""
    free = [False] * len(box[0])
    return {"box": box, "around": around or box, "held": free, "unique": False, "stationary": False, "point": None, **facts}


def claim(status: str = "unknown", value: Sequence[str] | None = None, *solutions: Any, complete: bool = False) -> dict[str, Any]:
    """What a certificate claims; solutions are boxes, each with at most one minimiser."""
    found = [{"enclosure": box, "unique": True} for box in solutions]
    return {"status": status, "value_enclosure": value, "complete": complete, "solutions": found}


def by_hand(
    minimand: str,
    unknowns: Sequence[Mapping[str, Any]],
    steps: Sequence[Any],
    claimed: Mapping[str, Any],
    root: Sequence[Numbers] | None = None,
    upper: float | None = None,
    feasible: Any = None,
    places: Sequence[Any] = (),
    constraints: Sequence[str] = (),
) -> list[Any]:
    """A certificate of one part, in unknowns u0, u1, ...; `root` is made of the ranges' ends where it is not given."""
    names = [f"u{k}" for k in range(len(unknowns))]
    box = root or [[float(Fraction(u[side])) for u in unknowns] for side in ("lower", "upper")]
    problem = {
        "name": None,
        "sense": "minimize",
        "objective": minimand,
        "minimand": minimand,
        "unknowns": [{"name": name, **u} for name, u in zip(names, unknowns, strict=True)],
        "constraints": list(constraints),
    }
    header = {"format": "optbench/certificate/1", "problem": problem, "claim": claimed, "structure": {"part": 0, "unknowns": names}}
    part = {"part": 0, "minimand": minimand, "unknowns": list(unknowns), "constraints": list(constraints), "root": box}
    known = {"upper": upper, "feasible": feasible, "places": list(places), "multipliers": [[0.0] * len(constraints)]}
    return [header, {**part, **known}, *steps]
