"""Checking a certificate of a global minimum: the file as a whole, its parts, and what they say together.

The text of each line is read as JSON, never as code. The last line has the SHA-256 of all lines before; so a file that was
changed by accident is told at once. Whoever changes that, too, has to write a proof that holds.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from flint import arb, ctx

from optbench.arithmetic.ball_enclosure import Enclosure, between
from optbench.errors import ProblemError
from optbench.language.build import negate, symbol
from optbench.language.derivative import NotDifferentiable
from optbench.language.elaborate import Scope, parse, parse_constraint
from optbench.language.graph import GraphError, Node
from optbench.language.text import text
from optbench.verify.claims import Place, check_feasible, check_places, is_attained
from optbench.verify.part import Part
from optbench.verify.ranges import Refused, fraction, number
from optbench.verify.replay import replay
from optbench.verify.structure import Checked, Problem, Solution, Whole, assembled, key

FORMAT = "optbench/certificate/1"
_PRECISION = 4_000  # bits
_MOST_SOLUTIONS = 1_000
_CLAIMED = ("status", "value_enclosure", "complete", "solutions")
BROKEN = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, StopIteration, TypeError, ValueError)


class Accepted(NamedTuple):
    """What a certificate proves."""

    objective: str  # as the user wrote it, where that is seen to be what was minimised or maximised
    extremum: str  # minimum or maximum
    constrained: bool
    claim: Mapping[str, Any]  # as the file has it
    parts: int
    boxes: int

    def facts(self) -> dict[str, Any]:
        """Return what was checked, as plain JSON values."""
        return {"objective": self.objective, **self.claim, "parts": self.parts, "boxes": self.boxes}

    def sentence(self) -> str:
        """Return what is proved, in words."""
        return f"{self._statement()} ({self.boxes:,} boxes)."

    def _statement(self) -> str:
        extremum, objective = self.extremum, f"{self.objective[:200]}{' under its constraints' if self.constrained else ''}"
        status, value, count = self.claim["status"], self.claim["value_enclosure"], len(self.claim["solutions"])
        if status == "infeasible":
            return f"no point satisfies the constraints of {objective}"
        if value is None:
            return f"nothing is claimed of {objective}"
        attained = f"the {extremum}" if status == "optimal" else f"the {'infimum' if extremum == 'minimum' else 'supremum'}"
        places = f"; {count} {extremum.replace('mum', 'miser')}{'' if count == 1 else 's'}, and no others" if self.claim["complete"] else ""
        return f"{attained} of {objective} lies in [{value[0]}, {value[1]}]{places}"


def check(path: Path) -> Accepted:
    """Return what the certificate in a file proves; raise `Refused` where it doesn't, and `OSError` where it can't be read."""
    _check_sum(path)
    with open(path, "rb") as opened, ctx.workprec(_PRECISION):
        lines = map(_value, opened)
        header = next(lines, None)
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise Refused(f"the file is no certificate of the format {FORMAT}")
        try:
            return _checked(header, lines)
        except (ProblemError, GraphError, NotDifferentiable) as error:
            raise Refused(f"an expression can't be read: {error}") from None
        except BROKEN as error:
            raise Refused(f"a line is not as it must be ({type(error).__name__}: {error})") from None


def _check_sum(path: Path) -> None:
    """Demand that the last line has the sum of the others."""
    digest, last = hashlib.sha256(), b""
    with open(path, "rb") as opened:
        for line in opened:
            digest.update(last)
            last = line
    said = _value(last) if last else None
    if not isinstance(said, dict) or said.get("sha256") != digest.hexdigest():
        raise Refused("the file is no certificate, or was changed or cut short: the sum in its last line is not that of the others")


def _value(line: bytes) -> Any:
    """Return the JSON value of a line; "inf" and "-inf" in lists are numbers."""
    try:
        return _numbers(json.loads(line, parse_constant=_no_constant))
    except (ValueError, RecursionError):
        raise Refused("a line is no JSON") from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [float(v) if v in ("inf", "-inf") else _numbers(v) for v in value]
    return value


# ---- the parts, and the whole ----------------------------------------------------------------------------------------------------


def _checked(header: Mapping[str, Any], lines: Iterator[Any]) -> Accepted:
    problem, claim = header["problem"], {name: header["claim"][name] for name in _CLAIMED}
    asked, sign = _problem(problem), {"minimize": 1, "maximize": -1}[problem["sense"]]
    parts: list[Checked] = []
    boxes = 0
    for claims, steps in _parts(lines):
        checked, count = _part(claims, steps)
        parts.append(checked)
        boxes += count
    whole = assembled(header["structure"], asked, parts)
    _check_claim(claim, whole, sign, [v["name"] for v in problem["unknowns"]])
    extremum = "minimum" if sign > 0 else "maximum"
    return Accepted(_objective(problem, asked, sign), extremum, bool(asked.constraints), claim, len(parts), boxes)


def _parts(lines: Iterator[Any]) -> Iterator[tuple[Mapping[str, Any], list[Any]]]:
    """Yield each part's claims and the lines of its boxes."""
    claims: Mapping[str, Any] | None = None
    steps: list[Any] = []
    for line in lines:
        if isinstance(line, list):
            steps.append(line)
            continue
        if not isinstance(line, dict):
            raise Refused("a line is neither of a part nor of a box")
        if claims is not None:
            yield claims, steps
        claims, steps = line, []
        if "sha256" in line:
            return


