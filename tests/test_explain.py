"""`optbench explain`: the lessons of the examples, what holds of every step in them, and their three renderings."""

from __future__ import annotations

import json
import math
import random
import re
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import random_problems
from command_line import Ran
from hypothesis import given
from hypothesis import strategies as st
from latex_syntax import check_latex
from markdown_it import MarkdownIt

from optbench.account import Account, Solver
from optbench.api import method_choice
from optbench.arithmetic.balls import value_of
from optbench.arithmetic.floats import function
from optbench.cli.arguments import Flags, of_expression, problem_of
from optbench.errors import ExitCode
from optbench.exact.narration import narrated
from optbench.language.build import symbol
from optbench.language.derivation import derivation, slope
from optbench.language.derivative import NotDifferentiable
from optbench.language.elaborate import Scope, parse
from optbench.language.graph import Node
from optbench.problem.library import names as library
from optbench.report.explanation import latex, markdown, terminal
from optbench.report.explanation.convergence import METHODS, observed
from optbench.report.explanation.glossary import names, words
from optbench.report.explanation.lesson import lesson
from optbench.report.explanation.model import Notation, digits_of
from optbench.report.explanation.subject import Subject
from optbench.result import Assurance, AttemptStatus, Result, Status
from optbench.workbench.engine import solve
from optbench.workbench.settings import Settings

GOLDEN = Path(__file__).parent / "golden" / "explain"
X = symbol("x")
EXAMPLES = {  # by the name of the golden file: the expression, and flags
    "entropy": ("x*log(x)-sqrt(x)", {"range": ("0", "10")}),
    "no_formula": ("x^2/2 - sin(x)", {"range": ("0.5", "2")}),
    "quintic": ("x^6/6 - x^2/2 - x", {}),
    "solvable_quintic": ("x^6/6 - 5*x^2/2 + 12*x", {}),
    "nested": ("exp(exp(x)) - 5*x", {}),
    "parameter": ("(x-1)*exp(x) - a*x", {"parameters": ["a=positive"]}),
    "unknown": ("exp(exp(x)) + (x - 1)^2", {}),
    "kinks": ("abs(x^2 - 1) + x/2", {"range": ("-3", "3")}),
    "periodic": ("sin(x) + sin(2*x)", {}),
    "not_attained": ("exp(-x)", {}),
    "maximum": ("x*exp(-x)", {"maximize": True}),
    "two_unknowns": ("x^2 + y^2 - x*y + x", {}),
    "constrained": ("x^2 + y^2", {"subject_to": ["x*y >= 1", "x + y <= 5"]}),
    "infeasible": ("sqrt(x - 5)", {"range": ("0", "1")}),
    "whole_numbers": ("(x - 3)^2", {"integer": ["x"]}),
}


def explained(name: str) -> Result:
    text, flags = EXAMPLES[name]
    settings = Settings(account=True, trace=True, methods=tuple(map(method_choice, METHODS)), certify=name in ("whole_numbers", "unknown"))
    return solve(of_expression(text, Flags(**flags)), settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {name: explained(name) for name in EXAMPLES}


# ---- the lessons ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_lesson_is_as_before(name: str, results: dict[str, Result]) -> None:
    """All but the numerical methods, whose digits depend on the machine's elementary functions."""
    told = lesson(results[name])
    proofs = told._replace(sections=tuple(s for s in told.sections if not s.title.startswith("What numerical")))
    assert terminal.render(proofs) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["entropy", "constrained"])
def test_markdown_and_latex_are_as_before(name: str, results: dict[str, Result]) -> None:
    told = lesson(results[name])
    proofs = told._replace(sections=tuple(s for s in told.sections if not s.title.startswith("What numerical")))
    assert markdown.render(proofs) == (GOLDEN / f"{name}.md").read_text(encoding="utf-8")
    assert latex.render(proofs) == (GOLDEN / f"{name}.tex").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXAMPLES)
def test_markdown_and_latex_can_be_read(name: str, results: dict[str, Result]) -> None:
    told = lesson(results[name])
    text = latex.render(told)
    check_latex(re.sub(r"(?s)\\begin\{aligned\}.*?\\end\{aligned\}", "", text))
    assert text.count(r"\begin{aligned}") == text.count(r"\end{aligned}")
    html = MarkdownIt("commonmark").enable("table").render(markdown.render(told))
    assert html.count("<h2>") == len(told.sections)
    grids = sum(type(block).__name__ == "Grid" for section in told.sections for block in section.blocks)
    assert html.count("<table>") == grids


