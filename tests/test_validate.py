"""From drafts to problems: every way of writing one problem gives the same one, and every mistake is reported at once."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optbench
from optbench.cli.arguments import Flags, of_document, of_expression, problem_of
from optbench.errors import ProblemError, UsageError
from optbench.problem.interval import Interval
from optbench.problem.problem import Problem, domain_text
from optbench.problem.reader import read_text
from optbench.problem.validate import validated


def of_file(text: str, folder: Path | None = None) -> Problem:
    return validated(read_text(text, "p.yaml", folder))


def mistakes_of(text: str, folder: Path | None = None) -> list[str]:
    with pytest.raises(ProblemError) as caught:
        of_file(text, folder)
    return [str(m) for m in caught.value.mistakes]


def ranges(problem: Problem, name: str = "x") -> list[str]:
    (variable,) = (v for v in problem.variables if v.name == name)
    return [str(interval) for interval in variable.ranges]


def range_of(written: str) -> str:
    """The range of x as a file writes it after `range:`."""
    (one,) = ranges(of_file(f'minimize: "x^2"\nvariables: {{x: {{range: {written}}}}}'))
    return one


def domain_of(expression: str, *ends: str) -> str:
    problem = of_expression(expression, Flags(range=(ends[0], ends[1]) if ends else None))
    return domain_text(*problem.domains["x"])


# ---- one problem, however it is written -----------------------------------------------------------------------------------

SAME = [
    (
        'minimize: "x*log(x) - sqrt(x)"\nvariables: {x: [0, 10]}',
        of_expression("x*log(x) - sqrt(x)", Flags(range=("0", "10"))),
        optbench.define("x*log(x) - sqrt(x)", range=(0, 10)),
    ),
    (
        'maximize: "a*x - y^2"\nvariables: {x: "[0, 1)", y: {range: [-1, null], start: 1/2}}\n'
        'parameters: {a: 0.1}\nsubject to: ["x + y <= 1"]',
        of_expression(
            "a*x - y^2",
            Flags(
                variables=["x=[0, 1)", "y=[-1, inf)"],
                start=["y=1/2"],
                parameters=["a=0.1"],
                maximize=True,
                subject_to=["x + y <= 1"],
            ),
        ),
        optbench.define(
            "a*x - y^2",
            variables={"x": "[0, 1)", "y": (-1, None)},
            start={"y": "1/2"},
            parameters={"a": 0.1},
            subject_to=["x + y <= 1"],
            maximize=True,
        ),
    ),
    (
        'minimize: "sum((x - c)^2)"\nvariables: {x: {shape: 3, range: [-5, 5], start: [1, 2, 3]}}\nparameters: {c: [1, 2, 0.5]}',
        of_expression("sum((x - c)^2)", Flags(variables=["x[3]=-5..5"], start=["x=[1, 2, 3]"], parameters=["c=[1, 2, 0.5]"])),
        optbench.define(
            "sum((x - c)^2)",
            variables={"x": {"shape": 3, "range": (-5, 5), "start": np.array([1.0, 2.0, 3.0])}},
            parameters={"c": [1, 2, 0.5]},
        ),
    ),
    (
        'minimize: "n^2 - n"\nvariables: {n: {range: 0..9, integer: true}}',
        of_expression("n^2 - n", Flags(variables=["n=0..9"], integer=["n"])),
        optbench.define("n^2 - n", variables={"n": {"range": "0..9", "integer": True}}),
    ),
    (
        'minimize: "a*x^2 + b*x"\nvariables: {x: null}\nparameters: {a: positive, b: real}',
        of_expression("a*x^2 + b*x", Flags(parameters=["a=positive", "b=real"])),
        optbench.define("a*x^2 + b*x", parameters={"a": "positive", "b": "real"}),
    ),
]


@pytest.mark.parametrize(("file", "flags", "python"), SAME)
def test_file_flags_and_python_give_the_same_problem(file: str, flags: Problem, python: Problem) -> None:
    assert of_file(file) == flags == python
    assert of_file(file).hash == flags.hash == python.hash


def test_json_and_yaml_give_the_same_problem() -> None:
    yaml = 'minimize: "x^2"\nvariables: {x: {range: [0.1, inf], start: 1e-6}}'
    json = '{"minimize": "x^2", "variables": {"x": {"range": [0.1, "inf"], "start": 1e-6}}}'
    assert of_file(yaml) == of_document(json, Flags())


def test_flags_override_a_file(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text('minimize: "a*x + y"\nvariables: {x: [0, 1], y: {range: [0, 1], start: 1}}\nparameters: {a: 2}\nsubject to: ["x >= 0"]')
    problem = problem_of(
        str(file), Flags(variables=["x=2..3"], parameters=["a=5"], start=["y=0.5"], maximize=True, subject_to=["y <= 1"], integer=["x"])
    )
    assert (ranges(problem, "x"), ranges(problem, "y")) == (["[2, 3]"], ["[0, 1]"])
    assert problem.sense == "maximize"
    assert problem.objective_text == "5*x + y"
    assert [c.text for c in problem.constraints] == ["x >= 0", "y <= 1"]
    assert problem.variables[0].symbol.integer
    assert problem.variables[1].starts == ((0.5,),)
    everywhere = problem_of(str(file), Flags(range=("-1", "1")))
    assert ranges(everywhere, "x") == ranges(everywhere, "y") == ["[-1, 1]"]


def test_a_data_flag_keeps_the_matrices_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("f1,f2,y\n1,2,3\n4,5,6\n")
    file = tmp_path / "p.yaml"
    file.write_text('minimize: "sum((X @ w - y)^2)"\nvariables: {w: {shape: 2}}\ndata: {file: missing.csv, matrices: {X: [f1, f2]}}')
    problem = problem_of(str(file), Flags(data=str(tmp_path / "other.csv")))
    assert {s.name: s.shape for s in problem.data} == {"X": (2, 2), "y": (2,)}


# ---- ranges ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"[0, 10)"', "[0, 10)"),
        ("0..10", "[0, 10]"),
        ('"0..10"', "[0, 10]"),
        ('"-5 .. -1/2"', "[-5, -1/2]"),
        ('"(1+1)..(2*3)"', "[2, 6]"),
        ('"(0, inf)"', "(0, inf)"),
        ('"[0, inf]"', "[0, inf)"),
        ('"(-inf, inf)"', "(-inf, inf)"),
        ("[0, 10]", "[0, 10]"),
        ("[0, null]", "[0, inf)"),
        ("[null, 0]", "(-inf, 0]"),
        ("[null, null]", "(-inf, inf)"),
        ("[-.inf, .inf]", "(-inf, inf)"),
        ("null", "(-inf, inf)"),
        ("[0.1, 1e-0]", "[0.1, 1]"),
        ('["-pi/2", pi/2]', "[-(1/2)*pi, 1/2*pi]"),
        ('"[max(1, 2), sqrt(16))"', "[max(1, 2), sqrt(16))"),
        ("[3, 3]", "[3, 3]"),
        ('"[3, 3]"', "[3, 3]"),
    ],
)
def test_a_range_in_each_form(written: str, shown: str) -> None:
    if "pi" in shown:
        interval = of_file(f'minimize: "x^2"\nvariables: {{x: {{range: {written}}}}}').variables[0].ranges[0]
        assert interval.floats == (-math.pi / 2, math.pi / 2)
        assert not isinstance(interval.lower, float)
        return
    assert range_of(written) == shown


def test_equal_ends_fix_a_variable() -> None:
    fixed = of_file('minimize: "x^2 + y"\nvariables: {x: [3, 3], y: "[pi, pi]"}')
    assert all(v.ranges[0].is_fixed for v in fixed.variables)


def test_ends_may_be_lists_one_an_entry() -> None:
    problem = of_file('minimize: "sum(x)"\nvariables: {x: {range: [[0, 1, null], 5], shape: 3}}')
    assert ranges(problem) == ["[0, 5]", "[1, 5]", "(-inf, 5]"]
    implied = of_file('minimize: "sum(x)"\nvariables: {x: [[0, 0], [1, "2*pi"]]}')
    assert implied.variables[0].shape == (2,)
    assert [i.floats for i in implied.variables[0].ranges] == [(0, 1), (0, 2 * math.pi)]
    written = of_file('minimize: "sum(x)"\nvariables: {x: {range: [zeros(3), "arange(1, 4)"], shape: 3}}')
    assert ranges(written) == ["[0, 1]", "[0, 2]", "[0, 3]"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('"zeros(3)..[1, 2, 3]"', ["[0, 1]", "[0, 2]", "[0, 3]"]),
        ('"[1, 2, 3]..5"', ["[1, 5]", "[2, 5]", "[3, 5]"]),
        ('"(-inf, arange(3)]"', ["(-inf, 0]", "(-inf, 1]", "(-inf, 2]"]),
        ('"[linspace(0, 1, 3), 2)"', ["[0, 2)", "[1/2, 2)", "[1, 2)"]),
        ('["a", "a + 1"]', ["[5, 6]", "[7, 8]", "[9, 10]"]),
        ("[[null, 2, 2], [1, 2, null]]", ["(-inf, 1]", "[2, 2]", "[2, inf)"]),
    ],
)
def test_ends_in_each_form_with_one_an_entry(written: str, shown: list[str]) -> None:
    problem = of_file(f'minimize: "sum(x)"\nvariables: {{x: {{range: {written}, shape: 3}}}}\nparameters: {{a: [5, 7, 9]}}')
    assert [r.replace("0.5", "1/2") for r in ranges(problem)] == shown


def test_ends_of_a_matrix_are_nested_lists_in_row_major_order() -> None:
    problem = of_file('minimize: "sum(A)"\nvariables: {A: {range: ["zeros(2, 3)", [[1, 2, 3], [4, null, 6]]], shape: [2, 3]}}')
    assert ranges(problem, "A") == ["[0, 1]", "[0, 2]", "[0, 3]", "[0, 4]", "[0, inf)", "[0, 6]"]


def test_an_entry_whose_range_is_empty_is_named() -> None:
    found = mistakes_of('minimize: "sum(A)"\nvariables: {A: {range: [0, [[1, 2, 3], [4, -1, 6]]], shape: [2, 3]}}')
    assert "The range [0, -1] of A[1, 1] is empty; the lower end comes first." in found[0]


def test_columns_may_be_ends_and_starts(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("low,high,first,other\n0,1,0.5,a\n1,3,2,b\n")
    problem = of_file('minimize: "sum(x)"\nvariables: {x: {range: [low, high], start: first, shape: 2}}\ndata: {file: d.csv}', tmp_path)
    assert ranges(problem) == ["[0, 1]", "[1, 3]"]
    assert problem.variables[0].starts == ((0.5, 2.0),)


def test_ends_may_use_parameters_that_are_declared_before() -> None:
    assert ranges(of_file('minimize: "x^2"\nvariables: {x: [0, "2*a"]}\nparameters: {a: 3}')) == ["[0, 6]"]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("[5, 1]", "The range [5, 1] of x is empty; the lower end comes first."),
        ('"(3, 3]"', "The range (3, 3] of x is empty; the lower end comes first."),
        ('"[pi, 3]"', "of x is empty; the lower end comes first."),
        ('"0.."', "'0..' has only one end; write inf where there is no bound."),
        ('"..5"', "'..5' has only one end; write inf where there is no bound."),
        ('"[0, ]"', "'[0, ]' has only one end; write inf where there is no bound."),
        ('"0 to 5"', "'0 to 5' is no range; write [0, 10], (0, inf) or 0..10."),
        ('"[0..1]"', "'[0..1]' is no range; write [0, 10], (0, inf) or 0..10."),
        ('"[0, y]"', "The name y is not declared."),
        ('"[0, log(-1)]"', "has an end that is no number."),
        ('"[0, 1/0]"', "has an end that is no number."),
        ("[inf, inf]", "has an end that is no number."),
        ("5", "A range has two ends"),
        ("[1, 2, 3]", "A range has two ends"),
        ("[[0, 0], [1, 1, 1]]", "a list of shape 3 is given"),
    ],
)
def test_what_is_no_range(written: str, sentence: str) -> None:
    shape = ", shape: 2" if "[[" in written else ""
    first = mistakes_of(f'minimize: "sum(x)"\nvariables: {{x: {{range: {written}{shape}}}}}'.replace("sum(x)", "sum(x)" if shape else "x"))[
        0
    ]
    assert sentence in first
    assert first.startswith("p.yaml:2:")
    assert "\n  variables: " in first


# ---- starts ---------------------------------------------------------------------------------------------------------------


def starts_of(written: str, shape: str = "", parameters: str = "") -> tuple[tuple[float | None, ...], ...]:
    objective = "sum(x)" if shape else "x"
    (x,) = of_file(
        f'minimize: "{objective}"\nvariables: {{x: {{range: [-5, 5], {shape}{written}}}}}\nparameters: {{{parameters}}}'
    ).variables
    return x.starts


def test_starts_in_each_form() -> None:
    assert starts_of("start: 1") == ((1.0,),)
    assert starts_of("start: 1e-6") == ((1e-6,),)
    assert starts_of('start: "pi/2"') == ((math.pi / 2,),)
    assert starts_of("starts: [0, 1, sqrt(2)]") == ((0.0,), (1.0,), (math.sqrt(2),))
    assert starts_of("start: 2, starts: [0, 1]") == ((2.0,), (0.0,), (1.0,))
    assert starts_of("start: ones(3)", "shape: 3, ") == ((1.0, 1.0, 1.0),)
    assert starts_of("start: 2", "shape: 3, ") == ((2.0, 2.0, 2.0),)
    assert starts_of("start: [1, null, 1/4]", "shape: 3, ") == ((1.0, None, 0.25),)
    assert starts_of("starts: [[1, 2], [3, 4]]", "shape: 2, ") == ((1.0, 2.0), (3.0, 4.0))
    assert starts_of("starts: ['ones(2)', [3, null], 5]", "shape: 2, ") == ((1.0, 1.0), (3.0, None), (5.0, 5.0))
    assert starts_of("start: 'linspace(0, 4, n)'", "shape: 3, ", "n: 3") == ((0.0, 2.0, 4.0),)
    assert starts_of("start: [[1, 2], [3, 4]]", "shape: [2, 2], ") == ((1.0, 2.0, 3.0, 4.0),)


@pytest.mark.parametrize("value", ["inf", "[1, inf]", "[1, .inf]", "2*inf"])
def test_infinity_in_the_objective_is_traced_to_its_parameter(value: str) -> None:
    (only,) = mistakes_of(f'minimize: "sum(a*x)"\nvariables: {{x: [0, 1]}}\nparameters: {{b: inf, a: {value}}}')
    assert "inf is for bounds and can't stand in the objective; the parameter a has it." in only


def test_a_list_of_starts_says_the_shape() -> None:
    (x,) = of_file('minimize: "sum(x)"\nvariables: {x: {starts: [[1, 2], [3, 4]]}}').variables
    assert (x.shape, x.starts) == ((2,), ((1.0, 2.0), (3.0, 4.0)))


def test_the_mistakes_of_ends_and_of_starts_come_at_once() -> None:
    found = mistakes_of(
        'minimize: "sum(x)"\nvariables: {x: {shape: 4, range: [[0, 2], 5], start: [1, 2, 3], starts: [inf, "ones(3)", [[1, 2], [3, 4]]]}}'
    )
    assert [(m.split(": ")[0], m.split(": ", 1)[1].splitlines()[0]) for m in found] == [
        ("p.yaml:2:36", "x has the shape 4, and a list of shape 2 is given."),
        ("p.yaml:2:55", "x has the shape 4, and a list of shape 3 is given."),
        ("p.yaml:2:74", "The start of x is no finite number."),
        ("p.yaml:2:80", "The start of x has the shape 3, and 4 is needed."),
        ("p.yaml:2:92", "x has the shape 4, and a list of shape 2 x 2 is given."),
    ]
    assert "                                     ^^^^" in found[0]


def test_a_start_outside_its_range_is_projected_with_a_warning() -> None:
    problem = of_file('minimize: "x"\nvariables: {x: {range: [0, 1], start: 100}}')
    assert problem.variables[0].starts == ((1.0,),)
    assert problem.warnings == ("The start of x lies outside its range and was projected onto it.",)
    assert of_file('minimize: "x"\nvariables: {x: {range: [0, 1], start: 1}}').warnings == ()


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("start: inf", "The start of x is no finite number."),
        ('start: "log(-1)"', "The start of x is no finite number."),
        ("start: ones(2), shape: 3", "The start of x has the shape 2, and 3 is needed."),
        ("start: ones(2), shape: [2, 1]", "The start of x has the shape 2, and 2 x 1 is needed."),
        ('start: "arange(2)"', "The start of x has the shape 2, and a number is needed."),
        ("start: [1, 2], shape: 3", "x has the shape 3, and a list of shape 2 is given."),
        ("start: y", "The name y is not declared."),
    ],
)
def test_what_is_no_start(written: str, sentence: str) -> None:
    objective = "sum(x)" if "shape" in written else "x"
    (only,) = mistakes_of(f'minimize: "{objective}"\nvariables: {{x: {{{written}}}}}')
    assert sentence in only
    assert only.startswith("p.yaml:2:")


# ---- parameters, data, names ----------------------------------------------------------------------------------------------


def test_parameters_in_each_form() -> None:
    problem = of_file(
        'minimize: "sum(M @ x) + a*x[0] + b + c[1] + sum(i) + p + n"\nvariables: {x: {shape: 2}}\n'
        "parameters: {a: 0.1, b: pi/2, c: [1, sqrt(2)], M: [[1, 2], [3, 4]], i: 'arange(1, 11)', p: positive, n: integer}"
    )
    assert {p.name: p.value for p in problem.parameters} == {
        "a": "0.1",
        "b": "pi/2",
        "c": "[1, sqrt(2)]",
        "M": "[[1, 2], [3, 4]]",
        "i": "arange(1, 11)",
        "p": "positive",
        "n": "integer",
    }
    assert [p.name for p in problem.free_parameters] == ["p", "n"]
    assert [(s.name, s.shape, list(map(int, v))) for s, v in problem.data.items()] == [("M", (2, 2), [1, 2, 3, 4])]


def test_a_list_and_a_matrix_of_the_same_numbers_make_different_problems() -> None:
    hashes = {of_file(f'minimize: "(x - sum(M @ M.T))^2"\nparameters: {{M: {M}}}').hash for M in ("[[1, 2], [3, 4]]", "[[1, 2, 3, 4]]")}
    assert len(hashes) == 2


@pytest.mark.parametrize("text", ["(x - 2y)^2", "(x - 2*y)^2 + 3y²", "x² + 1e5y", "x + y√2", "x + 2π y"])
def test_names_after_numbers_and_before_powers_are_names(text: str) -> None:
    problem = of_expression(text, Flags(variables=("y=0..1", "x=2..3")))
    assert (ranges(problem, "x"), ranges(problem, "y")) == (["[2, 3]"], ["[0, 1]"])


def test_a_column_after_a_number_is_no_unknown(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x,y\n1,2\n3,4\n")
    problem = of_expression("sum((2x*a - 3y)^2)", Flags(data=str(tmp_path / "d.csv")))
    assert [v.name for v in problem.variables] == ["a"]


@pytest.mark.parametrize(
    ("flags", "known"),
    [
        (Flags(start=("x=3",)), 2),
        (Flags(parameters=("a=5",)), 5),
        (Flags(parameters=("b=5",)), None),
        (Flags(maximize=True), None),
        (Flags(range=("1", "2")), None),
        (Flags(variables=("x=1..2",)), None),
        (Flags(subject_to=("x >= 1",)), None),
        (Flags(integer=("x",)), None),
    ],
)
def test_a_published_answer_is_that_of_the_problem_as_published(flags: Flags, known: float | None) -> None:
    text = 'minimize: "x^2 + b*x + a"\nvariables: {x: {start: 1}}\nparameters: {a: 2, b: 0}\nknown: {value: "a", at: {x: 0}}'
    problem = of_document(text, flags)
    assert (problem.known.value if problem.known else None) == known


def test_a_sum_over_indices_is_shown_as_it_was_typed_and_not_by_its_lists_of_indices() -> None:
    typed = "sum((x[i] - x[j])^2 for i in 0..9 for j in i+1..9)"
    problem = of_expression(typed, Flags(variables=("x[10]",)))
    assert problem.objective_text == typed
    again = of_expression(problem.objective_text, Flags(variables=("x[10]",)))
    assert again.objective is problem.objective


def test_a_mistake_of_a_flag_is_not_shown_in_the_file() -> None:
    with pytest.raises(ProblemError) as caught:
        of_document('minimize: "sum(x^2)"\nvariables: {x: {shape: 2, start: [1, 2]}}', Flags(start=("x=[1, 2, 3]",)))
    [mistake] = caught.value.mistakes
    assert (mistake.sentence, mistake.place) == ("x has the shape 2, and a list of shape 3 is given.", None)


def test_a_shape_needs_no_range() -> None:
    [x] = of_expression("sum(x^2)", Flags(variables=("x[3]",))).variables
    assert (x.shape, [str(r) for r in x.ranges[:1]]) == ((3,), ["(-inf, inf)"])
    [x] = of_expression("sum(x^2)", Flags(range=("0", "1"), variables=("x[3]",))).variables
    assert [str(r) for r in x.ranges[:1]] == ["[0, 1]"]
    [x] = of_document('minimize: "sum(x^2)"\nvariables: {x: {shape: 2, range: [3, 4]}}', Flags(variables=("x[5]",))).variables
    assert (x.shape, [str(r) for r in x.ranges[:1]]) == ((5,), ["[3, 4]"])
    for text in ("x", "x=", "x[3]=", "=1..2", "x[]"):
        with pytest.raises(UsageError, match="--var takes a range"):
            of_expression("sum(x^2)", Flags(variables=(text,)))


def test_flags_for_many_expressions_reach_names_after_numbers() -> None:
    flags = Flags(variables=("y=0..1", "z=0..1"), start=("y=1",))
    assert flags.for_expression("(x - 2y)^2") == Flags(variables=["y=0..1"], integer=[], start=["y=1"])


def test_a_range_at_fault_is_told_once_and_nothing_that_follows_from_it() -> None:
    with pytest.raises(ProblemError) as caught:
        of_expression("x + y", Flags(range=("a", "1")))
    assert [m.sentence for m in caught.value.mistakes] == ["The name a is not declared."]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("[[1], [2, 3]]", "The entries of a do not form a regular array."),
        ("null", "Parameter a has no value."),
        ('"b+("', "The expression ends where an operand is needed"),
        ("b", "The name b is not declared."),
        ("[1, null]", "An entry of the parameter a has no value."),
    ],
)
def test_what_is_no_parameter(written: str, sentence: str) -> None:
    found = mistakes_of(f'minimize: "sum(a)*x"\nvariables: {{x: [0, 1]}}\nparameters: {{a: {written}}}')
    assert len(found) == 1
    assert sentence in found[0]
    assert found[0].startswith("p.yaml:3:")


def test_what_is_used_before_it_is_declared_is_told_as_such() -> None:
    found = mistakes_of(
        'minimize: "x"\nvariables: {x: {range: [0, y]}, y: {range: [0, 1], shape: n}}\n'
        'parameters: {b: "a + 1", c: [1, "a"], a: 2, n: "x + 1", q: "q + 1"}'
    )
    assert [(m.split(": ")[0], m.split(": ", 1)[1].splitlines()[0]) for m in found] == [
        ("p.yaml:3:18", "a is declared further down; declare it before it is used."),
        ("p.yaml:3:34", "a is declared further down; declare it before it is used."),
        ("p.yaml:3:49", "x is a variable, and this must be known beforehand."),
        ("p.yaml:3:61", "q can't depend on itself."),
        ("p.yaml:2:28", "y is a variable, and this must be known beforehand."),
    ]


def test_a_faulty_parameter_is_told_once() -> None:
    """Neither its lack of a value nor the uses of its name are further mistakes."""
    with pytest.raises(ProblemError) as caught:
        of_document(
            'minimize: "x + a + b[0] + c[1]"\nvariables: {x: [0, a]}\nparameters: {a: true, b: [1, {}], c: [[1], [null]], d: []}', Flags()
        )
    assert [m.sentence for m in caught.value.mistakes] == [
        "Parameter a must be a number, an expression or a list of them; this is true.",
        "Parameter b must be a number, an expression or a list of them; this is a mapping.",
        "An entry of the parameter c has no value.",
        "A list in d has no entries.",
    ]


def test_data_columns_and_matrices(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("f1,f2,y,label\n1,2,0.5,red\n3,4,1.5,blue\n")
    problem = of_file('minimize: "sum((X @ w - y)^2)"\nvariables: {w: {shape: 2}}\ndata: {file: d.csv, matrices: {X: [f1, f2]}}', tmp_path)
    assert {s.name: (s.shape, [float(v) for v in values]) for s, values in problem.data.items()} == {
        "X": ((2, 2), [1.0, 2.0, 3.0, 4.0]),
        "y": ((2,), [0.5, 1.5]),
    }


def test_a_variable_that_is_nearly_a_column_brings_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("height,width\n1,2\n3,5\n")
    slip = of_expression("sum((heigth - a - b*width)^2)", Flags(data=str(file)))
    assert slip.warnings == ("heigth is a variable, as the data have no column of that name. Did you mean height?",)
    assert of_expression("sum((height - a - b*width)^2)", Flags(data=str(file))).warnings == ()


def test_a_whole_column_may_index(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("i,j\n0,1\n1,2\n")
    problem = of_file('minimize: "sum((x[i] - x[j])^2)"\nvariables: {x: {shape: 3}}\ndata: {file: d.csv}', tmp_path)
    assert problem.dimension == 3


@pytest.mark.parametrize(
    ("content", "rest", "sentence"),
    [
        ("d\n1\n", "data: {file: d.csv, matrices: {X: [d, e]}}", "The data have no column e."),
        ("d,x\n1,2\n", "data: {file: d.csv}", "x is both a column of the data and a variable; give one of them another name."),
        (
            "d,a\n1,2\n",
            "data: {file: d.csv}\nparameters: {a: 2}",
            "a is both a column of the data and a parameter; give one of them another name.",
        ),
    ],
)
def test_data_that_do_not_fit(content: str, rest: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(content)
    found = mistakes_of(f'minimize: "a*x + sum(d)"\nvariables: {{x: [0, 1]}}\n{rest}', tmp_path)
    assert any(sentence in m for m in found)


def test_columns_of_a_matrix_may_have_any_name(tmp_path: Path) -> None:
    """Also one that is no name of the language, or that of a function; a typing error is compared with all columns."""
    (tmp_path / "d.csv").write_text("my col,2z,sin,label,y\n1,2,3,a,0.5\n4,5,6,b,1.5\n")
    text = 'minimize: "sum((X @ w - y)^2)"\nvariables: {w: {shape: 3}}\ndata: {file: d.csv, matrices: {X: ["my col", 2z, sin]}}'
    problem = of_file(text, tmp_path)
    assert [list(v) for s, v in problem.data.items() if s.name == "X"] == [[1, 2, 3, 4, 5, 6]]
    (only,) = mistakes_of(text.replace("my col", "my colm"), tmp_path)
    assert "The data have no column my colm. Did you mean my col?" in only


@pytest.mark.parametrize("at", ["x: [1, 2, 3]", "x: [[1], [2]]", "y: [1]"])
def test_a_known_point_has_the_shape_of_its_variable(at: str) -> None:
    (only,) = mistakes_of(f'minimize: "sum(x) + y"\nvariables: {{x: {{shape: 2}}, y: [0, 1]}}\nknown: {{at: {{{at}}}}}')
    assert only.startswith("p.yaml:3:")
    assert "and a list of shape" in only


def test_a_text_that_was_cut_at_its_commas_is_one_mistake_each() -> None:
    with pytest.raises(ProblemError) as caught:
        of_document('minimize: "sum(x)"\nvariables: {x: {range: [linspace(0, 1, 3), linspace(2, 3, 3)], shape: 3}}', Flags())
    assert [m.sentence for m in caught.value.mistakes] == ["Inside [ ] and { } a text with a comma needs quotes."] * 2


@pytest.mark.parametrize("size", ["100000000", "9" * 30, "9" * 5000])
def test_a_variable_that_is_too_large_is_the_only_mistake(size: str) -> None:
    with pytest.raises(ProblemError) as caught:
        of_expression("x[0]^2 + x[1]", Flags(variables=[f"x[{size}]=0..1"]))
    assert len(caught.value.mistakes) == 1


def test_lists_nested_for_ever_are_refused() -> None:
    with pytest.raises(UsageError, match="Lists are nested more than 50 deep"):
        of_expression("x^2 + a", Flags(parameters=["a=" + "[" * 5000 + "]" * 5000]))


def test_broken_data_bring_no_mistakes_about_names(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("d,e\n1,2\n3\n")
    found = mistakes_of('minimize: "sum(d*x)"\nvariables: {x: [0, 1]}\ndata: {file: d.csv}', tmp_path)
    assert len(found) == 1
    assert "The line has 1 cell, the header has 2." in found[0]


def test_e_may_be_a_variable_and_is_eulers_number_otherwise() -> None:
    assert [v.name for v in of_file('minimize: "e^2"\nvariables: {e: [0, 1]}').variables] == ["e"]
    assert [v.name for v in of_expression("e^x", Flags()).variables] == ["x"]
    assert [v.name for v in of_expression("e^2 + x", Flags(variables=["e=0..1"])).variables] == ["e", "x"]


@pytest.mark.parametrize("name", ["gamma", "pi", "inf", "sin", "sum", "for"])
def test_a_name_with_a_meaning_is_refused_with_another_one(name: str) -> None:
    first = mistakes_of(f'minimize: "x"\nvariables: {{x: [0, 1], {name}: [0, 1]}}')[0]
    assert f"{name} has a meaning in the language and can't name a variable; {name}_ could." in first
    assert first.startswith("p.yaml:2:24: ")


@pytest.mark.parametrize("name", ["'2x'", "'a b'", "x-y"])
def test_what_can_not_be_a_name(name: str) -> None:
    bare = name.strip("'")
    first = mistakes_of(f'minimize: "1"\nvariables: {{{name}: [0, 1]}}')[0]
    assert f"'{bare}' can't name a variable; a name has letters, digits and _, and begins with no digit." in first


def test_one_name_is_declared_once() -> None:
    found = mistakes_of('minimize: "x"\nvariables: {x: [0, 1]}\nparameters: {x: 2}')
    assert "x is declared twice, as a parameter and as a variable." in found[0]


# ---- mistakes -------------------------------------------------------------------------------------------------------------


def test_all_mistakes_come_at_once_with_line_column_and_caret(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        'minimze: "x"\n'
        'minimize: "x^2 + sinn(x)"\n'
        "variables: {x: [5, 1], gamma: [0, 1]}\n"
        'subject to: ["x <", "y = 2"]\n'
        "parameters: {a: [[1], [2, 3]]}\n"
    )
    with pytest.raises(ProblemError) as caught:
        problem_of(str(file), Flags())
    shown = str(caught.value).replace(str(file), "bad.yaml")
    assert shown.splitlines() == [
        "bad.yaml:1:1: A problem has no field 'minimze'. Did you mean minimize?",
        '  minimze: "x"',
        "  ^^^^^^^",
        "  Its fields are name, description, minimize, maximize, model, variables, parameters, subject to, data, methods, known, tags.",
        "bad.yaml:3:24: gamma has a meaning in the language and can't name a variable; gamma_ could.",
        "  variables: {x: [5, 1], gamma: [0, 1]}",
        "                         ^^^^^",
        "bad.yaml:5:14: The entries of a do not form a regular array.",
        "  parameters: {a: [[1], [2, 3]]}",
        "               ^",
        "bad.yaml:3:13: The range [5, 1] of x is empty; the lower end comes first.",
        "  variables: {x: [5, 1], gamma: [0, 1]}",
        "              ^",
        "bad.yaml:2:18: There is no function sinn. Did you mean sin?",
        '  minimize: "x^2 + sinn(x)"',
        "                   ^^^^",
        "  For a product write sinn*(...).",
        "bad.yaml:4:18: The expression ends where an operand is needed.",
        '  subject to: ["x <", "y = 2"]',
        "                   ^",
        "bad.yaml:4:22: The name y is not declared.",
        '  subject to: ["x <", "y = 2"]',
        "                       ^",
    ]


def test_a_faulty_objective_brings_no_mistakes_about_its_stand_in() -> None:
    with pytest.raises(ProblemError) as caught:
        of_document("minimize: !!python/object:os.system x", Flags())
    assert [m.sentence[:24] for m in caught.value.mistakes] == ["In YAML ! begins a tag, "]


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("3 + 4", "There is no variable in this problem."),
        ("[x, y]", "The objective is an array of shape 2; a number is needed, for example its sum."),
        ("x + inf", "inf is for bounds and can't stand in the objective."),
    ],
)
def test_what_is_no_objective(expression: str, sentence: str) -> None:
    with pytest.raises(ProblemError) as caught:
        of_expression(expression, Flags())
    assert caught.value.mistakes[0].sentence == sentence


def test_too_many_unknowns_are_refused() -> None:
    with pytest.raises(ProblemError, match="more than 10,000,000 entries"):
        of_expression("sum(x) + sum(y)", Flags(variables=["x[9000000]=0..1", "y[9000000]=0..1"]))


@pytest.mark.parametrize("flags", [Flags(start=["z=1"]), Flags(integer=["z"]), Flags(variables=["z=0..1"])])
def test_a_flag_for_a_name_that_does_not_occur_is_a_mistake(flags: Flags) -> None:
    with pytest.raises(ProblemError, match="z does not occur in the expression"):
        of_expression("x^2", flags)


def test_a_variable_of_a_file_that_occurs_nowhere_is_a_warning() -> None:
    problem = of_file('minimize: "x^2"\nvariables: {x: [0, 1], y: [0, 1]}')
    assert problem.warnings == ("y occurs neither in the objective nor in a constraint.",)
    assert problem.dimension == 2


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"range": (0, math.nan)}, "nan is no number"),
        ({"range": (0, 1, 2)}, "A range is a pair of ends"),
        ({"variables": {"x": 5}}, "A range is a pair of ends"),
        ({"variables": {"x": {"rang": (0, 1)}}}, "The variable x has no field rang; its fields are range, start"),
        ({"start": {"x": 1j}}, "1j is no number"),
    ],
)
def test_python_values_that_are_no_numbers(asked: dict[str, object], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence.replace("(", r"\(")):
        optbench.define("x^2", **asked)  # type: ignore[arg-type]


# ---- where a problem is defined -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "ends", "domain"),
    [
        ("x*log(x) - sqrt(x)", ("0", "10"), "(0, 10]"),
        ("sqrt(x)", ("-1", "10"), "[0, 10]"),
        ("sqrt(3 - 2*x)", ("0", "10"), "[0, 3/2]"),
        ("1/(x-1)", ("1", "5"), "(1, 5]"),
        ("1/(x-1)", ("-5", "1"), "[-5, 1)"),
        ("1/(x-1)", ("2", "5"), "[2, 5]"),
        ("asin(x)", ("-5", "5"), "[-1, 1]"),
        ("log(x) + log(1 - x)", (), "(0, 1)"),
        ("x^2", (), "(-inf, inf)"),
        ("log(x)", ("-5", "-1"), "empty"),
        ("log(x)", ("0", "2*pi"), "(0, 2*pi]"),
        ("sqrt(3 - x)", ("-pi", "pi"), "[-pi, 3]"),
        ("1/x", ("0", "pi"), "(0, pi]"),
        ("log(x)", ("-2*pi", "-pi"), "empty"),
        ("log(x)", ("0", "0"), "empty"),
        ("1/x", ("0", "0"), "empty"),
        ("sqrt(x)", ("0", "0"), "[0, 0]"),
        ("sqrt(x)*log(-x)", (), "empty"),
        ("x^x", (), "[0, inf)"),
        ("x^(x - 1)", (), "(0, inf)"),
        ("gamma(x)", ("1", "3"), "[1, 3]"),
    ],
)
def test_the_natural_domain_is_cut_from_the_range(expression: str, ends: tuple[str, ...], domain: str) -> None:
    assert domain_of(expression, *ends) == domain


@pytest.mark.parametrize(
    ("expression", "ends", "interval"),
    [("sqrt(x^2 - 4) - x/2", ("-6", "6"), "[-6, 6]"), ("1/(x-1)", ("0", "5"), "[0, 5]"), ("1/sin(x)", ("1", "9"), "[1, 9]")],
)
def test_what_is_no_interval_stands_after_where(expression: str, ends: tuple[str, str], interval: str) -> None:
    shown, condition = domain_of(expression, *ends).split(" where ")
    assert shown == interval
    assert "x" in condition


def test_constraints_are_part_of_where_a_problem_is_defined() -> None:
    problem = of_expression("x", Flags(range=("-1", "1"), subject_to=["log(x) <= 2"]))
    assert domain_text(*problem.domains["x"]) == "(0, 1]"


@given(st.fractions(-9, 9), st.fractions(-9, 9), st.booleans(), st.booleans())
def test_an_interval_is_empty_exactly_if_no_number_lies_in_it(low: Fraction, high: Fraction, with_low: bool, with_high: bool) -> None:
    from optbench.language.build import number

    interval = Interval(number(low), number(high), with_low, with_high)
    assert interval.is_empty == (not (low < high or (low == high and with_low and with_high)))


# ---- the hash -------------------------------------------------------------------------------------------------------------

BASE = 'minimize: "a*x^2 + y"\nvariables: {x: [0, 1], y: [0, 1]}\nparameters: {a: 2}\n'


@pytest.mark.parametrize(
    "same",
    [
        BASE + "name: other\ntags: [t]\nmethods: [bfgs]\nknown: {value: 0}\ndescription: words\n",
        BASE.replace("a*x^2 + y", "a * x^2+y"),
        BASE.replace("[0, 1]", '"0..1"'),
        BASE.replace("x: [0, 1]", "x: {range: [0, 1], start: 1, unit: m}"),
        BASE.replace("a: 2", "a: 2.0"),
    ],
)
def test_the_hash_stays_where_the_question_stays(same: str) -> None:
    assert of_file(same).hash == of_file(BASE).hash


@pytest.mark.parametrize(
    "other",
    [
        BASE.replace("minimize", "maximize"),
        BASE.replace("x^2", "x^3"),
        BASE.replace("x: [0, 1]", "x: [0, 2]"),
        BASE.replace("x: [0, 1]", 'x: "[0, 1)"'),
        BASE.replace("x: [0, 1]", "x: {range: [0, 1], integer: true}"),
        BASE.replace("a: 2", "a: 3"),
        BASE + 'subject to: ["x <= 1"]\n',
    ],
)
def test_the_hash_changes_with_the_question(other: str) -> None:
    assert of_file(other).hash != of_file(BASE).hash


def test_the_hash_changes_with_the_last_entry_of_long_lists(tmp_path: Path) -> None:
    def of_list(last: str) -> str:
        return of_file(
            f'minimize: "sum(c*x)"\nvariables: {{x: {{shape: 3000}}}}\nparameters: {{c: [{", ".join(["sqrt(2)"] * 2999)}, {last}]}}'
        ).hash

    assert of_list("sqrt(3)") != of_list("sqrt(5)")
    hashes = []
    for last in "67":
        (tmp_path / "d.csv").write_text(f"y\n1\n{last}\n")
        hashes.append(of_file('minimize: "sum((x - y)^2)"\nvariables: {x: [0, 1]}\ndata: {file: d.csv}', tmp_path).hash)
    assert hashes[0] != hashes[1]


def test_ends_that_doubles_misjudge_are_compared_by_proof() -> None:
    """In doubles sqrt(2)^2*1e20 - 2e20 is tens of thousands; the end is 3 in truth, so a range from 5 on is empty."""
    end = "sqrt(2)^2*1e20 - 2e20 + 3"
    assert domain_of("log(x)", "0", end).startswith("(0, ")
    with pytest.raises(ProblemError, match="is empty"):
        domain_of("x", "5", end)