def _part(claims: Mapping[str, Any], steps: list[Any]) -> tuple[Checked, int]:
    part = Part(claims)
    feasible = claims["feasible"]
    if (feasible is None) != (claims["upper"] is None):
        raise Refused("there is a feasible point without an upper bound, or an upper bound without one")
    upper = math.inf if feasible is None else number(claims["upper"])
    if feasible is not None:
        check_feasible(part, feasible, upper)
    left = replay(part, upper, steps)
    places = check_places(part, left, _PRECISION) if claims["places"] else []
    attained = feasible is not None and (left.lower >= arb(upper) or is_attained(part, left))
    infeasible = feasible is None and not left.boxes
    return Checked(part, _infimum(left.lower, upper, places, attained), infeasible, attained, places), left.count


def _infimum(lower: arb, upper: float, places: Sequence[Place], attained: bool) -> Enclosure:
    """The infimum of a part: between the bounds of what is left and of the feasible point, or, where the minimisers are known,
    the least of the values there. A place whose constraints may fail counts from below; the only one there is, if there is a
    minimum, is the minimum. Without a feasible point there may be no point in any of them."""
    if upper == math.inf:
        return Enclosure(lower, arb(upper), True)
    values = [p.value for p in places if p.value is not None and p.value.everywhere]
    if not values or len(values) < len(places):
        return Enclosure(min(lower, arb(upper)), arb(upper), True)
    sure = [p.value.upper for p in places if p.value is not None and (p.feasible or (attained and len(places) == 1))]
    return Enclosure(min(v.lower for v in values), min([arb(upper), *sure]), True)


def _problem(given: Mapping[str, Any]) -> Problem:
    names = [v["name"] for v in given["unknowns"]]
    if len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
        raise Refused("the unknowns have no names of their own")
    unknowns = {symbol(v["name"], (), bool(v["integer"])): v for v in given["unknowns"]}
    scope = Scope({s.name: s for s in unknowns})
    ranges = {s: {name: fact for name, fact in v.items() if name != "name"} for s, v in unknowns.items()}
    return Problem(parse(given["minimand"], scope).node, ranges, [parse_constraint(c, scope).node for c in given["constraints"]])


def _objective(given: Mapping[str, Any], problem: Problem, sign: int) -> str:
    """The objective as the user wrote it, or, where it has arrays or data, as the function that was checked."""
    names = [s.name for s in problem.ranges]
    checked = problem.minimand if sign > 0 else negate(problem.minimand)
    try:
        written = parse(given["objective"], Scope({s.name: s for s in problem.ranges})).node
    except (ProblemError, GraphError):
        return text(checked)
    if _is_same(written, problem.minimand, sign):
        return str(given["objective"])
    if names != [f"u{k}" for k in range(len(names))]:
        raise Refused("the objective is not the function that was minimised")
    return text(checked)


def _is_same(objective: Node, minimand: Node, sign: int) -> bool:
    return key(objective if sign > 0 else negate(objective)) == key(minimand)


def _check_claim(claim: Mapping[str, Any], whole: Whole, sign: int, names: Sequence[str]) -> None:
    status, value = claim["status"], claim["value_enclosure"]
    if status == "infeasible":
        if not whole.infeasible or value is not None or claim["solutions"] or claim["complete"]:
            raise Refused("it is not proved that no point is feasible")
        return
    if status not in ("optimal", "unknown") or (status == "optimal" and (not whole.attained or value is None)):
        raise Refused("it is not proved that there is a minimum" if status == "optimal" else "the status is none that a certificate has")
    if value is not None:
        low, high = (between(fraction(end), fraction(end), _PRECISION) for end in value)
        found = whole.value if sign > 0 else Enclosure(-whole.value.upper, -whole.value.lower, True)
        if whole.value.empty or not (low.upper <= found.lower and found.upper <= high.lower):
            raise Refused("the value is not proved to lie in the enclosure that is claimed")
    _check_solutions(claim, whole, names)


def _check_solutions(claim: Mapping[str, Any], whole: Whole, names: Sequence[str]) -> None:
    """Demand that each solution is one that follows, and, where they are said to be all there are, that none is missing."""
    claimed = [_box(s["enclosure"], names) for s in claim["solutions"]]
    for box, solution in zip(claimed, claim["solutions"], strict=True):
        if not all(any(_holds(box, found) for found in factor) for factor in whole.factors):
            raise Refused("a solution does not follow from its places")
        if solution["unique"] and not all([f.unique for f in factor if _meets(box, f)] == [True] for factor in whole.factors):
            raise Refused("a solution is not proved to hold one minimiser at most")
    if claim["complete"]:
        known = whole.attained and 0 < whole.count <= _MOST_SOLUTIONS and all(s["unique"] for s in claim["solutions"])
        if not known or not all(any(all(_holds(box, f) for f in found) for box in claimed) for found in product(*whole.factors)):
            raise Refused("it is not proved that the solutions are all there are")


def _box(ends: Sequence[Sequence[str]], names: Sequence[str]) -> dict[str, Enclosure]:
    return {name: between(fraction(low), fraction(high), _PRECISION) for name, (low, high) in zip(names, ends, strict=True)}


def _meets(box: Mapping[str, Enclosure], found: Solution) -> bool:
    return not any(bool(box[s.name].upper < e.lower) or bool(e.upper < box[s.name].lower) for s, e in found.box.items())


def _holds(box: Mapping[str, Enclosure], found: Solution) -> bool:
    return all(bool(box[s.name].lower <= e.lower) and bool(e.upper <= box[s.name].upper) for s, e in found.box.items())