def test_markdown_between_dollars_is_what_latex_has(results: dict[str, Result]) -> None:
    told = lesson(results["entropy"])
    maths = re.findall(r"(?s)\$\$\n(.*?)\n\$\$", markdown.render(told))
    assert maths == re.findall(r"(?s)\\begin\{equation\*\}\n(.*?)\n\\end\{equation\*\}", latex.render(told))
    assert len(maths) >= 6


@pytest.mark.parametrize("name", ["entropy", "no_formula", "quintic", "solvable_quintic", "nested", "unknown"])
def test_iterates_are_those_of_the_result(name: str, results: dict[str, Result]) -> None:
    result = results[name]
    [solution] = result.solutions
    assert solution.point is not None
    text = terminal.render(lesson(result))
    for attempt in result.attempts:
        if attempt.kind == "numerical":
            assert attempt.trace is not None
            for record in attempt.trace[:4]:
                x = record["point"]["x"]
                row = [str(record["iteration"]), f"{x:.12g}", f"{record['value']:.9g}", f"{abs(x - solution.point['x']):.3g}"]
                assert row in [line.split() for line in text.splitlines()]


def test_gradient_descent_is_linear_and_newton_quadratic(results: dict[str, Result]) -> None:
    text = terminal.render(lesson(results["no_formula"]))
    [gradient, newton] = (float(order) for order in re.findall(r"convergence\s+seen:\s+([\d.]+)[,:]", text))
    assert 0.9 < gradient < 1.1
    assert 1.8 < newton < 2.3


def test_a_lesson_without_an_account_says_less_but_nothing_false(results: dict[str, Result]) -> None:
    told = terminal.render(lesson(replace(results["entropy"], account=None)))
    assert "exact, and proved global" in told
    assert "f'(x) =" not in told


def test_what_is_no_problem_has_no_lesson() -> None:
    with pytest.raises(ValueError, match="no valid problem"):
        Subject.of(Result(None, Status.INVALID, Assurance.NONE, "no"))


# ---- the account ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_account_survives_json(name: str, results: dict[str, Result]) -> None:
    account = results[name].account
    if name == "infeasible":
        assert account is None  # nothing is attempted on an empty domain
        return
    assert account is not None
    assert Account.from_json(json.loads(json.dumps(account.to_json()))) == account
    assert json.loads(results[name].to_json())["account"]["function"] == account.function


def test_account_stands_in_the_result_only_where_it_is_asked_for() -> None:
    result = solve(of_expression("x^2", Flags()), Settings(methods=(method_choice("newton"),)))
    assert "account" not in result.to_dict()


def test_the_account_has_no_more_time_than_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(problem: Any, strategy: str) -> Account:
        time.sleep(4)
        return narrated(problem, strategy)

    monkeypatch.setattr("optbench.exact.narration.narrated", slow)
    result = solve(of_expression("x^2", Flags()), Settings(account=True, time_limit=2.0, certify=False, methods=(method_choice("newton"),)))
    assert result.assurance is Assurance.EXACT
    assert result.account is None


LINES = [
    "x*log(x) - sqrt(x)",
    "x^4 - 3*x^2 + x",
    "exp(2*x) - 3*exp(x) + x",
    "exp(exp(x)) - 5*x",
    "x^3/3*exp(-x)",
    "sin(x) + sin(2*x)",
    "sin(x)^3 + cos(x)",
    "x - 4*sqrt(x) + log(x)",
    "x^2*log(x)^2",
    "log(x)/x^2 + 1/x",
    "(x - 2)*exp(x) + x^2/2 - x",
    "x^(3/2) - x^(5/2) + x^3",
    "atan(x)^2 - atan(x)",
    "cosh(x) - 2*x",
]


@pytest.mark.parametrize("text", LINES)
def test_rewritings_hold_at_the_zeros(text: str) -> None:
    """Each zero satisfies one of the alternatives, which mpmath computes with 50 digits from the texts."""
    strategy = "periodic" if text.startswith("sin") else "univariate"
    account = narrated(of_expression(text, Flags()), strategy)
    assert account.search is not None
    with mpmath.workdps(50):
        for piece in account.search.pieces:
            for zero in piece.zeros:
                assert zero.formula is not None
                at = _value(parse(zero.formula).node)
                assert abs(_at(parse(piece.slope, Scope(open=True)).node, {"x": at})) < 1e-30
                plain = [r for r in piece.rewritings if r.letter is None]
                lettered = [r for r in piece.rewritings if r.letter is not None]
                for r in plain:
                    assert abs(_difference(r.left, r.right, {"x": at})) < 1e-30
                if lettered and text != "(x - 2)*exp(x) + x^2/2 - x":  # whose other factor is x - 1
                    assert min(abs(_lettered_difference(r, at)) for r in lettered) < 1e-30


