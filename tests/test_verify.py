"""The checker: it accepts what the search proves, and nothing false, whoever wrote the file and its sum."""

from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from certificates import asked, between, by_hand, claim, ends, lines, place, point, written

from optbench.certify.stage import solve
from optbench.verify import Accepted, Refused, check
from optbench.workbench.improvement import improver

Lines = list[Any]

# ---- certificates of the search --------------------------------------------------------------------------------------

ASKED: dict[str, tuple[str, list[str], dict[str, str], dict[str, Any]]] = {  # objective, constraints, ranges, options
    "waves": ("sin(3*x)*sin(3*y) + (x - 2)^2 + y^2", [], {"x": "[-4, 4]", "y": "[-4, 4]"}, {}),
    "constrained": ("(x - 5)^2 + y^2 - 25", ["x^2 - y <= 0"], {"x": "[-10, 10]", "y": "[-10, 10]"}, {}),
    "on a circle": ("x + y", ["x^2 + y^2 == 1"], {"x": "[-5, 5]", "y": "[-5, 5]"}, {}),
    "ends": ("x - y^2", [], {"x": "[sqrt(2), pi]", "y": "[-1, 1]"}, {}),
    "parts": ("log(1 + x^2) + exp(y) + exp(z)", [], {"x": "[-6, 6]", "y": "[-1/3, 1]", "z": "[-1/3, 1]"}, {}),
    "outer": ("sqrt(x^2 - 4)", [], {"x": "[-6, 6]"}, {}),
    "whole": ("(x - 1/2)^2 + abs(y + 1/3)", [], {"x": "[-3, 3]", "y": "(-3, 3)"}, {"whole": ["x", "y"]}),
    "open": ("x", [], {"x": "(0, 1]"}, {}),
    "nowhere": ("x + y", ["x^2 + y^2 <= 1", "x + y >= 2"], {"x": "[-5, 5]", "y": "[-5, 5]"}, {}),
    "most": ("x*exp(-x)", [], {"x": "[0, 5]"}, {"sense": "maximize"}),
}


@cache
def _made(name: str) -> str:
    objective, constraints, ranges, options = ASKED[name]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "proof.jsonl"
        solve(asked(objective, *constraints, **options, **ranges), seconds=20, improver=improver, file=str(path))
        return path.read_text()


def made(name: str) -> Lines:
    """The lines of a certificate, but for its sum, to be changed."""
    return [json.loads(line) for line in _made(name).splitlines()][:-1]


