"""Certified minima of published problems: the value and the places, the counts of boxes, and what the checker says."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import mpmath
import pytest
from certificates import answered, asked, ends, holders, proved

from optbench.certify.answer import NotApplicable
from optbench.certify.stage import solve
from optbench.exact.numbers.formula import enclosure
from optbench.language.elaborate import parse
from optbench.problem.library import path as bundled
from optbench.problem.reader import read
from optbench.problem.validate import validated
from optbench.result import Assurance, Status
from optbench.verify import check
from optbench.workbench.improvement import improver


class Published(NamedTuple):
    """A problem with its minimum, exactly or to the digits that are given, and all places where it is."""

    objective: str
    ranges: str | dict[str, str]
    value: str
    at: Sequence[Sequence[float]] = ()
    constraints: Sequence[str] = ()
    complete: bool = True
    most: int = 5_000  # boxes


def shubert_in(x: str) -> str:
    return "(" + " + ".join(f"{i}*cos({i + 1}*{x} + {i})" for i in range(1, 6)) + ")"


def summed(term: str, n: int) -> str:
    """A sum of a term in x, for x1, x2, ..., and y the one after x."""
    return " + ".join("(" + term.replace("y", f"x{k + 1}").replace("x ", f"x{k} ") + ")" for k in range(1, n + 1))


WAVES = (-7.708313735499347, -7.083506407651559, -1.425128428319761, -0.800321100471973, 4.858056879859826, 5.482864206707613)
DEEP, HIGH = WAVES[::2], WAVES[1::2]  # where one factor of Shubert's function is least, and greatest

PUBLISHED = {
    "headline": Published("x*log(x) - sqrt(x)", "[0, 10]", "-1.086888265332957691537", [[0.6758406309447073]], most=20),
    "goldstein_price": Published(
        "(1 + (x + y + 1)^2*(19 - 14*x + 3*x^2 - 14*y + 6*x*y + 3*y^2))*(30 + (2*x - 3*y)^2*(18 - 32*x + 12*x^2 + 48*y - 36*x*y + 27*y^2))",
        "[-2, 2]",
        "3",
        [[0, -1]],
        most=12_303,
    ),
    "branin": Published(
        "(y - 5.1/(4*pi^2)*x^2 + 5/pi*x - 6)^2 + 10*(1 - 1/(8*pi))*cos(x) + 10",
        {"x": "[-5, 10]", "y": "[0, 15]"},
        "5/(4*pi)",
        [[-math.pi, 12.275], [math.pi, 2.275], [3 * math.pi, 2.475]],
        most=200,
    ),
    "six_hump_camel": Published(
        "(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2",
        {"x": "[-3, 3]", "y": "[-2, 2]"},
        "-1.0316284534898774",
        [[0.08984201310031806, -0.7126564030207396], [-0.08984201310031806, 0.7126564030207396]],
        most=199,
    ),
    "shubert": Published(
        f"{shubert_in('x')}*{shubert_in('y')}",
        "[-10, 10]",
        "-186.730908831023825858918205704",
        [*itertools.product(DEEP, HIGH), *itertools.product(HIGH, DEEP)],
        most=2_451,
    ),
    "rosenbrock": Published("100*(y - x^2)^2 + (1 - x)^2", "[-2, 2]", "0", [[1, 1]], most=300),
    "himmelblau": Published(
        "(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        "[-6, 6]",
        "0",
        [
            [3, 2],
            [-2.805118086952745, 3.131312518250573],
            [-3.779310253377747, -3.283185991286169],
            [3.584428340330492, -1.848126526964404],
        ],
        most=200,
    ),
    "levy": Published(
        "sin(pi*(3 + x)/4)^2 + ((x - 1)/4)^2*(1 + 10*sin(pi*(3 + x)/4 + 1)^2) + ((y - 1)/4)^2*(1 + sin(2*pi*(3 + y)/4)^2)",
        "[-10, 10]",
        "0",
        [[1, 1]],
        most=300,
    ),
    "griewank": Published("(x^2 + y^2)/4000 - cos(x)*cos(y/sqrt(2)) + 1", "[-60, 60]", "0", [[0, 0]], most=4_000),
    "rastrigin": Published(summed("x ^2 - 10*cos(2*pi*x ) + 10", 10), "[-5.12, 5.12]", "0", [[0] * 10], most=100),
    "ackley": Published(
        "20 + exp(1) - 20*exp(-sqrt((x^2 + y^2)/2)/5) - exp((cos(2*pi*x) + cos(2*pi*y))/2)",
        "[-32.768, 32.768]",
        "0",
        [[0, 0]],
        complete=False,
        most=1_000,
    ),
    "styblinski_tang": Published(
        summed("x ^4/2 - 8*x ^2 + 5/2*x ", 100), "[-5, 5]", "-3916.6165703771415463", [[-2.903534027771177] * 100], most=100
    ),
    "easom": Published("-cos(x)*cos(y)*exp(-(x - pi)^2 - (y - pi)^2)", "[-100, 100]", "-1", [[math.pi, math.pi]], most=500),
    "needle": Published("x^2 - exp(-1e4*(x - 0.7318)^2)", "[-5, 5]", "-0.4645223092027461", [[0.7317268234]], most=100),
    "needle_beside_a_sine": Published(
        "sin(x) - 3/(1 + 1e8*(x - 4.4321)^2)", "[0, 10]", "-3.960975536885313406572", [[4.432100000461055]], most=100
    ),
    "partial_domain": Published("sqrt(x^2 - 4) - x/2", "[-6, 6]", "-1", [[2]], complete=False, most=200),
    "kinks": Published("abs(x - 1/3) + 2*abs(y + x) + 2*max(x, y)", "[-5, 5]", "1/3", [[0, 0]], complete=False, most=2_000),
    "everywhere": Published("exp(x) + exp(-2*x) + (y - x)^2", "(-inf, inf)", "2^(1/3) + 2^(-2/3)", [[math.log(2) / 3] * 2], most=100),
    "at_irrational_ends": Published("x - y^2", {"x": "[sqrt(2), pi]", "y": "[-exp(1), 2]"}, "sqrt(2) - exp(2)", [[2**0.5, -math.e]]),
    "concave": Published("-x^2 - y^2", "[-1, 1]", "-2", list(itertools.product((-1, 1), repeat=2)), most=10),
    "hs11": Published("(x - 5)^2 + y^2 - 25", "[-10, 10]", "-8.4984642231546", [[1.2347728, 1.5246640]], ["y - x^2 >= 0"], most=100),
    "hs29": Published("-x*y*z", "[-10, 10]", "-16*sqrt(2)", [[4, 8**0.5, 2]], ["x^2 + 2*y^2 + 4*z^2 <= 48"], complete=False, most=10_000),
    "hs35": Published(
        "9 - 8*x - 6*y - 4*z + 2*x^2 + 2*y^2 + z^2 + 2*x*y + 2*x*z",
        "[0, 10]",
        "1/9",
        [[4 / 3, 7 / 9, 4 / 9]],
        ["x + y + 2*z <= 3"],
        most=300,
    ),
    "hs43": Published(
        "a^2 + b^2 + 2*c^2 + d^2 - 5*a - 5*b - 21*c + 7*d",
        "[-10, 10]",
        "-44",
        [[0, 1, 2, -1]],
        [
            "a^2 + b^2 + c^2 + d^2 + a - b + c - d <= 8",
            "a^2 + 2*b^2 + c^2 + 2*d^2 - a - d <= 10",
            "2*a^2 + b^2 + c^2 + 2*a - b - d <= 5",
        ],
        most=1_455,
    ),
    "hs71": Published(
        "a*d*(a + b + c) + c",
        "[1, 5]",
        "17.0140172891562",
        [[1, 4.7429996, 3.8211500, 1.3794083]],
        ["a*b*c*d >= 25", "a^2 + b^2 + c^2 + d^2 == 40"],
        complete=False,
        most=1_500,
    ),
    "islands": Published(
        "(x - 2)^2 + y^2", "[-4, 4]", "0.2760523560867402228793", [[1.6675211, -0.4068294]], ["sin(3*x)*sin(3*y) >= 0.9"], most=300
    ),
    "on_a_circle": Published("x + y", "[-5, 5]", "-sqrt(2)", [[-(0.5**0.5)] * 2], ["x^2 + y^2 == 1"], complete=False, most=300),
    "two_equations": Published(
        "x^2 + y^2 + z^2", "[-5, 5]", "3", [[1, 1, 1], [-1, -1, 1]], ["x*y*z == 1", "x == y"], complete=False, most=10_000
    ),
    "redundant": Published("x + y", "[-5, 5]", "-2", [[-1, -1]], ["x^2 + y^2 <= 2", "x^2 + y^2 <= 2", "x <= 7"], complete=False, most=200),
    "elsewhere": Published("x^2", {"x": "[-2, 2]", "y": "[3, 4]"}, "1/4", [[0.5, 3]], ["2*x >= 1", "y <= 3"], complete=False, most=20_000),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_minima(name: str, tmp_path: Path) -> None:
    given = PUBLISHED[name]
    problem = asked(given.objective, *given.constraints, **ranges_of(given))
    made = answered(problem, tmp_path)
    answer = made.answer
    assert (answer.status, answer.assurance, answer.closed) == (Status.OPTIMAL, Assurance.CERTIFIED, True), answer.reason
    assert_value(answer.value_enclosure, given.value)
    assert answer.complete is given.complete
    assert all(s.unique for s in answer.solutions) or not answer.complete
    for point in given.at:
        assert len(holders(answer, point, 1e-6)) == 1, point
    assert len(answer.solutions) == len(given.at) or not answer.complete
    assert answer.boxes <= given.most


def ranges_of(given: Published) -> dict[str, str]:
    """The range of each unknown, the same for all of them where there is one."""
    if isinstance(given.ranges, dict):
        return given.ranges
    names = sorted({s.name for s in asked(given.objective, *given.constraints).symbols}, key=lambda n: (len(n), n))
    return dict.fromkeys(names, given.ranges)


def assert_value(found: tuple[str, str] | None, value: str) -> None:
    """The enclosure holds a value that is given exactly, or to some digits, and is not wide."""
    assert found is not None
    low, high = ends(found)
    least, greatest = map(Fraction, enclosure(parse(value).node, 40))
    digits = len(value.partition(".")[2])
    room = Fraction(1, 10**digits) if digits else Fraction(0)
    assert low - room <= greatest
    assert high + room >= least
    assert high - low <= Fraction(1, 10**8) * max(1, abs(high))


@pytest.mark.parametrize(
    ("name", "boxes"), [("hartmann_3", 181), ("hartmann_6", 1_067), ("shekel_5", 100), ("portfolio", 150), ("fermat_point", 500)]
)
def test_bundled_problems_with_arrays_and_data(name: str, boxes: int, tmp_path: Path) -> None:
    problem = validated(read(str(bundled(name))))
    answer = answered(problem, tmp_path).answer
    assert (answer.assurance, answer.complete) == (Assurance.CERTIFIED, True)
    assert problem.known is not None
    assert answer.value_enclosure is not None
    low, high = map(float, answer.value_enclosure)
    assert low - 1e-12 <= problem.known.value <= high + 1e-12  # type: ignore[operator]
    assert answer.boxes <= boxes


# ---- what there is beside minima of smooth functions -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "constraints", "ranges"),
    [
        ("x + y", ["x^2 + y^2 <= 1", "x + y >= 2"], {"x": "[-5, 5]", "y": "[-5, 5]"}),
        ("x + y", ["x^2 + y^2 == 1", "x*y == 1"], {"x": "[-5, 5]", "y": "[-5, 5]"}),
        ("x", ["exp(x) <= 0"], {"x": "[-5, 5]"}),
        ("x", ["x < 0", "x >= 1/8"], {"x": "[-5, 5]"}),
        ("x + y", ["2 <= 1"], {"x": "[0, 1]", "y": "[0, 1]"}),
        ("log(-1 - x^2)", [], {"x": "[-5, 5]"}),
        ("sqrt(x)", [], {"x": "[-5, -1]"}),
        ("x^2 + y", ["x*y >= 3"], {"x": "[0, 1]", "y": "[-2, 2]"}),
    ],
)
def test_no_feasible_point(objective: str, constraints: list[str], ranges: dict[str, str], tmp_path: Path) -> None:
    made = proved(objective, *constraints, folder=tmp_path, **ranges)
    assert made.answer.status is Status.INFEASIBLE
    assert (made.answer.value_enclosure, made.answer.solutions) == (None, ())


WHOLE = [  # objective, constraints, ranges; all unknowns take whole numbers
    ("x", [], {"x": "(2, 5]"}, 3, [[3]]),
    ("-x", [], {"x": "[0, 5)"}, -4, [[4]]),
    ("x^2", [], {"x": "(0, 5)"}, 1, [[1]]),
    ("x", [], {"x": "[2.0000000000000001, 5]"}, 3, [[3]]),
    ("x", [], {"x": "[pi, 7]"}, 4, [[4]]),
    ("(x - 1/2)^2", [], {"x": "[-3, 3]"}, Fraction(1, 4), [[0], [1]]),
    ("(x - 1/2)^2 + abs(y + 1/3)", [], {"x": "[-3, 3]", "y": "[-3, 3]"}, Fraction(7, 12), [[0, 0], [1, 0]]),
    ("x*y - 3*x", ["x + y <= 4"], {"x": "[-4, 4]", "y": "[-4, 4]"}, -28, [[4, -4]]),
    ("cos(2*x) + x/10", [], {"x": "[-20, 20]"}, None, None),
    ("(x^2 - 7)^2", [], {"x": "(-inf, inf)"}, 4, [[-3], [3]]),
    ("2^x - 3*x", [], {"x": "[0, 30]"}, -2, [[2]]),
]


@pytest.mark.parametrize(("objective", "constraints", "ranges", "value", "at"), WHOLE, ids=[f"{w[0]} {w[2]}" for w in WHOLE])
def test_whole_numbers(
    objective: str, constraints: list[str], ranges: dict[str, str], value: float | None, at: list[list[int]] | None, tmp_path: Path
) -> None:
    made = proved(objective, *constraints, folder=tmp_path, whole=list(ranges), **ranges)
    low, high = ends(made.answer.value_enclosure or ())
    if value is None or at is None:
        assert low <= Fraction(math.cos(2 * -20 + 1)) or high < 0
        return
    assert low <= value <= high
    assert sorted(holders(made.answer, point)[0] for point in at) == list(range(len(at)))
    assert len(made.answer.solutions) == len(at)
    assert made.answer.complete


def test_a_range_without_whole_numbers(tmp_path: Path) -> None:
    assert proved("x", folder=tmp_path, whole=["x"], x="[2.2, 2.8]").answer.status is Status.INFEASIBLE
    assert proved("x", folder=tmp_path, whole=["x"], x="(2, 3)").answer.status is Status.INFEASIBLE


@pytest.mark.parametrize(
    ("objective", "ranges", "whole"),
    [
        ("x", {"x": "[sin(pi), 1]"}, []),  # 0, which no enclosure tells
        ("x", {"x": "[9007199254740990, 9007199254741000]"}, ["x"]),
        ("x", {"x": "[2 + sin(pi), 5]"}, ["x"]),
        ("gamma(x)", {"x": "[1, 2]"}, []),
    ],
)
def test_what_can_not_be_certified_says_why(objective: str, ranges: dict[str, str], whole: list[str]) -> None:
    with pytest.raises(NotApplicable, match=r"range|gamma"):
        solve(asked(objective, whole=whole, **ranges), seconds=5)


@pytest.mark.parametrize(
    ("objective", "constraints", "ranges", "infimum"),
    [
        ("x", [], {"x": "(0, 1]"}, 0),
        ("exp(-x)", [], {"x": "[0, inf)"}, 0),
        ("x^2 + (x*y - 1)^2", [], {"x": "(-inf, inf)", "y": "(-inf, inf)"}, 0),
        ("x^2", ["x > 1"], {"x": "[-5, 5]"}, 1),
        ("x", [], {"x": "(pi, 4]"}, math.pi),
        ("floor(x) - x", [], {"x": "[0, 3]"}, -1),
        ("sign(x) + x^2", [], {"x": "[-1, 1]"}, -1),
        ("if(x > 0, x, 1)", [], {"x": "[-1, 1]"}, 0),
        ("-x^2", [], {"x": "(-1, 1)"}, -1),
    ],
)
def test_an_infimum_that_is_not_attained_is_no_minimum(
    objective: str, constraints: list[str], ranges: dict[str, str], infimum: float, tmp_path: Path
) -> None:
    answer = answered(asked(objective, *constraints, **ranges), tmp_path, seconds=1.0).answer
    assert (answer.status, answer.assurance, answer.complete) == (Status.UNKNOWN, Assurance.NONE, False)
    assert answer.value_enclosure is not None
    low, high = map(float, answer.value_enclosure)
    assert low <= infimum <= high


def test_jumps(tmp_path: Path) -> None:
    """Away from a jump all is as it is without; at one the bounds have to meet exactly."""
    answer = proved("floor(x) + (x + 1/2)^2", folder=tmp_path, x="[-7/8, 3]").answer
    assert_value(answer.value_enclosure, "-1")
    assert holders(answer, [-0.5]) == [0]
    assert_value(proved("floor(x)", folder=tmp_path, x="[1/2, 3]").answer.value_enclosure, "0")


def test_a_constant_has_a_minimum_everywhere(tmp_path: Path) -> None:
    answer = proved("0*x + 7", folder=tmp_path, x="[-1, 1]").answer
    assert (answer.value_enclosure, answer.complete) == (("7", "7"), False)


def test_one_number(tmp_path: Path) -> None:
    answer = proved("x^3 + y", folder=tmp_path, x="[2, 2]", y="[-1, 1]").answer
    assert (answer.value_enclosure, answer.complete, holders(answer, [2, -1])) == (("7", "7"), True, [0])


def test_huge_and_tiny_scales(tmp_path: Path) -> None:
    big = proved("(x - 1e150)^2/1e300 + y^4", folder=tmp_path, x="[-2e150, 2e150]", y="[-1, 1]").answer
    assert_value(big.value_enclosure, "0")
    assert holders(big, [1e150, 0]) == [0]
    small = proved("1e300*(x - 3e-150)^2", folder=tmp_path, x="[-1e-140, 1e-140]").answer
    assert_value(small.value_enclosure, "0")


# ---- digits, names for things, sides ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "ranges"),
    [
        ("exp(x) - sin(3*x) + y^4/4 - y*cos(x)", {"x": "[-2, 2]", "y": "[-2, 2]"}),
        ("sin(3*x)*sin(3*y) + (x - 2)^2 + y^2", {"x": "[-4, 4]", "y": "[-4, 4]"}),
        ("x*log(x) + cosh(x - y) + erf(y)", {"x": "[0, 10]", "y": "[-3, 3]"}),
        ("sqrt(1 + (x - y)^2) + atan(x) + exp(-x) + y^2/3", {"x": "(-inf, inf)", "y": "[-5, 5]"}),
        ("1e-8*x^2 + exp(-x) + (x - 100*y)^2", {"x": "[-10, 100]", "y": "[-10, 10]"}),
    ],
)
def test_fifty_digits_of_a_minimiser(objective: str, ranges: dict[str, str], tmp_path: Path) -> None:
    answer = proved(objective, folder=tmp_path, digits=50, **ranges).answer
    assert (answer.complete, len(answer.solutions)) == (True, 1)
    with mpmath.workdps(80):
        exactly = root_of_gradient(objective, list(ranges), answer.solutions[0].point)
        for pair, x in zip(answer.solutions[0].enclosure, exactly, strict=True):
            low, high = map(mpmath.mpf, pair)
            assert low - abs(x) * mpmath.mpf(10) ** -70 <= x <= high + abs(x) * mpmath.mpf(10) ** -70
            assert high - low <= max(abs(x), mpmath.mpf(10) ** -20) * mpmath.mpf(10) ** -49


def root_of_gradient(objective: str, names: Sequence[str], start: Sequence[float]) -> list[mpmath.mpf]:
    """Where differences of a function vanish, to more than 50 digits, by mpmath alone."""
    words = {n: getattr(mpmath, n) for n in ("exp", "sin", "cos", "log", "cosh", "erf", "sqrt", "atan")}
    code = compile(objective.replace("^", "**").replace("1e-8", "mpf('1e-8')"), "objective", "eval")

    def f(*x: mpmath.mpf) -> mpmath.mpf:
        return eval(code, {"mpf": mpmath.mpf, **words}, dict(zip(names, x, strict=True)))

    def gradient(*x: mpmath.mpf) -> list[mpmath.mpf]:
        return [mpmath.diff(f, x, tuple(int(j == i) for j in range(len(x)))) for i in range(len(x))]

    with mpmath.workdps(110):
        return list(mpmath.findroot(gradient if len(names) > 1 else lambda x: gradient(x)[0], list(map(mpmath.mpf, start)), tol=1e-150))


def test_places_do_not_overlap_in_few_digits(tmp_path: Path) -> None:
    answer = proved("(x - 1)^2*(x - 1.001)^2", folder=tmp_path, digits=2, x="[0, 3]").answer
    assert (answer.complete, len(answer.solutions)) == (True, 2)
    assert [len(holders(answer, [x])) for x in (Fraction(1), Fraction(1001, 1000))] == [1, 1]


def test_maximum_is_the_opposite_of_a_minimum(tmp_path: Path) -> None:
    least = proved("x*exp(-x) - y^2", folder=tmp_path, x="[0, 5]", y="[-1, 2]").answer
    most = proved("y^2 - x*exp(-x)", folder=tmp_path, sense="maximize", x="[0, 5]", y="[-1, 2]").answer
    assert [-v for v in ends(most.value_enclosure or ())] == list(reversed(ends(least.value_enclosure or ())))
    assert [s.enclosure for s in most.solutions] == [s.enclosure for s in least.solutions]


# ---- budgets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.05])
@pytest.mark.parametrize("name", ["goldstein_price", "shubert", "hs43", "hs71", "rastrigin", "everywhere"])
def test_a_search_without_time_says_nothing_false(name: str, seconds: float, tmp_path: Path) -> None:
    given = PUBLISHED[name]
    answer = answered(asked(given.objective, *given.constraints, **ranges_of(given)), tmp_path, seconds).answer
    if answer.value_enclosure is not None:
        low, high = ends(answer.value_enclosure)
        least, greatest = map(Fraction, enclosure(parse(given.value).node, 40))
        room = Fraction(1, 10**9)
        assert low - room <= greatest
        assert high + room >= least


def test_too_many_boxes_for_a_file_are_said_not_to_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optbench.certify.record.MOST_BOXES", 50)
    file = tmp_path / "proof.jsonl"
    answer = solve(asked(PUBLISHED["goldstein_price"].objective, x="[-2, 2]", y="[-2, 2]"), seconds=20, improver=improver, file=str(file))
    assert (answer.assurance, answer.file) == (Assurance.CERTIFIED, None)
    assert answer.not_written == "the proof has more than 50 steps, too many to be written down"
    assert not file.exists()


def test_a_file_that_can_not_be_written_is_said_so(tmp_path: Path) -> None:
    answer = solve(asked("x^2", x="[-1, 1]"), seconds=5, file=str(tmp_path / "missing" / "proof.jsonl"))
    assert answer.assurance is Assurance.CERTIFIED
    assert answer.not_written is not None
    assert "can't be written" in answer.not_written


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hs029", "hs048", "welded_beam", "spring", "schwefel", "schaffer_4", "wood", "nesterov_rosenbrock"])
def test_long_proofs_are_accepted(name: str, tmp_path: Path) -> None:
    problem = validated(read(str(bundled(name))))
    answer = answered(problem, tmp_path).answer
    assert answer.assurance is Assurance.CERTIFIED
    assert problem.known is not None
    assert answer.value_enclosure is not None
    low, high = map(float, answer.value_enclosure)
    assert problem.known.value is not None
    assert low - 1e-9 * max(1, abs(low)) <= problem.known.value <= high + 1e-9 * max(1, abs(high))
    assert check(tmp_path / "proof.jsonl").boxes > 0