def _lettered_difference(r: Any, at: mpmath.mpf) -> mpmath.mpf:
    return _difference(r.left, r.right, {r.letter: _at(parse(r.meaning, Scope(open=True)).node, {"x": at})})


def _difference(left: str, right: str, at: dict[str, mpmath.mpf]) -> mpmath.mpf:
    return _at(parse(left, Scope(open=True)).node, at) - _at(parse(right, Scope(open=True)).node, at)


def _value(node: Node) -> mpmath.mpf:
    ball = value_of(node, 200)
    return mpmath.mpf(ball.lower.str(50, radius=False))


def _at(node: Node, at: dict[str, mpmath.mpf]) -> mpmath.mpf:
    """The value, by SymPy's reading of the text at 50 digits."""
    import sympy

    names_ = {name: sympy.Symbol(name) for name in at}
    read = sympy.sympify(str(node).replace("^", "**").replace("lambertw", "LambertW"), locals=names_)
    return mpmath.mpf(str(sympy.N(read.subs({names_[n]: sympy.Float(str(v), 50) for n, v in at.items()}), 45)))


@pytest.mark.parametrize("text", LINES)
def test_signs_curvature_and_limits_hold(text: str) -> None:
    """Against floats: the sign of the derivative between zeros, and whether the second derivative bends the way that is told."""
    account = narrated(of_expression(text, Flags()), "periodic" if text.startswith("sin") else "univariate")
    assert account.search is not None
    for piece in account.search.pieces:
        evaluate = function([parse(piece.slope, Scope(open=True)).node], [X])
        ends = [_end(piece.lower), *(float(z.enclosure[0]) for z in piece.zeros if z.enclosure), _end(piece.upper)]
        assert len(piece.signs) == len(piece.zeros) + 1
        for low, high, sign in zip(ends, ends[1:], piece.signs, strict=False):
            middle = (max(low, -3.0) + min(high, max(low, -3.0) + 2.0)) / 2
            assert np.sign(evaluate(middle)[0]) == sign
        for zero in piece.zeros:
            if zero.bend:
                assert (zero.before, zero.after) == ((-1, 1) if zero.bend > 0 else (1, -1))


def _end(text: str) -> float:
    return {"inf": math.inf, "-inf": -math.inf}.get(text) or float(value_of(parse(text).node).lower)


def test_every_solver_that_gives_formulas_is_met() -> None:
    accounts = [narrated(of_expression(text, Flags()), "periodic" if text.startswith("sin") else "univariate") for text in LINES]
    met = {piece.solver for account in accounts if account.search for piece in account.search.pieces}
    assert {Solver.POLYNOMIAL, Solver.LAMBERT, Solver.KERNELS} <= met


# ---- the derivative, step by step -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(60))
def test_every_step_of_a_derivative_is_a_true_equation(seed: int) -> None:
    """The right-hand side against a difference of 50 digits of the left."""
    tree = random_problems.problem(random.Random(seed)).objective
    text = random_problems.written(tree)
    root = parse(text, Scope(open=True)).node
    names_ = sorted(random_problems.names(tree))
    if not names_:
        return
    x = symbol(names_[0])
    at = {symbol(name): 0.37 + 0.21 * k for k, name in enumerate(names_)}
    try:
        steps = derivation(root, x)
    except NotDifferentiable:
        return
    for step in steps:
        _check_slope(step.of, step.result, x, at)
        if step.applied is not None:
            _check_slope(step.of, step.applied, x, at)
    if steps:
        _check_slope(root, steps[-1].result, x, at)