@pytest.mark.parametrize("name", ASKED)
def test_certificates_of_the_search_are_accepted(name: str, tmp_path: Path) -> None:
    accepted = check(written(tmp_path / "c", made(name)))
    assert accepted.claim == made(name)[0]["claim"]
    assert accepted.objective == made(name)[0]["problem"]["objective"]
    assert accepted.boxes == sum(isinstance(line, list) for line in made(name))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("waves", "the minimum of sin(3*x)*sin(3*y) + (x - 2)^2 + y^2 lies in [-0.6265977595795176155484104"),
        ("nowhere", "no point satisfies the constraints of x + y under its constraints ("),
        ("open", "the infimum of x lies in [0, 0] (1 boxes)."),
        ("whole", "; 2 minimisers, and no others ("),
        ("most", "the maximum of x*exp(-x) lies in [0.36787944117144232159552377016"),
    ],
)
def test_an_accepted_certificate_says_what_it_proves(name: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in check(written(tmp_path / "c", made(name))).sentence()


def test_no_assumption_of_the_search_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a part says of its bounds and of completeness is not read, nor what is written of a box that is left."""
    content = made("waves")
    for line in content[1:]:
        if isinstance(line, dict):
            line.update(lower=1e9, complete=not line["complete"])
        elif line[-1][0] == "left":
            line[-1][2] = 1e9
    assert check(written(tmp_path / "c", content)).claim == made("waves")[0]["claim"]


# ---- changed certificates --------------------------------------------------------------------------------------------


def steps(content: Lines, name: str) -> Iterator[list[Any]]:
    """The steps of this name, in all boxes."""
    return (step for line in content if isinstance(line, list) for step in line[1:] if step[0] == name)


def parts(content: Lines) -> Iterator[dict[str, Any]]:
    return (line for line in content[1:] if isinstance(line, dict))


def moved(text: str, step: Fraction) -> str:
    """A decimal number, moved a little."""
    exact = Fraction(text) + step
    digits = 60
    scaled = exact * 10**digits
    assert scaled.denominator == 1
    sign, whole = "-" if scaled < 0 else "", str(abs(scaled.numerator)).rjust(digits + 1, "0")
    return f"{sign}{whole[:-digits]}.{whole[-digits:]}"


def raise_lower(c: Lines) -> None:
    pair = c[0]["claim"]["value_enclosure"]
    pair[0] = moved(pair[1], Fraction(1, 10**20)) if pair[0] == pair[1] else pair[1]


def lower_upper(c: Lines) -> None:
    pair = c[0]["claim"]["value_enclosure"]
    pair[1] = moved(pair[0], -Fraction(1, 10**20)) if pair[0] == pair[1] else pair[0]


def claim_of(**facts: Any) -> Callable[[Lines], None]:
    return lambda c: c[0]["claim"].update(facts)


def problem_of(**facts: Any) -> Callable[[Lines], None]:
    return lambda c: c[0]["problem"].update(facts)


def part_of(**facts: Any) -> Callable[[Lines], None]:
    return lambda c: next(parts(c)).update(facts)


def unknown_of(k: int, header: bool = True, part: bool = True, **facts: Any) -> Callable[[Lines], None]:
    def change(c: Lines) -> None:
        for given in [*([c[0]["problem"]] if header else []), *([next(parts(c))] if part else [])]:
            given["unknowns"][k].update(facts)

    return change


def without_line(k: int) -> Callable[[Lines], None]:
    return lambda c: c.pop(k)


def without_step(name: str) -> Callable[[Lines], None]:
    def change(c: Lines) -> None:
        line = next(line for line in c if isinstance(line, list) and line[1][0] == name)
        del line[1]

    return change


def of_step(name: str, change: Callable[[list[Any]], Any]) -> Callable[[Lines], None]:
    """Change the first step of this name."""
    return lambda c: change(next(steps(c, name)))


def narrow(step: list[Any]) -> None:
    """Take half of the box that a step leaves."""
    low, high = step[1 if step[0] == "left" else 2]
    high[0] = (low[0] + high[0]) / 2


def drop_solution(c: Lines) -> None:
    c[0]["claim"]["solutions"].pop()


def shift_solution(c: Lines) -> None:
    pair = c[0]["claim"]["solutions"][0]["enclosure"][0]
    pair[:] = [moved(end, Fraction(1, 10**25)) for end in pair]


def join_solutions(c: Lines) -> None:
    """One box around two minimisers, said to hold one at most."""
    [first, second] = [s["enclosure"] for s in c[0]["claim"]["solutions"]]
    box = [[str(min(Fraction(a[0]), Fraction(b[0]))), str(max(Fraction(a[1]), Fraction(b[1])))] for a, b in zip(first, second, strict=True)]
    c[0]["claim"]["solutions"] = [{"enclosure": box, "unique": True}]


def fewer_constraints(c: Lines) -> None:
    c[0]["problem"]["constraints"].pop()
    part = next(parts(c))
    part["constraints"].pop()
    part["multipliers"] = [m[:-1] for m in part["multipliers"]]


def other_children(c: Lines) -> None:
    next(steps(c, "split"))[3].reverse()


def same_children(c: Lines) -> None:
    children = next(steps(c, "split"))[3]
    children[1] = children[0]


def in_both(old: str, new: str) -> Callable[[Lines], None]:
    """Change the function in the problem and in its part."""

    def change(c: Lines) -> None:
        c[0]["problem"].update(minimand=new, objective=new)
        next(parts(c))["minimand"] = next(parts(c))["minimand"].replace(old, new) if old else new

    return change


TAMPERED: list[tuple[str, str, Callable[[Lines], Any]]] = [
    *((name, "lower end", raise_lower) for name in ("waves", "constrained", "on a circle", "ends", "parts", "outer", "whole", "most")),
    *((name, "upper end", lower_upper) for name in ("waves", "constrained", "on a circle", "ends", "parts", "outer", "whole", "most")),
    ("waves", "no point", claim_of(status="infeasible")),
    ("waves", "no point at all", claim_of(status="infeasible", value_enclosure=None, complete=False, solutions=[])),
    ("waves", "unbounded", claim_of(status="unbounded")),
    ("open", "attained", claim_of(status="optimal")),
    ("open", "attained, closed in the problem", lambda c: (unknown_of(0, part=False, lower_closed=True)(c), claim_of(status="optimal")(c))),
    ("nowhere", "a minimum", claim_of(status="optimal", value_enclosure=["0", "1"])),
    ("nowhere", "a value beside", claim_of(value_enclosure=["0", "1"])),
    ("nowhere", "complete beside", claim_of(complete=True)),
    ("on a circle", "complete", claim_of(complete=True)),
    ("outer", "complete", claim_of(complete=True)),
    ("outer", "unique", lambda c: c[0]["claim"]["solutions"][0].update(unique=True)),
    ("waves", "without its solution", drop_solution),
    ("whole", "without a solution", drop_solution),
    ("whole", "solutions joined", join_solutions),
    ("ends", "solutions joined", join_solutions),
    ("waves", "solution moved", shift_solution),
    ("waves", "solution added", lambda c: c[0]["claim"]["solutions"].append({"enclosure": [["0", "1"], ["0", "1"]], "unique": True})),
    ("waves", "solution of one number", lambda c: c[0]["claim"]["solutions"][0]["enclosure"].pop()),
    ("waves", "maximum", problem_of(sense="maximize")),
    ("most", "minimum", problem_of(sense="minimize")),
    ("waves", "sense", problem_of(sense="least")),
    ("waves", "objective", problem_of(objective="sin(3*x)*sin(3*y) + (x - 2)^2 + y^2 - 1")),
    ("waves", "minimand", problem_of(minimand="sin(3*x)*sin(3*y) + (x - 2)^2 + y^2 - 1")),
    ("waves", "minimand of the part", part_of(minimand="sin(3*u0)*sin(3*u1) + (u0 - 2)^2 + u1^2 - 1")),
    ("waves", "all functions", in_both("", "sin(3*u0)*sin(3*u1) + (u0 - 2)^2 + u1^2")),
    ("waves", "range of the problem", unknown_of(0, part=False, lower="-5")),
    ("waves", "range of the part", unknown_of(0, header=False, lower="-5")),
    ("waves", "range", unknown_of(0, lower="-5")),
    ("waves", "range, and the first box", lambda c: (unknown_of(0, lower="1")(c), part_of(root=[[1.0, -4.0], [4.0, 4.0]])(c))),
    ("waves", "a first box that is larger", part_of(root=[[-5.0, -4.0], [4.0, 4.0]])),
    ("waves", "a first box that is smaller", part_of(root=[[-3.0, -4.0], [4.0, 4.0]])),
    ("open", "closed", unknown_of(0, part=False, lower_closed=True)),
    ("whole", "real", unknown_of(0, integer=False)),
    ("waves", "whole", unknown_of(0, integer=True)),
    ("constrained", "fewer constraints", fewer_constraints),
    ("constrained", "constraints of the problem", lambda c: c[0]["problem"]["constraints"].pop()),
    ("constrained", "constraints of the part", lambda c: next(parts(c))["constraints"].pop()),
    ("constrained", "another constraint", lambda c: c[0]["problem"].update(constraints=["x^2 - y <= -1"])),
    (
        "outer",
        "without the domain",
        lambda c: next(parts(c)).update(constraints=[], multipliers=[[] for _ in next(parts(c))["multipliers"]]),
    ),
    ("constrained", "negative multipliers", lambda c: next(parts(c))["multipliers"].__setitem__(-1, [-1.0])),
    ("constrained", "no multipliers", part_of(multipliers=[])),
    ("constrained", "infinite multipliers", lambda c: next(parts(c))["multipliers"].__setitem__(-1, ["inf"])),
    ("waves", "upper bound", lambda c: part_of(upper=next(parts(c))["upper"] - 1e-9)(c)),
    ("waves", "no feasible point", part_of(feasible=None)),
    ("waves", "no upper bound", part_of(upper=None)),
    ("waves", "upper bound without a point", part_of(feasible=None, upper=-1.0)),
    ("waves", "feasible point elsewhere", part_of(feasible=point(0.0, 0.0))),
    ("waves", "feasible point outside", part_of(feasible=point(5.0, 0.0))),
    ("constrained", "feasible point that is none", part_of(feasible=point(2.0, 1.0))),
    ("whole", "feasible point between", part_of(feasible=point(0.5))),
    ("on a circle", "equations", lambda c: next(parts(c))["feasible"].update(equations=[], coordinates=[])),
    ("on a circle", "coordinates", lambda c: next(parts(c))["feasible"].update(coordinates=[5])),
    ("on a circle", "solution of the equations", lambda c: next(parts(c))["feasible"].update(around=[[0.0, 0.0], [1e-9, 0.0]])),
    ("waves", "no places", part_of(places=[])),
    ("waves", "place moved", lambda c: next(parts(c))["places"][0].update(box=[[0.0, 0.0], [1.0, 1.0]])),
    ("waves", "place around a smaller box", lambda c: next(parts(c))["places"][0].update(around=[[2.0, 0.0], [2.1, 0.1]])),
    ("waves", "held", lambda c: next(parts(c))["places"][0].update(held=[True, True])),
    ("waves", "point", lambda c: next(parts(c))["places"][0].update(point=[["2", "2"], ["0", "0"]])),
    ("waves", "box missing", without_line(-1)),
    ("waves", "box twice", lambda c: c.append(c[-1])),
    ("waves", "first box missing", without_line(2)),
    ("waves", "number", lambda c: c[5].__setitem__(0, 10_000)),
    ("waves", "boxes exchanged", lambda c: (lambda a, b: (a.__setitem__(0, b[0]), b.__setitem__(0, a[0])))(c[-1], c[-2])),
    ("waves", "a step after the last", lambda c: c[-1].append(["undefined"])),
    ("waves", "no last step", lambda c: c[-1].pop()),
    ("waves", "no step at all", lambda c: c[-1].__delitem__(slice(1, None))),
    ("waves", "another step", lambda c: next(steps(c, "above by values")).__setitem__(slice(None), ["undefined"])),
    ("waves", "infeasible", lambda c: next(steps(c, "above by values")).__setitem__(slice(None), ["infeasible"])),
    ("waves", "a step that is none", lambda c: next(steps(c, "split")).__setitem__(0, "trust me")),
    ("waves", "split outside", of_step("split", lambda s: s.__setitem__(2, 100.0))),
    ("waves", "split at infinity", of_step("split", lambda s: s.__setitem__(2, "inf"))),
    ("waves", "split along nothing", of_step("split", lambda s: s.__setitem__(1, 7))),
    ("waves", "split along the other coordinate", of_step("split", lambda s: s.__setitem__(1, 1 - s[1]))),
    ("waves", "split at no number", of_step("split", lambda s: s.__setitem__(2, "0"))),
    ("waves", "halves exchanged", other_children),
    ("waves", "one half twice", same_children),
    ("waves", "cut too far", of_step("cut", narrow)),
    ("waves", "cut that grows", of_step("cut", lambda s: s[2][1].__setitem__(0, 100.0))),
    ("waves", "cut around a point outside", of_step("cut", lambda s: s[1].__setitem__(0, 100.0))),
    ("waves", "cut around infinity", of_step("cut", lambda s: s[1].__setitem__(0, "inf"))),
    ("waves", "newton too far", of_step("newton", narrow)),
    ("waves", "newton around a point outside", of_step("newton", lambda s: s[1].__setitem__(0, 3.9))),
    ("waves", "left elsewhere", of_step("left", narrow)),
    ("ends", "the other end", of_step("end", lambda s: s.__setitem__(2, [[math.pi], [math.pi]]))),
    ("ends", "a wide end", of_step("end", lambda s: s[2][0].__setitem__(0, 1.0))),
    ("ends", "concave without an end", of_step("concave", lambda s: s[2].__setitem__(0, -1))),
    ("parts", "another part", lambda c: c[0]["structure"]["sum"][0]["inner"].update(inner={"part": 1, "unknowns": ["x"]})),
    ("parts", "a term less", lambda c: c[0]["structure"]["sum"].pop()),
    ("parts", "an unknown twice", lambda c: c[0]["structure"]["sum"][1].update(unknowns=["x"])),
    ("parts", "a term's function", lambda c: c[0]["structure"]["sum"][1].update(minimand="exp(y) - 1")),
    ("outer", "a falling function", lambda c: c[0]["structure"].update(outer="sqrt(-t)")),
    ("outer", "another function", lambda c: c[0]["structure"].update(outer="t")),
    ("outer", "another inner function", lambda c: c[0]["structure"].update(minimand="x^2 - 5")),
    ("waves", "no such part", lambda c: c[0].update(structure={"part": 1, "unknowns": ["x", "y"]})),
    ("waves", "a part from behind", lambda c: c[0].update(structure={"part": -1, "unknowns": ["x", "y"]})),
    ("waves", "other names", lambda c: c[0].update(structure={"part": 0, "unknowns": ["y", "x"]})),
]


@pytest.mark.parametrize(("name", "what", "change"), TAMPERED, ids=[f"{name}: {what}" for name, what, _ in TAMPERED])
def test_changed_certificates_are_refused(name: str, what: str, change: Callable[[Lines], Any], tmp_path: Path) -> None:
    content = made(name)
    change(content)
    assert json.dumps(content) != json.dumps(made(name)), f"nothing was changed: {what}"
    assert_refused(written(tmp_path / "c", content))


def assert_refused(path: Path) -> None:
    with pytest.raises(Refused) as reason:
        check(path)
    assert len(str(reason.value)) > 10


# ---- certificates by hand: each would prove something false if a rule were missing -----------------------------------

UNIT = [between("-1", "1")]
HALF_OPEN = [between("0", "1", (False, True))]
WHOLE = [between("0", "5", whole=True)]
NOWHERE = claim("infeasible")
BOUNDED, LEFT = ["bound by values"], ["left", [[-1.0], [1.0]], 0]
FALSE: dict[str, Lines] = {
    "a cut grows beyond the range, so that its end is not touched": by_hand(
        "u0", UNIT, [[0, ["cut", [0.0], [[-5.0], [1.0]], 0], ["monotone", 0]]], NOWHERE
    ),
    "the first box is larger than the range, so that an open end is not touched": by_hand(
        "u0", HALF_OPEN, [[0, ["end", 0, [[0.0], [0.0]]], BOUNDED, ["left", [[0.0], [0.0]], 0]]], claim("optimal", ["-1", "1"]),
        root=[[-1.0], [1.0]], upper=1.0, feasible=point(1.0),
    ),
    "the interval around an open end is wide": by_hand(
        "u0", HALF_OPEN, [[0, ["end", 0, [[-1.0], [0.5]]], BOUNDED, ["left", [[-1.0], [0.5]], 0]]], claim("optimal", ["-1", "1"]),
        upper=1.0, feasible=point(1.0),
    ),
    "the infimum at an open end is a minimum": by_hand(
        "u0", HALF_OPEN, [[0, ["end", 0, [[0.0], [0.0]]], BOUNDED, ["left", [[0.0], [0.0]], 0]]], claim("optimal", ["-1", "1"]),
        upper=1.0, feasible=point(1.0),
    ),
    "a Newton test around a point far away": by_hand(
        "u0^4 + u0^2",
        UNIT,
        [
            [0, ["split", 0, -0.5, [1, 2]]],
            [1, ["monotone", 0]],
            [2, ["split", 0, 0.5, [3, 4]]],
            [3, ["no stationary point", [4.0]]],
            [4, ["monotone", 0]],
        ],
        NOWHERE,
    ),
    "a minimum without a feasible point": by_hand(
        "u0^2 + u1",
        [*UNIT, between("0", "0", whole=True)],
        [
            [0, ["split", 0, -0.5, [1, 2]]],
            [1, ["monotone", 0]],
            [2, ["split", 0, 0.5, [3, 4]]],
            [3, ["left", [[-0.5, 0.0], [0.5, 0.0]], 0]],
            [4, ["monotone", 0]],
        ],
        claim("optimal", ["0", "0"], [["0", "0"], ["0", "0"]], complete=True),
        constraints=["u1 >= 1"],
        places=[place([[-0.5, 0.0], [0.5, 0.0]], held=[False, True], unique=True, stationary=True, point=[["0", "0"], ["0", "0"]])],
    ),
    "a place without boxes, with a lower value": by_hand(
        "u0",
        WHOLE,
        [[0, ["end", 0, [[0.0], [0.0]]], ["left", [[0.0], [0.0]], 0]]],
        claim("unknown", ["-100", "-100"]),
        upper=0.0,
        feasible=point(0.0),
        places=[
            place([[0.0], [0.0]], held=[True], unique=True, stationary=True, point=[["0", "0"]]),
            place([[100.0], [100.0]], [[-100.0], [-100.0]], held=[True], unique=True, stationary=True, point=[["-100", "-100"]]),
        ],
    ),
    "a whole number is moved by less than a double": by_hand(
        "u0",
        WHOLE,
        [[0, ["end", 0, [[0.0], [0.0]]], ["left", [[0.0], [0.0]], 0]]],
        claim("unknown", ["3e-324", "1"]),
        upper=0.0,
        feasible=point(0.0),
        places=[place([[0.0], [0.0]], [[0.0], [5e-324]], held=[True], unique=True, stationary=True, point=[["4e-324", "4e-324"]])],
    ),
    "convex, but two whole numbers are least": by_hand(
        "(u0 - 1/2)^2",
        [between("0", "1", whole=True)],
        [[0, BOUNDED, ["left", [[0.0], [1.0]], 0]]],
        claim("optimal", ["0", "1"], [["0", "1"]], complete=True),
        upper=0.25,
        feasible=point(0.0),
        places=[place([[0.0], [1.0]], unique=True)],
    ),
    "complete without places": by_hand(
        "u0^2", UNIT, [[0, BOUNDED, LEFT]], claim("optimal", ["0", "0"], complete=True), upper=0.0, feasible=point(0.0)
    ),
    "two places in one solution": by_hand(
        "u0^2*(u0 - 1)^2",
        [between("-1", "2")],
        [
            [0, ["split", 0, 0.5, [1, 2]]],
            [1, ["split", 0, -0.125, [3, 4]]],
            [2, ["split", 0, 0.875, [5, 6]]],
            [3, ["monotone", 0]],
            [4, ["split", 0, 0.125, [7, 8]]],
            [5, ["above by values"]],
            [6, ["split", 0, 1.125, [9, 10]]],
            [7, BOUNDED, ["left", [[-0.125], [0.125]], 0]],
            [8, ["above by values"]],
            [9, BOUNDED, ["left", [[0.875], [1.125]], 0]],
            [10, ["monotone", 0]],
        ],
        claim("optimal", ["0", "0"], [["-2", "2"]], complete=True),
        upper=0.0,
        feasible=point(0.0),
        places=[
            place([[-0.125], [0.125]], unique=True, stationary=True, point=[["0", "0"]]),
            place([[0.875], [1.125]], unique=True, stationary=True, point=[["1", "1"]]),
        ],
    ),
    "a point at infinity": by_hand(
        "exp(u0)",
        [between("-inf", "inf", (True, True))],
        [[0, BOUNDED, ["left", [["-inf"], ["inf"]], 0]]],
        claim("unknown", ["0", "0"]),
        root=[["-inf"], ["inf"]],
        upper=0.0,
        feasible=point("-inf"),
    ),
    "a whole number beyond 2^53 falls between two halves": by_hand(
        "(u0 - 9007199254740995)^2",
        [between("9007199254740992", "9007199254741000", whole=True)],
        [
            [0, ["split", 0, 9007199254740994.0, [1, 2]]],
            [1, ["bound by tangent", [9007199254740994.0], 0], ["left", [[9007199254740992.0], [9007199254740994.0]], 0]],
            [2, ["bound by tangent", [9007199254740996.0], 0], ["left", [[9007199254740996.0], [9007199254741000.0]], 0]],
        ],
        claim("unknown", ["1", "1"]),
        upper=1.0,
        feasible=point(9007199254740994.0),
    ),
    "an open range of whole numbers": by_hand(
        "u0",
        [between("2", "5", (False, True), whole=True)],
        [[0, ["end", 0, [[2.0], [2.0]]], BOUNDED, ["left", [[2.0], [2.0]], 0]]],
        claim("unknown", ["2", "2"]),
        upper=3.0,
        feasible=point(3.0),
        places=[place([[2.0], [2.0]], held=[True], unique=True, stationary=True, point=[["2", "2"]])],
    ),
    "a tangent of a function that is not convex": by_hand(
        "-u0^2", UNIT, [[0, ["bound by tangent", [0.0], 0], LEFT]], claim("unknown", ["0", "0"]), upper=0.0, feasible=point(0.0)
    ),
    "slopes of a function that ends in the box": by_hand(
        "sqrt(u0) + u0", UNIT, [[0, ["monotone", 0]]], NOWHERE
    ),
    "slopes across a jump": by_hand("floor(u0) + u0", UNIT, [[0, ["split", 0, -0.5, [1, 2]]], [1, ["end", 0, [[-1.0], [-1.0]]], BOUNDED,
        ["left", [[-1.0], [-1.0]], 0]], [2, ["monotone", 0]]], claim("unknown", ["-1/2", "0"]), upper=0.0, feasible=point(0.0)),
    "a move that a constraint forbids": by_hand(
        "u0", UNIT, [[0, ["end", 0, [[-1.0], [-1.0]]], ["infeasible"]]], NOWHERE, constraints=["u0 >= 1/2"]
    ),
    "a Newton test at the end of a range": by_hand("u0", UNIT, [[0, ["no stationary point", [0.0]]]], NOWHERE),
    "a drop above a bound that no point has": by_hand("u0^2", UNIT, [[0, ["above by values"]]], claim("unknown", ["-2", "-1"]), upper=-1.0),
    "a strict constraint counts as lax": by_hand(
        "u0^2",
        UNIT,
        [[0, ["bound by values"], LEFT]],
        claim("optimal", ["0", "1"]),
        upper=1.0,
        feasible=point(1.0),
        constraints=["u0 > 0"],
    ),
    "a point on the edge of a strict constraint": by_hand(
        "u0", UNIT, [[0, BOUNDED, LEFT]], claim("unknown", ["-1", "0"]), upper=0.0, feasible=point(0.0), constraints=["u0 > 0"]
    ),
    "an equation that holds nearly": by_hand(
        "u0", UNIT, [[0, BOUNDED, LEFT]], claim("unknown", ["-1", "0.1"]), upper=0.1, feasible=point(0.1), constraints=["10*u0 == 1"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_false_certificates_are_refused(name: str, tmp_path: Path) -> None:
    assert_refused(written(tmp_path / "c", FALSE[name]))


def test_an_outer_function_keeps_its_domain(tmp_path: Path) -> None:
    """sqrt(x^2 - 4) has no value on [-1, 1], although x^2 - 4 has a minimum there."""
    content = by_hand("u0^2 - 4", UNIT, [[0, BOUNDED, LEFT]], claim("optimal", ["7", "8"]), upper=-4.0, feasible=point(0.0))
    content[0]["problem"].update(minimand="sqrt(u0^2 - 4)", objective="sqrt(u0^2 - 4)")
    content[0]["structure"] = {"outer": "sqrt(t)", "minimand": "u0^2 - 4", "inner": content[0]["structure"]}
    assert_refused(written(tmp_path / "c", content))


def test_an_unknown_is_no_number(tmp_path: Path) -> None:
    """x + 2, where 2 is the name of an unknown."""
    content = by_hand(
        "u0 + u1",
        [between("0", "1"), between("-5", "5", whole=True)],
        [[0, BOUNDED, ["left", [[0.0, -5.0], [1.0, 5.0]], 0]]],
        claim("unknown", ["-5", "-5"]),
        upper=-5.0,
        feasible=point(0.0, -5.0),
    )
    for given, name in zip(content[0]["problem"]["unknowns"], ("x", "2"), strict=True):
        given["name"] = name
    content[0]["problem"].update(minimand="x + 2", objective="x + 2")
    content[0]["structure"]["unknowns"] = ["x", "2"]
    assert_refused(written(tmp_path / "c", content))


def test_solutions_that_are_not_listed_count_too(tmp_path: Path) -> None:
    """Of 2^11 minimisers, some are listed; a box that has an unlisted one beside its own holds two."""
    path = tmp_path / "c"
    names = [f"x{k}" for k in range(11)]
    objective = " + ".join(f"({n}^2 - 1)^2" for n in names)
    answer = solve(asked(objective, **dict.fromkeys(names, "[-2, 2]")), seconds=20, file=str(path))
    assert (answer.complete, len(answer.solutions)) == (False, 100)
    assert "nothing" not in check(path).sentence()
    content = lines(path)
    content[0]["claim"]["solutions"][0]["enclosure"][0] = ["-1.5", "1.5"]
    assert_refused(written(path, content))
    content[0]["claim"]["solutions"][0]["unique"] = False
    assert check(written(path, content)).claim["complete"] is False
    content[0]["claim"]["complete"] = True
    assert_refused(written(path, content))


def test_facts_beside_the_claim_are_not_repeated(tmp_path: Path) -> None:
    content = made("waves")
    content[0]["claim"].update(objective="something else", boxes=0)
    assert check(written(tmp_path / "c", content)).facts()["objective"] == made("waves")[0]["problem"]["objective"]


def test_an_objective_with_arrays_is_told_as_what_was_checked(tmp_path: Path) -> None:
    path = tmp_path / "c"
    solve(asked("sum((x - 1)^2)", x="[-3, 3]"), seconds=5, file=str(path))
    assert check(path).objective == "(x - 1)^2"
    content = lines(path)
    for given in (content[0]["problem"], content[0]["structure"]):
        given["unknowns"] = [{**u, "name": "u0"} if isinstance(u, dict) else "u0" for u in given["unknowns"]]
    content[0]["problem"].update(objective="sum((x - a)^2)", minimand="(u0 - 1)^2", sense="minimize")
    assert "the minimum of (u0 - 1)^2 lies in [0, 0]" in check(written(path, content)).sentence()


# ---- files that are no certificates ----------------------------------------------------------------------------------


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def deep(depth: int) -> Any:
    inner: Any = {"part": 0, "unknowns": ["x", "y"]}
    for _ in range(depth):
        inner = {"outer": "t", "minimand": "x", "inner": inner}
    return inner


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"\x00\x01\x02\xff\xfe",
        b"not a certificate\n",
        b'{"sha256": "0"}\n',
        nested(100_000).encode(),
        b"NaN\n",
        b'{"a": 1e999}\n',
        b"9" * 10_000 + b"\n",
        json.dumps({"format": "optbench/certificate/1"}).encode(),
    ],
    ids=lambda content: repr(content[:20]),
)
def test_files_of_another_kind_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "c"
    path.write_bytes(content)
    assert_refused(path)


@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_files_that_were_cut_short_are_refused(keep: float, tmp_path: Path) -> None:
    path, whole = tmp_path / "c", _made("waves").encode()
    path.write_bytes(whole[: int(keep * len(whole))])
    assert_refused(path)


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    path, whole, source = tmp_path / "c", _made("waves").encode(), random.Random(1)
    for _ in range(100):
        k = source.randrange(len(whole) - 1)
        path.write_bytes(whole[:k] + bytes([whole[k] ^ (1 << source.randrange(7))]) + whole[k + 1 :])
        assert_refused(path)


MALFORMED: dict[str, Callable[[Lines], Any]] = {
    "no header": lambda c: c.pop(0),
    "another format": lambda c: c[0].update(format="optbench/certificate/2"),
    "no part": lambda c: c.__delitem__(slice(1, None)),
    "deep structure": lambda c: c[0].update(structure=deep(900)),
    "structure of nothing": lambda c: c[0].update(structure={}),
    "structure in a list": lambda c: c[0].update(structure=[]),
    "division by 0": claim_of(value_enclosure=["1/0", "1"]),
    "a huge exponent": claim_of(value_enclosure=["-1e999999999", "1e999999999"]),
    "not a number": claim_of(value_enclosure=["nan", "nan"]),
    "infinite": claim_of(value_enclosure=["-inf", "inf"]),
    "one end": claim_of(value_enclosure=["0"]),
    "ends as numbers": claim_of(value_enclosure=[-1, 1]),
    "upper as text": part_of(upper="nan"),
    "upper as inf": part_of(upper="inf"),
    "upper as truth": part_of(upper=True),
    "root of nothing": part_of(root=[[], []]),
    "an array": part_of(minimand="[u0, u1]"),
    "a comparison": part_of(minimand="u0 < u1"),
    "no derivative": part_of(minimand="trigamma(u0 + 9) + u1"),
    "an unknown symbol": part_of(minimand="u0 + u7"),
    "code": part_of(minimand="__import__('os')"),
    "an expression that is none": part_of(minimand="u0 +"),
    "an empty expression": part_of(minimand=""),
    "an expression as number": part_of(minimand=3),
    "a constraint that is none": part_of(constraints=["u0"]),
    "a range of nothing": unknown_of(0, lower="log(0)"),
    "a range of symbols": unknown_of(0, lower="x"),
    "an unknown without a range": lambda c: c[0]["problem"]["unknowns"][0].pop("lower"),
    "an infinite range, closed": unknown_of(0, lower="-inf", lower_closed=True),
    "a range that begins at inf": unknown_of(0, lower="inf"),
    "unknowns with one name": lambda c: [u.update(name="x") for u in c[0]["problem"]["unknowns"]],
    "a step that is a number": lambda c: c[3].append(5),
    "a step that is nothing": lambda c: c[3].append(None),
    "a step that is empty": lambda c: c[3].append([]),
    "a step in a list": lambda c: c[3].insert(1, [["split"]]),
    "a step in a mapping": lambda c: c[3].insert(1, {}),
    "a box without a number": lambda c: c[2].pop(0),
    "a box in a box": lambda c: c[2].__setitem__(0, [0]),
    "a number that is huge": lambda c: c[2].__setitem__(0, 10**400),
    "a line that is a number": lambda c: c.append(5),
    "a line that is a text": lambda c: c.append("sha256"),
    "a line that is nothing": lambda c: c.append(None),
    "points of one number": of_step("cut", lambda s: s[1].pop()),
    "points of texts": of_step("cut", lambda s: s.__setitem__(1, ["0", "0"])),
    "boxes of one end": of_step("cut", lambda s: s[2].pop()),
    "facts that are missing": of_step("split", lambda s: s.pop()),
    "facts too many": of_step("split", lambda s: s.append(0)),
    "a place that is none": part_of(places=[{}]),
    "places in a mapping": part_of(places={"box": 1}),
    "no claim": lambda c: c[0].pop("claim"),
    "solutions of nothing": claim_of(solutions=None),
    "solutions of numbers": claim_of(solutions=[1, 2]),
}  # fmt: skip


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_certificates_are_refused(what: str, tmp_path: Path) -> None:
    content = made("waves")
    MALFORMED[what](content)
    assert_refused(written(tmp_path / "c", content))


@pytest.mark.parametrize("missing", ["problem", "claim", "structure", "format"])
def test_a_header_without_a_field_is_refused(missing: str, tmp_path: Path) -> None:
    content = made("waves")
    del content[0][missing]
    assert_refused(written(tmp_path / "c", content))


def test_every_field_that_is_read_is_missed(tmp_path: Path) -> None:
    """Fields that can be left out have no part in the proof."""
    for name in ("waves", "constrained", "on a circle"):
        for path in mappings(made(name)):
            for field in list(at(made(name), path)):
                content = made(name)
                del at(content, path)[field]
                try:
                    check(written(tmp_path / "c", content))
                except Refused:
                    continue
                assert field in {"lower", "complete", "part", "optbench", "name", "hash", "parameters"} or path[:1] != [0], (path, field)


def mappings(value: Any, path: Sequence[Any] = ()) -> Iterator[list[Any]]:
    """The ways to all mappings in a value."""
    if isinstance(value, dict):
        yield list(path)
    for k, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from mappings(inner, [*path, k])


def at(value: Any, path: Sequence[Any]) -> Any:
    for k in path:
        value = value[k]
    return value


def test_a_folder_or_a_missing_file_is_no_refusal(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(OSError, match=r"directory"):
            check(path)


# ---- changes at random -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["waves", "constrained", "on a circle", "ends", "parts", "outer", "whole", "open", "nowhere"])
def test_changes_at_random_prove_nothing_false(name: str, seed: int, tmp_path: Path) -> None:
    assert_changes_prove_nothing_false(name, random.Random(f"{name} {seed}"), 15, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["waves", "constrained", "on a circle", "ends", "parts", "outer", "whole", "open", "nowhere"])
def test_many_changes_at_random_prove_nothing_false(name: str, seed: int, tmp_path: Path) -> None:
    assert_changes_prove_nothing_false(name, random.Random(f"{name} {seed} many"), 150, tmp_path)


def assert_changes_prove_nothing_false(name: str, source: random.Random, count: int, folder: Path) -> None:
    for _ in range(count):
        content = made(name)
        for _ in range(source.choice((1, 1, 1, 2, 3))):
            changed_at_random(content, source)
        try:
            accepted = check(written(folder / "c", content))
        except Refused:
            continue
        assert_true(content[0]["problem"], accepted)


def changed_at_random(content: Lines, source: random.Random) -> None:
    """Change one value somewhere; the header and the claims of parts as often as all boxes together."""
    chosen: Any = source.choice([content, *(at(content, path) for path in mappings(content))])
    while True:
        keys = list(chosen) if isinstance(chosen, dict) else list(range(len(chosen)))
        if not keys:
            return
        key = source.choice(keys)
        inner = chosen[key]
        if isinstance(inner, (dict, list)) and inner and source.random() < 0.93:
            chosen = inner
            continue
        if source.random() < 0.1 and isinstance(chosen, list):
            other = source.choice(keys)
            chosen[key], chosen[other] = chosen[other], chosen[key]
        elif source.random() < 0.08:
            del chosen[key]
        else:
            chosen[key] = changed(inner, source)
        return


def changed(value: Any, source: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + source.choice((-1, 1, 1, 2, -value))
    if isinstance(value, float):
        near = math.nextafter(value, source.choice((-math.inf, math.inf)))
        return source.choice((near, value + source.choice((-1, 1)) * 10 ** source.uniform(-12, 2), -value, 0.0, value / 2, "inf"))
    if isinstance(value, str) and value[-1:].isdigit():
        k = source.choice([i for i, c in enumerate(value) if c.isdigit()])
        return value[:k] + str(source.randrange(10)) + value[k + 1 :]
    return source.choice((None, 0, 1.5, "x", [], {}, copy.deepcopy(value), [value], "0", True))


GRIDS = {1: 20_001, 2: 401, 3: 61}


def assert_true(problem: dict[str, Any], accepted: Accepted) -> None:
    """What was accepted is true of the problem in the file, on a fine grid with the ends of the ranges."""
    columns = []
    for u in problem["unknowns"]:
        low, high = (number_in(u[side]) for side in ("lower", "upper"))
        grid = np.unique(np.concatenate([np.linspace(low, high, GRIDS[len(problem["unknowns"])]), [low, high]]))
        grid = grid[((grid > low) | u["lower_closed"]) & ((grid < high) | u["upper_closed"])]
        columns.append(np.arange(math.ceil(grid[0]), math.floor(grid[-1]) + 1.0) if u["integer"] and len(grid) else grid)
    mesh = dict(zip((u["name"] for u in problem["unknowns"]), np.meshgrid(*columns, indexing="ij"), strict=True))
    with np.errstate(all="ignore"):
        values = valued(problem["minimand"], mesh)
        values = np.where(np.all([holding(c, mesh) for c in problem["constraints"]], axis=0), values, np.nan)
    status, value = accepted.claim["status"], accepted.claim["value_enclosure"]
    if status == "infeasible":
        assert np.isnan(values).all()
        return
    if value is None:
        assert not accepted.claim["complete"] or accepted.claim["solutions"]
        return
    low, high = map(float, ends(value)) if problem["sense"] == "minimize" else (-float(v) for v in reversed(ends(value)))
    least = np.nanmin(values) if not np.isnan(values).all() else math.inf
    equations = any("==" in c for c in problem["constraints"])
    assert equations or least >= low - 1e-9
    assert equations or least <= high + 0.05  # the grid is near the minimum
    if accepted.claim["complete"]:
        where = np.unravel_index(np.nanargmin(values), values.shape)
        best = [float(mesh[u["name"]][where]) for u in problem["unknowns"]]
        boxes = [[tuple(map(float, ends(pair))) for pair in s["enclosure"]] for s in accepted.claim["solutions"]]
        assert any(all(a - 0.1 <= x <= b + 0.1 for x, (a, b) in zip(best, box, strict=True)) for box in boxes)


def number_in(text: str) -> float:
    return float(eval(text.replace("^", "**"), {"pi": math.pi, "sqrt": math.sqrt}))


def valued(text: str, mesh: dict[str, Any]) -> Any:
    names = {name: getattr(np, name) for name in ("sin", "exp", "log", "sqrt", "abs")}
    return np.broadcast_to(eval(text.replace("^", "**"), {**names, **mesh}), next(iter(mesh.values())).shape)


def holding(constraint: str, mesh: dict[str, Any]) -> Any:
    if "==" in constraint:
        left, right = constraint.split("==")
        return np.abs(valued(left, mesh) - valued(right, mesh)) < 0.02
    return valued(constraint, mesh)
