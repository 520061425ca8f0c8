"""Reading `.nl` files: every operator against plain floats and CasADi's own reader, header and segments, and hostile files."""

from __future__ import annotations

import gc
import math
import random
import tempfile
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran
from hypothesis import given, settings
from hypothesis import strategies as st
from nl_files import binary, model

from optbench.arithmetic import floats
from optbench.errors import OptbenchError, ProblemError
from optbench.language.build import symbol
from optbench.language.derivative import gradient
from optbench.language.graph import Node
from optbench.problem.nl import parsed, read
from optbench.problem.nl_expressions import MAX_PARTS, exact_number
from optbench.problem.nl_operators import CODES, OPERATORS
from optbench.problem.problem import Problem

FREE = ("3", "3", "3")


def problem(text: str) -> Problem:
    return parsed(text.encode(), "test.nl").problem


def objective(expression: str, variables: int = 3) -> Node:
    return problem(model(["3"] * variables, expression)).objective


def at(node: Node, *point: float) -> float:
    names = [f"x{i}" for i in range(1, len(point) + 1)]
    return float(floats.function([node], [symbol(name) for name in names])(*point)[0])


# ---- operators -----------------------------------------------------------------------------------------------------------

# The operands that follow each operator, and what they mean in plain floats of x, y, z.
MEANING: dict[int, tuple[str, Callable[[float, float, float], float]]] = {
    0: ("v0 v1", lambda x, y, z: x + y),
    1: ("v0 v1", lambda x, y, z: x - y),
    2: ("v0 v1", lambda x, y, z: x * y),
    3: ("v0 v1", lambda x, y, z: x / y),
    4: ("o2 n5 v0 v1", lambda x, y, z: math.fmod(5 * x, y)),
    5: ("v0 v1", lambda x, y, z: x**y),
    6: ("v0 v1", lambda x, y, z: max(x - y, 0)),
    11: ("3 v0 v1 v2", lambda x, y, z: min(x, y, z)),
    12: ("3 v0 v1 v2", lambda x, y, z: max(x, y, z)),
    13: ("v0", lambda x, y, z: math.floor(x)),
    14: ("v0", lambda x, y, z: math.ceil(x)),
    15: ("o1 v0 v1", lambda x, y, z: abs(x - y)),
    16: ("v0", lambda x, y, z: -x),
    35: ("o22 v0 v1 v2 n7", lambda x, y, z: z if x < y else 7),
    37: ("v0", lambda x, y, z: math.tanh(x)),
    38: ("v0", lambda x, y, z: math.tan(x)),
    39: ("v0", lambda x, y, z: math.sqrt(x)),
    40: ("v0", lambda x, y, z: math.sinh(x)),
    41: ("v0", lambda x, y, z: math.sin(x)),
    42: ("v0", lambda x, y, z: math.log10(x)),
    43: ("v0", lambda x, y, z: math.log(x)),
    44: ("v0", lambda x, y, z: math.exp(x)),
    45: ("v0", lambda x, y, z: math.cosh(x)),
    46: ("v0", lambda x, y, z: math.cos(x)),
    47: ("v2", lambda x, y, z: math.atanh(z)),
    48: ("v0 v1", lambda x, y, z: math.atan2(x, y)),
    49: ("v0", lambda x, y, z: math.atan(x)),
    50: ("v0", lambda x, y, z: math.asinh(x)),
    51: ("v2", lambda x, y, z: math.asin(z)),
    52: ("o0 v0 n1", lambda x, y, z: math.acosh(x + 1)),
    53: ("v2", lambda x, y, z: math.acos(z)),
    54: ("4 v0 v1 v2 v0", lambda x, y, z: x + y + z + x),
    55: ("o16 v0 v2", lambda x, y, z: math.trunc(-x / z)),
    58: ("o16 v0 n0", lambda x, y, z: math.trunc(-x)),
    59: ("3 o22 v0 v1 o29 v0 v1 o30 v0 v1", lambda x, y, z: (x < y) + (x > y) + (x != y)),
    60: ("3 n1 o13 v0 o13 v1", lambda x, y, z: (math.floor(x) == 1) + (math.floor(y) == 1)),
    64: ("3 n-1 n0.5 n2 n1.5 n4 v0", lambda x, y, z: -min(x, 0.5) + 2 * (min(max(x, 0.5), 1.5) - 0.5) + 4 * max(x - 1.5, 0)),
    76: ("v0 n3", lambda x, y, z: x**3),
    77: ("o1 v0 v1", lambda x, y, z: (x - y) ** 2),
    78: ("n3 v0", lambda x, y, z: 3**x),
}  # fmt: skip