def _check_slope(of: Node, result: Node, x: Any, at: dict[Any, float]) -> None:
    symbols_ = list(at)
    evaluate = function([of, result], symbols_)
    h = 1e-5
    values = [evaluate(*(v + (d if s is x else 0) for s, v in at.items())) for d in (-2 * h, -h, h, 2 * h)]
    quotient = (values[0][0] - 8 * values[1][0] + 8 * values[2][0] - values[3][0]) / (12 * h)
    told = evaluate(*at.values())[1]
    if math.isfinite(quotient) and math.isfinite(told) and max(abs(v[0]) for v in values) < 1e6:
        assert abs(quotient - told) <= 1e-5 * max(1.0, abs(told), *(abs(v[0]) for v in values))


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("x*log(x)", ["known", "product"]),
        ("sin(x)/x", ["known", "quotient"]),
        ("1/(x^2 + 1)", ["power", "reciprocal"]),
        ("2^x", ["exponential"]),
        ("x^x", ["general_power"]),
        ("(x^2 + 1)^3", ["power", "power"]),
        ("3*x^2", ["power", "factor"]),
    ],
)
def test_rules_are_named(text: str, rules: list[str]) -> None:
    assert [step.rule for step in derivation(parse(text, Scope(open=True)).node, X)] == rules


def test_the_last_step_is_the_derivative() -> None:
    root = parse("x^2*sin(exp(x)) - x/(1 + x)", Scope(open=True)).node
    last = derivation(root, X)[-1]
    assert last.of is root
    _check_slope(root, slope(root, X), X, {X: 0.3})


# ---- the order of convergence -------------------------------------------------------------------------------------------------


@given(st.floats(1.0, 3.0), st.floats(0.05, 0.6), st.floats(1e-3, 0.3))
def test_order_of_a_sequence_of_known_order_is_seen(order: float, factor: float, first: float) -> None:
    errors = [first]
    while len(errors) < 12 and errors[-1] > 1e-200:
        errors.append(factor * errors[-1] ** order)
    seen = observed(errors, 1e-180)
    if len([e for e in errors if e > 1e-180]) >= 3:
        assert seen is not None
        assert seen.order == pytest.approx(order, rel=1e-6)


@pytest.mark.parametrize("errors", [[], [1.0], [1.0, 0.5], [0.1, 0.2, 0.1, 0.3], [1e-17, 1e-18, 0.0]])
def test_no_order_is_seen_where_there_is_none(errors: list[float]) -> None:
    assert observed(errors, 1e-16) is None


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6), st.integers(0, 12))
def test_digits_shown_are_those_of_every_number_in_the_enclosure(low: int, width: int, shift: int) -> None:
    ends = [f"{Decimal(n).scaleb(-shift):f}" for n in (low, low + width)]
    relation, digits = digits_of(ends)
    if relation == "in":
        assert digits.text == f"[{ends[0]}, {ends[1]}]"
    else:
        shown = digits.text.removesuffix("...")
        assert all(end.startswith(shown) for end in ends)


# ---- words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("member", [*Status, *Assurance, *AttemptStatus, *ExitCode], ids=str)
def test_every_status_and_exit_code_is_explained(member: Any) -> None:
    assert words(str(member.value))
    assert all(word.meaning.endswith(".") for word in words(str(member.value)))


@pytest.mark.parametrize(
    "name", ["found", "none", "not_found", "Not-Found", "not found", "radicals", "lambertw", "algebraic_root", "L", "EL"]
)
def test_verdicts_and_classes_are_explained(name: str) -> None:
    assert words(name)


def test_names_are_listed_once() -> None:
    assert len(names()) == len(set(names()))
    assert words("no such word") == []


def test_maths_in_prose_stands_between_backticks() -> None:
    assert [str(getattr(p, "text", p)) for p in Notation({}, "f", "x").prose("with `x = 1/2` in it")] == ["with ", "x = 1/2", " in it"]


# ---- the command -----------------------------------------------------------------------------------------------------------


def test_command_explains_words(optbench: Any) -> None:
    ran: Ran = optbench("explain", "none")
    assert ran.code == 0
    assert [line.split(":")[0] for line in ran.out.splitlines()] == ["none, an assurance", "none, a verdict on a closed form"]


@pytest.mark.parametrize("format_", ["text", "markdown", "latex"])
def test_command_explains_a_problem(optbench: Any, format_: str) -> None:
    ran: Ran = optbench("explain", "x*log(x)-sqrt(x)", "--range", "0", "10", "--format", format_)
    assert (ran.code, ran.err) == (0, "")
    assert "0.67584063094" in ran.out


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("explain", "x*("), 3),
        (("explain", "nowhere.yaml"), 2),
        (("explain", "x^2", "--format", "pdf"), 2),
        (("explain",), 2),
        (("explain", "x^2", "--range", "3", "1"), 2),
        (("explain", "x", "--range", "0", "1"), 0),
        (("explain", "1/x", "--range", "-1", "1"), 0),
        (("explain", "sqrt(x - 5)", "--range", "0", "1"), 0),
    ],
)
def test_exit_code_says_whether_there_is_an_explanation(optbench: Any, argv: tuple[str, ...], code: int) -> None:
    ran: Ran = optbench(*argv)
    assert ran.code == code
    assert (ran.out != "") == (code == 0)
    assert "Traceback" not in ran.err


def test_hostile_names_stay_text(optbench: Any, tmp_path: Path) -> None:
    file = tmp_path / "hostile.yaml"
    file.write_text('name: "</script>[bold]$x$\\\\input{a}"\nminimize: "x^2 + f"\nvariables: {x: [-1, 1], f: [0, 1]}\n', encoding="utf-8")
    for format_ in ("text", "markdown", "latex"):
        ran: Ran = optbench("explain", str(file), "--format", format_)
        assert ran.code == 0
        assert "g(x, f)" in ran.out  # f is a variable here, so the function is g


@pytest.mark.slow
@pytest.mark.parametrize("name", library())
def test_every_bundled_problem_can_be_explained(name: str) -> None:
    settings = Settings(
        account=True, trace=True, methods=tuple(map(method_choice, METHODS)), exact_time=2.0, certify_time=0.5, time_limit=5.0
    )
    told = lesson(solve(problem_of(f"@{name}", Flags()), settings))
    assert told.sections[0].title == "The function"
    check_latex(re.sub(r"(?s)\\begin\{aligned\}.*?\\end\{aligned\}", "", latex.render(told)))
    assert markdown.render(told).startswith("# How to ")
    assert terminal.render(told).count("\n1. The function\n") == 1


def test_readme_shows_what_is_printed() -> None:
    readme = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"(?s)\$ optbench explain [^\n]*\| sed -n '10,45p'\n(.*?)```", readme)
    lines = (GOLDEN / "entropy.txt").read_text(encoding="utf-8").splitlines()
    assert shown.splitlines() == lines[9:45]


@pytest.mark.parametrize("text", ["x^2/9 + sin(x)^3*exp(cos(x)) - cos(7*x)", "exp(exp(x)) + (x - 1)^2", "x^4 - 3*x^2 + x*cos(x)"])
def test_what_is_not_proved_is_not_told_as_proved(text: str) -> None:
    """An account with a doubt, or with a piece that is not settled, makes the lesson say so, whatever else proved the answer."""
    result = solve(of_expression(text, Flags(range=("-2", "2"))), Settings(account=True, trace=True, methods=(method_choice("newton"),)))
    assert result.account is not None
    search = result.account.search
    assert search is not None
    assert "no others to compare" in " ".join(terminal.render(lesson(result)).split())
    doubtful = [
        replace(search, doubts=("the limit of the function at inf is not known",)),
        replace(search, pieces=(replace(search.pieces[0], proved=False, reason="something is missing"), *search.pieces[1:])),
    ]
    for changed in doubtful:
        told = " ".join(terminal.render(lesson(replace(result, account=replace(result.account, search=changed)))).split())
        assert "no others to compare" not in told
        assert "not the whole truth" in told or "is not proved" in told


def test_no_heading_promises_the_proof_of_an_answer_that_is_not_proved(results: dict[str, Result]) -> None:
    local = replace(results["entropy"], status=Status.LOCALLY_OPTIMAL, assurance=Assurance.LOCAL)
    titles = [section.title for section in lesson(local).sections]
    assert "The answer, and how well it is known" in titles
    assert not any("why" in title for title in titles)


def test_a_formula_that_is_not_verified_is_told_as_such(results: dict[str, Result]) -> None:
    result = results["entropy"]
    assert result.account is not None
    assert result.account.search is not None
    [piece] = result.account.search.pieces
    unverified = replace(piece, zeros=(replace(piece.zeros[0], verified=False),), proved=False)
    changed = replace(result, account=replace(result.account, search=replace(result.account.search, pieces=(unverified,))))
    told = " ".join(terminal.render(lesson(changed)).split())
    assert "each formula gives exactly 0" not in told
    assert "That each of these formulas gives 0 is not proved." in told


# ---- sentences that were not true ------------------------------------------------------------------------------------------