CONDITIONS: dict[int, tuple[str, Callable[[float, float], bool]]] = {
    20: ("o22 v0 v1 o29 v0 n2", lambda x, y: x < y or x > 2),
    21: ("o22 v0 v1 o29 v0 n1", lambda x, y: x < y and x > 1),
    22: ("v0 v1", lambda x, y: x < y),
    23: ("v0 v1", lambda x, y: x <= y),
    24: ("o13 v0 o13 v1", lambda x, y: math.floor(x) == math.floor(y)),
    28: ("v0 v1", lambda x, y: x >= y),
    29: ("v0 v1", lambda x, y: x > y),
    30: ("o13 v0 o13 v1", lambda x, y: math.floor(x) != math.floor(y)),
    34: ("o22 v0 v1", lambda x, y: not x < y),
    62: ("n1 o59 2 o22 v0 v1 o29 v0 n2", lambda x, y: (x < y) + (x > 2) >= 1),
    63: ("n1 o59 2 o22 v0 v1 o29 v0 n2", lambda x, y: (x < y) + (x > 2) <= 1),
    66: ("n1 o59 2 o22 v0 v1 o29 v0 n2", lambda x, y: (x < y) + (x > 2) == 1),
    67: ("n1 o59 2 o22 v0 v1 o29 v0 n2", lambda x, y: (x < y) + (x > 2) < 1),
    68: ("n1 o59 2 o22 v0 v1 o29 v0 n2", lambda x, y: (x < y) + (x > 2) > 1),
    69: ("n1 o59 2 o22 v0 v1 o29 v0 n2", lambda x, y: (x < y) + (x > 2) != 1),
    70: ("3 o22 v0 v1 o29 v0 n1 o29 v1 n2", lambda x, y: x < y and x > 1 and y > 2),
    71: ("3 o22 v0 v1 o29 v0 n2 o29 v1 n2", lambda x, y: x < y or x > 2 or y > 2),
    72: ("o22 v0 v1 o29 v0 n1 o29 v1 n1", lambda x, y: x > 1 if x < y else y > 1),
    73: ("o22 v0 v1 o29 v0 n1", lambda x, y: (x < y) == (x > 1)),
    74: ("3 o13 v0 o13 v1 n1", lambda x, y: len({math.floor(x), math.floor(y), 1}) == 3),
    75: ("3 o13 v0 o13 v1 n1", lambda x, y: len({math.floor(x), math.floor(y), 1}) < 3),
}  # fmt: skip

REFUSED = {56: "v0 n2", 57: "v0 n2", 61: "2 h1:a h1:b", 65: "o22 v0 v1 h1:a h1:b"}