def told(text: str, **flags: Any) -> str:
    settings = Settings(account=True, trace=True, methods=tuple(map(method_choice, METHODS)), certify=False)
    return terminal.render(lesson(solve(of_expression(text, Flags(**flags)), settings)))


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_lambert_s_letter_is_not_the_unknown() -> None:
    text = told("w*log(w) - sqrt(w)", range=("0", "10"))
    assert "y*exp(y) = exp(1/2)/4" in text
    assert "y = (log(w) + 1)/2    (what the letter stands for)" in text
    assert "In the certificate w is written x." in text
    assert "z is in the class if and only if x is." in squeezed(text)


def test_factors_of_an_equation_are_alternatives() -> None:
    lines = [" ".join(line.split()) for line in told("exp(2*x) - 3*exp(x) + x", range=("-2", "2")).splitlines()]
    assert "y - 1 = 0" in lines
    assert "2*y - 1 = 0 (or)" in lines


def test_a_maximum_is_sought_along_the_slope() -> None:
    text = squeezed(told("x*exp(-x)", maximize=True))
    assert "x moves along the slope" in text
    assert "would not rise enough" in text
    assert "against the slope" not in text


def test_an_active_end_of_a_range_has_its_part_in_the_gradient() -> None:
    text = squeezed(told("x + y", variables=["x=0..5"], subject_to=["y >= 1"]))
    assert "constraints and ends of ranges that hold with equality are linearly independent, it is a combination of them" in text


def test_candidates_beyond_those_listed_are_said_to_exist() -> None:
    text = squeezed(told("abs(sin(x))", range=("0", "100")))
    assert "Not all candidates are listed here; the search compared them all." in text
    assert "It is the least of all values and limits, and there are no others" in text
    assert "There are 32 global solutions, all in the result (--format json), and no others." in text


def test_conditions_of_a_domain_are_maths_of_their_own() -> None:
    result = solve(
        of_expression("1/(x^2 - 1) + sqrt(x^2 - 2)", Flags(range=("-3", "3"))), Settings(account=True, methods=(), certify=False)
    )
    text = latex.render(lesson(result))
    assert r"$[-3, 3]$ where ${x}^{2} - 1 \ne 0 \text{ and } {x}^{2} - 2 \ge 0$" in text


def test_a_jump_has_no_derivative() -> None:
    text = squeezed(told("floor(x) + x", range=("0", "3")))
    assert "This holds where the function is smooth; kinks and jumps have no derivative." in text
    assert "At a stationary point" not in text


def test_a_distance_to_one_of_many_solutions_is_no_error() -> None:
    text = told("x*y - exp(x)", maximize=True, range=("0", "1"))
    assert "distance to a solution" in text
    assert "error is then" not in text


def test_a_second_derivative_that_is_not_known_is_not_called_0() -> None:
    text = told("digamma(x)^2", range=("0.5", "3"))
    assert "f''(x_1)    (not known; f' goes from - to +: a local minimum)" in text


def test_a_second_derivative_that_is_infinite_does_not_end_the_account() -> None:
    text = squeezed(told("cbrt(x)^5"))
    assert "f''(x_1) (not known; f' keeps its sign: no extremum)" in text


def test_without_an_account_nothing_is_said_of_strategies() -> None:
    result = replace(solve(of_expression("x^2 - x", Flags()), Settings(account=True, methods=(), certify=False)), account=None)
    text = terminal.render(lesson(result))
    assert "The account of the steps did not come." in text
    assert "No strategy" not in text
    assert "no derivative" not in text


def test_a_constant_piece_neither_rises_nor_falls() -> None:
    text = squeezed(told("max(x, 1)", range=("-2", "3")))
    assert "only rises, only falls, or is constant, so no other point is better than all of them" in text


def test_a_search_that_proves_the_answer_is_not_denied() -> None:
    settings = Settings(account=True, methods=tuple(map(method_choice, METHODS)), certify=False, exact_time=0)
    text = squeezed(terminal.render(lesson(solve(of_expression("x^2 - x", Flags()), settings))))
    assert "Nothing proves" not in text


def test_a_strategy_without_candidates_is_not_said_to_compare_them() -> None:
    text = squeezed(told("sqrt(x^2 + y^2)"))
    assert "candidates" not in text
    assert "follows from the argument of the strategy" in text


def test_no_second_derivatives_are_told_at_a_kink() -> None:
    assert "matrix of second derivatives" not in squeezed(told("abs(x*y - 1)"))


def test_where_nothing_was_found_nothing_is_said_of_it() -> None:
    text = squeezed(told("a*sin(x) + b*cos(3*x)", parameters=["a=real", "b=real"]))
    assert "Nothing was found: no method is applicable." in text
    assert "the global one. Not" not in text
    assert "table" not in text