@pytest.mark.parametrize("code", OPERATORS)
def test_every_operator_means_what_it_means_to_ampl_or_is_refused_by_name(code: int) -> None:
    generator = random.Random(code)
    points = [(generator.uniform(0.1, 3), generator.uniform(0.1, 3), generator.uniform(0.1, 0.9)) for _ in range(20)]
    if code in MEANING:
        operands, function = MEANING[code]
        node = objective(f"o{code} {operands}")
        assert [at(node, *p) for p in points] == pytest.approx([function(*p) for p in points], rel=1e-12)
    elif code in CONDITIONS:
        operands, test = CONDITIONS[code]
        node = objective(f"o35 o{code} {operands} n1 n0")
        assert [at(node, *p) for p in points] == [float(test(x, y)) for x, y, _ in points]
    else:
        with pytest.raises(ProblemError) as caught:
            objective(f"o{code} {REFUSED[code]}")
        assert OPERATORS[code].name in str(caught.value) or "Texts" in str(caught.value)
        assert "test.nl:1" in str(caught.value)


def test_a_writer_finds_codes_of_the_same_meaning() -> None:
    assert {function: OPERATORS[code].function for function, code in CODES.items()} == {function: function for function in CODES}
    assert (CODES["add"], CODES["power"], CODES["and"]) == (0, 5, 21)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> str:
    """Expressions in prefix order that CasADi reads, too, and that are smooth and defined everywhere."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(["v0", "v1", "v2", "n2", "n-0.25", "n1.5", "n3"]))
    part = expressions(depth=depth - 1)
    match draw(st.integers(0, 4)):
        case 0:
            return f"o{draw(st.sampled_from([0, 1, 2]))} {draw(part)} {draw(part)}"
        case 1:
            return f"o54 3 {draw(part)} {draw(part)} {draw(part)}"
        case 2:
            return f"o{draw(st.sampled_from([16, 41, 46, 49]))} {draw(part)}"
        case 3:
            return f"o5 {draw(part)} n{draw(st.integers(2, 3))}"
        case _:
            return f"o3 {draw(part)} o0 n1 o5 {draw(part)} n2"


@settings(max_examples=60, deadline=None)
@given(expressions(), expressions(), st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3))
def test_values_and_gradients_are_those_of_casadis_reader(f: str, c: str, point: list[float]) -> None:
    ca = pytest.importorskip("casadi")
    text = model(FREE, f, {1: "0.5", 2: "-2"}, [("1 4", c, {0: "3"})])
    found = problem(text)
    residual = found.constraints[0].condition.args[0]
    ours = floats.function(
        [found.objective, residual, *gradient(found.objective, found.symbols), *gradient(residual, found.symbols)], found.symbols
    )
    nlp = _read_by_casadi(ca, text)
    x = ca.vertcat(*nlp.x)
    theirs = ca.Function("f", [x], [ca.vertcat(nlp.f, *nlp.g, ca.gradient(nlp.f, x), ca.gradient(nlp.g[0], x))])
    expected = [float(v) for v in theirs(point).full().ravel()]
    if all(map(math.isfinite, expected)):
        assert list(map(float, ours(*point))) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def _read_by_casadi(ca: Any, text: str) -> Any:
    nlp = ca.NlpBuilder()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.nl"
        path.write_text(text)
        nlp.import_nl(str(path))
    return nlp


def test_numbers_are_exact() -> None:
    assert str(objective("o0 o2 n0.1 v0 n-2.5e-1")) == "1/10*x1 - 1/4"
    assert str(objective("o2 n1e-06 v0")) == "1/1000000*x1"
    assert str(objective("o2 s12 o2 l-70000 v0")) == "-840000*x1"


@given(st.from_regex(r"[+-]?([0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?", fullmatch=True))
def test_a_decimal_number_is_what_the_standard_library_makes_of_it(written: str) -> None:
    assert exact_number(written) == Fraction(written)


@pytest.mark.parametrize(
    "written", ["", "-", ".", "-.", "e5", ".e5", "1e", "1e+", "--1", "+-1", "1.2.3", "1 ", " 1", "1_0", "0x1", "inf", "1e12345"]
)
def test_another_text_is_no_number(written: str) -> None:
    assert exact_number(written) is None


def test_sums_are_flat_whatever_their_nesting() -> None:
    flat = "x1 + x2 + x3 + 1"
    for written in ("o0 o0 o0 v0 v1 v2 n1", "o0 v0 o0 v1 o0 v2 n1", "o0 o0 v0 v1 o0 v2 n1", "o54 4 v0 v1 v2 n1", "o54 3 v0 o0 v1 v2 n1"):
        node = objective(written)
        assert str(node) == flat
        assert len(node.args) == 4


# ---- header and segments --------------------------------------------------------------------------------------------------


def test_bounds_senses_and_starts() -> None:
    found = problem(
        model(
            ["0 -1 2.5", "1 4", "2 0.1", "3", "4 7"],
            "o5 v0 n2",
            {1: "1"},
            [("0 -2 5", "n0", {0: "1", 1: "-1"}), ("1 3", "o44 v0", {}), ("2 1", "n0", {2: "1"}), ("3", "v0", {}), ("4 0", "v3", {4: "1"})],
            maximize=True,
            starts={0: "0.5", 1: "9", 3: "1e2"},
        )
    )
    assert found.sense == "maximize"
    assert [str(v.ranges[0]) for v in found.variables] == ["[-1, 5/2]", "(-inf, 4]", "[0.1, inf)", "(-inf, inf)", "[7, 7]"]
    assert [v.starts for v in found.variables] == [((0.5,),), ((4.0,),), ((None,),), ((100.0,),), ((None,),)]
    assert [(c.name, c.text) for c in found.constraints] == [
        ("c1", "-2 <= x1 - x2 <= 5"),
        ("c2", "exp(x1) <= 3"),
        ("c3", "x3 >= 1"),
        ("c5", "x4 + x5 == 0"),
    ]
    assert "1 constraint has no bound" in found.warnings[0]
    assert "start of x2" in found.warnings[1]


@given(st.data())
def test_comments_and_blanks_at_the_ends_of_lines_mean_nothing(data: st.DataObject) -> None:
    plain = model(["0 -1 2.5", "3"], "o5 v0 n2", {1: "1"}, [("1 4", "o44 v0", {1: "-1"})], starts={0: "0.5"})
    ends = st.sampled_from(["", "", " ", "\t", "\r", " \t# a comment", "#b#c", "  # C7 d\t"])
    written = "".join(f"{line}{data.draw(ends)}\n" for line in plain.split("\n")[:-1])
    found, wanted = problem(written), problem(plain)
    assert (found.objective, found.constraints, found.variables) == (wanted.objective, wanted.constraints, wanted.variables)


def test_the_collector_is_left_as_it_was() -> None:
    assert gc.isenabled()
    problem(model(FREE, "v0"))
    with suppress(ProblemError):
        problem(model(FREE, "v9"))
    assert gc.isenabled()
    gc.disable()
    try:
        problem(model(FREE, "v0"))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_whole_numbers_are_the_last_of_each_group() -> None:
    # Both: 0 1 (1 whole), constraints only: 2 3 (3 whole), objectives only: 4 5 (5 whole), linear: 6, binary: 7, whole: 8.
    text = model(["3"] * 9, "n0", nonlinear="4 6 2", discrete="1 1 1 1 1")
    assert [i for i, v in enumerate(problem(text).variables) if v.symbol.integer] == [1, 3, 5, 7, 8]


def test_common_expressions_are_shared_and_never_written_out() -> None:
    before = "V3 1 0\n0 2\no5\nv1\nn2\n" + "".join(f"V{i} 0 0\no{0 if i % 2 else 2}\nv{i - 1}\nv{i - 1}\n" for i in range(4, 204))
    found = objective_of(model(FREE, "o0 v3 o44 o16 v203", before=before))
    assert str(found.args[0]) == "x2^2"
    assert str(found.args[1]) == "2*x1"


def objective_of(text: str) -> Node:
    return problem(text).objective


def test_names_come_from_the_files_beside(tmp_path: Path) -> None:
    path = tmp_path / "m.nl"
    path.write_text(model(FREE, "v0", {}, [("1 1", "v1", {}), ("1 2", "v2", {})]))
    (tmp_path / "m.col").write_text("x[1,2]\nsum\nz\n")
    (tmp_path / "m.row").write_text("limit['a b']\nlimit['a b']\nobj\n")
    found = read(str(path)).problem
    assert [v.name for v in found.variables] == ["x_1_2", "sum_", "z"]
    assert [c.name for c in found.constraints] == ["limit['a b']", "limit['a b']_2"]
    assert "x[1,2] is called x_1_2" in found.warnings[0]
    (tmp_path / "m.col").write_text("x\n")
    assert [v.name for v in read(str(path)).problem.variables] == ["x1", "x2", "x3"]
    assert "m.col" in read(str(path)).problem.warnings[0]


def test_what_has_no_bearing_on_the_answer_is_told() -> None:
    before = "S0 1 priority\n0 2\nd1\n0 0.5\n"
    assert "suffixes (priority)" in problem(model(FREE, "v0", {}, [("1 1", "v1", {})], before=before)).warnings[0]
    assert "no objective" in problem(model(FREE, None, {}, [("1 1", "v1", {})])).warnings[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (model(FREE, "f0 2 v0 v1".replace("f0 2", "f0_2"), before="F0 1 2 myfunc\n").replace("f0_2", "f0 2"), "myfunc"),
        (model(FREE, "v0", {}, [("5 1 1", "v1", {})]), "Complementarity"),
        (model(FREE, "v0", before="S0 1 sosno\n0 1\n"), "ordered sets"),
        (model(FREE, "v0").replace(" 3 0 1 0 0\t", " 3 0 1 0 0 2\t"), "logical constraints (2)"),
        (model(FREE, "o22 v0 v1"), "condition stands where a number belongs"),
        (model(FREE, "o0 o22 v0 v1 v1"), "condition stands where a number belongs"),
        (model(FREE, "o35 v0 v1 v2"), "A condition such as x > 0 is needed"),
        (model(FREE, "o99 v0"), "'o99' is an operator that is not known"),
        (model(FREE, "v7"), "'v7' is no variable"),
        (model(FREE, "o0 v0"), "too few operands"),
        (model(FREE, "v0 v1"), "2 expressions stand here"),
        (model(FREE, "o54 5 v0 v1"), "says that it has 5 operands"),
        (model(FREE, "o54 v0 v1"), "needs the number of its operands"),
        (model(FREE, "o64 2 n1 v1 n2 v0"), "must be numbers"),
        (model(FREE, "n1e999999999"), "no number that can be read"),
        (model(FREE, "n0x1p3"), "no number that can be read"),
        (model(FREE, "o5 n9 o5 n9 o5 n9 n9"), "more than 10,000 digits"),
        (model(FREE, "v0", {3: "1"}), "no variable 3"),
        (model(FREE, "v0", {0: "one"}), "coefficient"),
        (model(("7 1", "3", "3"), "v0"), "kind of bounds"),
        (model(FREE, "v0").replace(" 3 0 1", " 1000000000 0 1"), "1,000,000,000 variables"),
        (model(FREE, "v0").replace(" 3 0 1", " 3 1000000000 1"), "1,000,000,000 constraints"),
        (model(FREE, "v0").replace(" 3 0 1", " 0 0 1"), "no variable"),
        (model(FREE, "v0").replace(" 3 0 1", " -3 0 1"), "whole numbers"),
        (model(FREE, "v0", nonlinear="4 0 0"), "more than the 3 variables"),
        (model(FREE, "v0", {0: "1"}).replace(" 0 1\t# nonz", " 0 2\t# nonz"), "linear terms (segments G)"),
        (model(FREE, "v0").replace("b\n3\n", "b\n"), "3 lines have to follow"),
        (model(FREE, "v0").replace("\nO0 0", "\nC5\nn0\nO0 0"), "no constraint 5"),
        (model(FREE, "v0").replace("g3 1 1 0", "g"), "first line"),
        ("", "is empty"),
        ("minimize: x\n", "no .nl file"),
        ("g3 1 1 0\n 1 0 1\n", "header alone has ten"),
        ("b3 1 1 0\n", "ten lines"),
        (model(FREE, "v0") + "Q\n", "there are 4 lines"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_one_sentence(text: str, words: str) -> None:
    with pytest.raises(ProblemError) as caught:
        problem(text)
    assert len(caught.value.mistakes) == 1
    assert words in str(caught.value)


def test_the_place_of_a_mistake_is_its_line() -> None:
    with pytest.raises(ProblemError) as caught:
        problem(model(FREE, "o0 v0 o57 v1 n2"))
    assert str(caught.value).startswith("test.nl:14:1: The operator round (o57) has no equal")


def test_long_expressions_are_not_shown_and_still_told_apart() -> None:
    def of(last: str) -> Problem:
        written = "o54 600 " + "o41 v0 " * 599 + last
        return problem(model(FREE, written, {}, [("1 1", "o54 30000 " + "o41 v1 " * 29999 + last, {})]))

    one, other = of("v1"), of("v2")
    assert one.objective_text.startswith("an expression of 1,201 parts (of the file with the sha256 ")
    assert one.constraints[0].text.startswith("an expression of 60,0")
    assert one.hash != other.hash
    assert one.constraints[0].text != other.constraints[0].text


def test_what_is_shared_is_not_printed_again_and_again() -> None:
    before = "V3 0 0\no41\nv0\n" + "".join(f"V{i} 0 0\no2\no41\nv{i - 1}\no46\nv{i - 1}\n" for i in range(4, 104))
    rows = [("1 1", f"o0 v103 v{i % 3}", {}) for i in range(200)]
    assert all(c.text.startswith("an expression of more than ") for c in problem(model(FREE, "v0", {}, rows, before=before)).constraints)


# ---- binary --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_binary_file_says_the_same_as_its_text(order: str) -> None:
    text = model(
        ["0 -1 2.5", "1 4", "3"],
        "o54 3 o5 v0 n2 o2 n-0.1 v1 o64 2 n1 n0.5 n3 v2",
        {1: "1.25"},
        [("0 -2 5", "o44 v3", {0: "1", 1: "-1"}), ("4 0.3", "n0", {2: "70000"})],
        before="S4 1 scaling\n0 0.5\nV3 1 0\n1 2.5\no41\nv0\nk2\n1\n2\n",
        starts={0: "0.5"},
    )
    one, other = problem(text), parsed(binary(text, order), "test.nl").problem
    assert one.objective is other.objective
    assert [c.condition for c in one.constraints] == [c.condition for c in other.constraints]
    assert one.variables == other.variables
    assert one.warnings == other.warnings


def test_a_binary_file_that_is_cut_off_or_damaged_is_a_sentence() -> None:
    whole = binary(model(FREE, "o54 3 o5 v0 n2 o2 n-0.1 v1 v2", {1: "1.25"}, [("0 -2 5", "o44 v2", {0: "1"})]))
    for end in range(len(whole)):
        with pytest.raises(ProblemError):
            parsed(whole[:end], "test.nl")
    generator = random.Random(1)
    for _ in range(500):
        _read_or_refuse(_damaged(whole, generator))


# ---- hostile files --------------------------------------------------------------------------------------------------------

WHOLE = model(
    ["0 -1 2", "3", "2 0"],
    "o54 3 o5 v0 n2 o2 n100 v3 o12 2 v1 v2",
    {1: "1.25"},
    [("0 -2 5", "o44 v2", {0: "1"})],
    before="V3 1 0\n1 2\no41\nv0\nk2\n0\n1\n",
    starts={0: "0.5"},
)


def test_no_beginning_of_a_file_is_taken_for_the_whole() -> None:
    for end in range(len(WHOLE)):
        with pytest.raises(ProblemError):
            problem(WHOLE[:end])


def _damaged(content: bytes, generator: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(generator.randint(1, 4)):
        changed[generator.randrange(len(changed))] = generator.choice([*b"0123456789 \nonvsCJbrkxGSVF-.e", generator.randrange(256)])
    return bytes(changed)


def _read_or_refuse(content: bytes) -> None:
    with suppress(OptbenchError):
        assert parsed(content, "test.nl").problem.objective_text


@given(st.integers(0, 10**9))
def test_damaged_files_are_read_or_refused_and_nothing_else(seed: int) -> None:
    _read_or_refuse(_damaged(WHOLE.encode(), random.Random(seed)))


@given(st.binary(max_size=300))
def test_garbage_is_refused(content: bytes) -> None:
    for begin in (b"", b"g3 1 1 0\n", b"b3 1 1 0\n"):
        with pytest.raises(ProblemError):
            parsed(begin + content, "test.nl")


@pytest.mark.parametrize(
    "written", ["o41 " * 100_000 + "v0", "o0 " * 100_000 + "v0 " * 100_001, "o1 v0 " * 100_000 + "v0", "o2 v0 " * 50_000 + "v1"]
)
def test_depth_is_no_limit(written: str) -> None:
    assert problem(model(FREE, written)).objective_text.startswith("an expression of ")


def test_the_size_of_what_is_read_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PARTS <= 10_000_000
    monkeypatch.setattr("optbench.problem.nl_expressions.MAX_PARTS", 10)
    with pytest.raises(ProblemError, match="more than 10 parts"):
        problem(model(FREE, "o54 20 " + "v0 " * 20))


# ---- the command line --------------------------------------------------------------------------------------------------------


def test_a_model_is_solved_exactly(optbench: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "circle.nl"
    path.write_text(model(["3", "3"], "n0", {0: "1", 1: "1"}, [("1 2", "o0 o5 v0 n2 o5 v1 n2", {})], nonlinear="2 0 0"))
    ran = optbench("solve", str(path), "--json")
    assert ran.code == 0
    assert (ran.json["assurance"], ran.json["value_exact"]) == ("exact", "-2")
    assert ran.json["problem"]["name"] == "circle"


def test_check_reads_a_model_and_says_where_it_is_wrong(optbench: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "m.nl"
    path.write_text(model(FREE, "o5 v0 n2"))
    assert optbench("check", str(path)).out == f"{path}: valid; minimize x1^2 (3 unknowns)\n"
    path.write_text(model(FREE, "o57 v0 n2"))
    ran = optbench("check", str(path))
    assert ran.code == 3
    assert f"{path}:12:1: The operator round (o57)" in ran.err
    path.write_bytes(b"g3 1 1 0\n\xff\n")
    assert "line 2 is not UTF-8" in optbench("check", str(path)).err


def test_flags_are_laid_over_a_model(optbench: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "m.nl"
    path.write_text(model(["0 0 10"], "o5 v0 n2"))
    ran = optbench("solve", str(path), "--json", "--var", "x1=2..3", "--subject-to", "x1 >= 2.5")
    assert ran.json["value_exact"] == "25/4"


def test_an_empty_range_is_infeasible(optbench: Callable[..., Ran], tmp_path: Path) -> None:
    path = tmp_path / "m.nl"
    path.write_text(model(["0 3 2"], "v0"))
    ran = optbench("solve", str(path), "--json")
    assert (ran.code, ran.json["status"]) == (6, "infeasible")


def test_exact_ends_stay_exact() -> None:
    assert problem(model(["0 0.1 0.3"], "v0")).variables[0].ranges[0].lower.value == Fraction(1, 10)  # type: ignore[attr-defined]
