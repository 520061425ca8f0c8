"""Equations in x with a planted root that has a closed form, disguised so that it is hard to see.

Each root comes with facts, pairs of expressions that are equal there (at log(2): exp(x) = 2, sinh(x) = 3/4). An equation is a
sum of such differences, with random functions as factors, and of differences between an expression and a disguise of it, which
are 0 for another reason: sqrt(u^2) for u > 0, log(u^2)/2 for log(u), 2*sin(u/2)*cos(u/2) for sin(u), and so on. A false "there is
no formula" is then a hypothesis of a theorem that was not checked.

>>> import random
>>> equation(random.Random(1), ROOTS["log(2)"], disguises=0)
'(exp(-3*x) - (1/8))*(5/2*(1/(x^2 + 1)))'
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import mpmath

DIGITS = 220
_SAME = "exp log sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh pi e mpf"
MPMATH = {name: getattr(mpmath, name) for name in re.findall(r"\w+", _SAME)} | {
    "cbrt": lambda v: mpmath.cbrt(v) if v >= 0 else -mpmath.cbrt(-v),
    "log1p": lambda v: mpmath.log(1 + v),
    "expm1": lambda v: mpmath.exp(v) - 1,
    "lambertw": lambda v, k=0: mpmath.lambertw(v, k).real,
    "sigmoid": lambda v: 1 / (1 + mpmath.exp(-v)),
}


def value(expression: str, x: mpmath.mpf | None = None) -> mpmath.mpf:
    """Return the value of an expression of our language, at x if it holds x."""
    expression = re.sub(r"(?<![\w.])(\d+)", r"mpf(\1)", expression).replace("^", "**")
    return eval(expression, {**MPMATH, "x": x, "quintic": _quintic()})


def _quintic() -> mpmath.mpf:
    """The real root of t^5 - t - 1, which has no radicals but is a root of a polynomial."""
    return mpmath.findroot(lambda t: t**5 - t - 1, mpmath.mpf("1.1673"))


class Root(NamedTuple):
    """A number and pairs of expressions that are equal where x is that number."""

    formula: str
    facts: Sequence[tuple[str, str]]


_FACTS: dict[str, Sequence[tuple[str, str]]] = {
    # algebraic: equal exponents, equal logarithms, and polynomials
    "0": [
        ("exp(x)", "1"),
        ("sin(x)", "0"),
        ("cos(x)", "1"),
        ("log(1 + x)", "0"),
        ("atan(x)", "x"),
        ("asinh(x)", "0"),
        ("exp(x)", "exp(x^2)"),
    ],
    "1": [("log(x)", "0"), ("exp(x)", "exp(x^2)"), ("x^3 + x", "2"), ("exp(x)", "e"), ("exp(2*x)", "e^2"), ("log(x + 1)", "log(2*x)")],
    "2": [
        ("x^2", "4"),
        ("exp(x)", "e^2"),
        ("exp(x^2)", "exp(2*x)"),
        ("log(x + 2)", "2*log(x)"),
        ("exp(x/2)", "e"),
        ("sin(x^2)", "sin(2*x)"),
    ],
    "-1": [("x^2", "1"), ("exp(x^2)", "exp(-x)"), ("log(2 + x)", "0"), ("exp(-x)", "e"), ("cos(x^2)", "cos(x)"), ("cbrt(x)", "x")],
    "-8": [("cbrt(x)", "-2"), ("exp(cbrt(x))", "exp(x/4)"), ("exp(cbrt(x))", "1/e^2"), ("log(1 - x)", "2*log(1 - cbrt(x))"), ("x^2", "64")],
    "1/3": [("3*x", "1"), ("exp(3*x)", "e"), ("exp(x)", "exp(3*x^2)"), ("log(3*x)", "0"), ("9*x^2", "1")],
    "sqrt(2)": [
        ("x^2", "2"),
        ("exp(x^2)", "e^2"),
        ("exp(x^3)", "exp(2*x)"),
        ("exp(x)", "exp(sqrt(2))"),
        ("log(x^2 - 1)", "0"),
        ("x^4", "4"),
    ],
    "(1 + sqrt(5))/2": [("x^2", "x + 1"), ("exp(x^2)", "e*exp(x)"), ("log(x + 1)", "2*log(x)"), ("exp(1/x)", "exp(x)/e")],
    "cbrt(3)": [("x^3", "3"), ("exp(x^4)", "exp(3*x)"), ("exp(x^3)", "e^3"), ("log(x^3 - 2)", "0")],
    "quintic": [("x^5 - x", "1"), ("exp(x^5)", "e*exp(x)"), ("log(x^5 - x)", "0"), ("sin(x^5 - x - 1)", "0")],
    # logarithms of numbers
    "log(2)": [("exp(x)", "2"), ("sinh(x)", "3/4"), ("exp(x/2)", "sqrt(2)"), ("cosh(x)", "5/4"), ("exp(-3*x)", "1/8"), ("expm1(x)", "1")],
    "-log(2)": [("exp(x)", "1/2"), ("exp(-x)", "2"), ("sigmoid(x)", "1/3"), ("exp(x/3)", "1/cbrt(2)")],
    "log(3)/2": [("exp(2*x)", "3"), ("tanh(x)", "1/2"), ("exp(x)", "sqrt(3)"), ("exp(-4*x)", "1/9")],
    "log(1 + sqrt(2))": [("sinh(x)", "1"), ("cosh(x)", "sqrt(2)"), ("exp(x)", "1 + sqrt(2)"), ("exp(2*x)", "2*exp(x) + 1")],
    "log(quintic)": [("exp(5*x)", "exp(x) + 1"), ("exp(4*x)", "1 + exp(-x)")],
    "log(2)^2": [("exp(sqrt(x))", "2"), ("exp(-2*sqrt(x))", "1/4"), ("sinh(sqrt(x))", "3/4")],
    "-log(2)^3": [("exp(cbrt(x))", "1/2"), ("exp(-2*cbrt(x))", "4")],
    "1/log(3)": [("exp(1/x)", "3"), ("exp(2/x)", "9"), ("cosh(1/x)", "5/3")],
    "sqrt(log(5))": [("exp(x^2)", "5"), ("exp(-x^2/2)", "1/sqrt(5)")],
    "sqrt(2)*log(2)/4": [("exp(2*sqrt(2)*x)", "2"), ("exp(sqrt(8)*x)", "2"), ("exp(sqrt(32)*x)", "4")],
    "1 + log(2)": [("exp(x)", "2*e"), ("exp(x - 1)", "2"), ("exp(2*x - 2)", "4")],
    "log(2)/log(3)": [("2^(1/x)", "3")],
    # exponentials of numbers
    "e": [("log(x)", "1"), ("x", "e"), ("log(x^2)", "2"), ("x^2", "e^2"), ("log(1/x)", "-1")],
    "1/e": [("log(x)", "-1"), ("x", "1/e"), ("log(x^3)", "-3"), ("1/x", "e")],
    "e^2 - 1": [("log(1 + x)", "2"), ("log1p(x)", "2"), ("x + 1", "e^2"), ("log(x^2 + 2*x + 1)", "4")],
    "-e": [("log(-x)", "1"), ("log(x^2)", "2"), ("-x", "e")],
    "sqrt(e)": [("log(x)", "1/2"), ("x^2", "e"), ("log(x^4)", "2")],
    "e + sqrt(2)": [("log(x - sqrt(2))", "1"), ("x - sqrt(2)", "e"), ("log((x - sqrt(2))^3)", "3")],
    "exp(sqrt(2))": [("log(x)", "sqrt(2)"), ("log(x)^2", "2"), ("x", "exp(sqrt(2))")],
    "exp(1/2) + exp(-1/2)": [("x^2", "e + 2 + 1/e"), ("x", "2*cosh(1/2)"), ("acosh(x/2)", "1/2")],
    "e*exp(sqrt(2))": [("log(x)", "1 + sqrt(2)"), ("x", "exp(1 + sqrt(2))"), ("x", "e*exp(sqrt(2))")],
    "exp(quintic)": [("log(x)^5", "log(x) + 1")],
    "1 + (e - 2)^2": [("log(2 + sqrt(x - 1))", "1"), ("sqrt(x - 1)", "e - 2")],
    # angles
    "pi/3": [("cos(x)", "1/2"), ("sin(x)", "sqrt(3)/2"), ("tan(x)", "sqrt(3)"), ("cos(2*x)", "-1/2"), ("sin(x/2)", "1/2")],
    "pi": [("sin(x)", "0"), ("cos(x)", "-1"), ("tan(x/4)", "1"), ("cos(x/2)", "0"), ("sin(x/3)", "sqrt(3)/2")],
    "-pi/4": [("tan(x)", "-1"), ("sin(2*x)", "-1"), ("cos(x)", "sqrt(2)/2"), ("sin(x) + cos(x)", "0")],
    "pi^2": [("cos(sqrt(x))", "-1"), ("sin(sqrt(x))", "0")],
    "1/pi": [("sin(1/x)", "0"), ("cos(1/x)", "-1"), ("sin(1/(2*x))", "1")],
    "2*atan(2)": [("cos(x)", "-3/5"), ("sin(x)", "4/5"), ("tan(x/2)", "2")],
    "acos(1/3)/3": [("cos(3*x)", "1/3"), ("4*cos(x)^3 - 3*cos(x)", "1/3")],
    "tan(1)": [("atan(x)", "1"), ("atan(1/x)", "pi/2 - 1"), ("x", "tan(1)")],
    "-tan(1/2)": [("atan(x)", "-1/2"), ("asin(x/sqrt(1 + x^2))", "-1/2"), ("acos((1 - x^2)/(1 + x^2))", "1")],
    "sin(1)": [("asin(x)", "1"), ("acos(sqrt(1 - x^2))", "1"), ("x", "sin(1)"), ("atan(x/sqrt(1 - x^2))", "1")],
    "cos(2)": [("acos(x)", "2"), ("x", "cos(2)"), ("asin(x)", "pi/2 - 2")],
    "sinh(1)": [("asinh(x)", "1"), ("log(x + sqrt(x^2 + 1))", "1"), ("acosh(sqrt(x^2 + 1))", "1")],
    "cosh(2)": [("acosh(x)", "2"), ("log(x + sqrt(x^2 - 1))", "2"), ("asinh(sqrt(x^2 - 1))", "2")],
    "tanh(1/2)": [("atanh(x)", "1/2"), ("log((1 + x)/(1 - x))", "1")],
}
_BEYOND: dict[str, Sequence[tuple[str, str]]] = {
    "lambertw(2)": [("x*exp(x)", "2"), ("x^2*exp(2*x)", "4")],
    "lambertw(-1/4, -1)": [("x*exp(x)", "-1/4"), ("4*x", "-exp(-x)")],
    "lambertw(3*e) - 1": [("(x + 1)*exp(x)", "3"), ("(x + 1)^2*exp(2*x)", "9"), ("exp(x)", "3/(x + 1)")],
    "2*lambertw(1/2)": [("x*exp(x/2)", "1"), ("x^2*exp(x)", "1"), ("x", "exp(-x/2)")],
    "1/lambertw(5)": [("exp(1/x)", "5*x"), ("exp(1/x)/x", "5")],
    "lambertw(2)^2": [("sqrt(x)*exp(sqrt(x))", "2"), ("x*exp(2*sqrt(x))", "4")],
    "(lambertw(3*e) - 1)^2": [("(sqrt(x) + 1)*exp(sqrt(x))", "3"), ("exp(sqrt(x))", "3/(sqrt(x) + 1)")],
    "(lambertw(3*e) - 1)^3": [("(cbrt(x) + 1)*exp(cbrt(x))", "3"), ("cbrt(x)*exp(cbrt(x))", "3 - exp(cbrt(x))")],
    "sqrt(lambertw(3))": [("x^2*exp(x^2)", "3"), ("exp(-x^2)", "x^2/3")],
    "lambertw(sqrt(2))/sqrt(2)": [("x*exp(sqrt(2)*x)", "1"), ("sqrt(2)*x*exp(sqrt(2)*x)", "sqrt(2)")],
    "-lambertw(-sqrt(3)/9)*3": [("x", "sqrt(3)*exp(x/3)/3"), ("x*exp(-x/3)", "1/sqrt(3)")],
    "exp(lambertw(2))": [("x*log(x)", "2"), ("2/x", "log(x)"), ("log(x)^2", "4/x^2")],
    "exp(-lambertw(1/3))": [("x", "exp(-1/3)*x + x - x*exp(-1/3)"), ("-log(x)", "x/3"), ("3*log(x)", "-x")],
    "exp(2*lambertw(1)) - 1": [("sqrt(1 + x)*log(1 + x)", "2")],
    "lambertw(1)": [("x", "-log(x)"), ("x*exp(x)", "1"), ("x^2*exp(x)", "x")],
}

ROOTS = {formula: Root(formula, facts) for formula, facts in _FACTS.items()}
LAMBERT_ROOTS = {formula: Root(formula, facts) for formula, facts in _BEYOND.items()}

_FACTORS = (
    *(
        "1",
        "1",
        "x",
        "x + 2",
        "x^2 + 1",
        "exp(x)",
        "exp(-x)",
        "exp(2*x)",
        "exp(x^2)",
        "exp(x/3)",
        "log(x^2 + 2)",
        "sin(x)",
        "cos(x/2)",
        "e",
    ),
    *("sqrt(x^2 + 3)", "1/(x^2 + 1)", "atan(x)", "asinh(x)", "cosh(x)", "tan(x/5)", "exp(sqrt(x^2 + 1))", "cbrt(x - 20)", "sqrt(2)", "e^2"),
)
_ARGUMENTS = ("x", "2*x", "x^2", "x + 1", "x^2 + 1", "x/3", "sqrt(x^2 + 2)", "1 - x", "x^2 + x", "1/(x^2 + 1)", "-x", "x - 3")


def equation(choose: random.Random, root: Root, disguises: int | None = None) -> str:
    """Return an expression in x that is 0 at the root."""
    with mpmath.workdps(DIGITS):
        x = value(root.formula)
        terms = [_difference(*choose.choice(root.facts)) for _ in range(choose.choice((1, 1, 2)))]
        arguments, factors = choose.sample(_ARGUMENTS, 2), choose.sample(_FACTORS, 2)  # few, since four kernels are the limit
        for _ in range(choose.choice((0, 1, 1, 2)) if disguises is None else disguises):
            terms.append(_difference(*disguised(choose, x, arguments)))
        return " + ".join(f"{term}*({_factor(choose, factors)})" for term in terms)


def _difference(left: str, right: str) -> str:
    return f"({left} - ({right}))"


def _factor(choose: random.Random, factors: Sequence[str]) -> str:
    q = Fraction(choose.choice((-3, -2, -1, 1, 1, 1, 2, 5)), choose.choice((1, 1, 1, 2, 7)))
    return choose.choice(factors) if q == 1 else f"{q}*({choose.choice(factors)})"


def disguised(choose: random.Random, x: mpmath.mpf, arguments: Sequence[str]) -> tuple[str, str]:
    """Return two expressions that are equal at x, though perhaps not everywhere."""
    while True:
        u, v = choose.choice(arguments), choose.choice(arguments)
        pair = choose.choice(_DISGUISES)(u, value(u, x), v, value(v, x))
        if pair is not None:
            return pair


Pair = tuple[str, str] | None


def _root_of_square(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"exp(sqrt(({u})^2))", f"exp({u})" if at > 0 else f"exp(-({u}))")


def _root_of_square_alone(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"sqrt(({u})^2)", u if at > 0 else f"-({u})")


def _root_of_cube(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"exp(cbrt(({u})^3))", f"exp({u})")


def _fourth_root(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"cos((({u})^4)^(1/4))", f"cos({u})")


def _product_of_roots(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"exp(sqrt({u})*sqrt({v}))", f"exp(sqrt(({u})*({v})))") if at > 0 and w > 0 else None


def _nested(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"exp(sqrt(({u}) + 1 + 2*sqrt({u})))", f"e*exp(sqrt({u}))") if at > 0 else None


def _log_of_square(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"log(({u})^2)", f"2*log({u})" if at > 0 else f"2*log(-({u}))") if at else None


def _log_of_product(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    if not at or not w:
        return None
    u, v = (u if at > 0 else f"-({u})"), (v if w > 0 else f"-({v})")
    return (f"log(({u})*({v}))", f"log({u}) + log({v})")


def _log_of_exp(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"log(exp({u}))", u)


def _exp_of_log(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"exp(log({u}))", u) if at > 0 else None


def _shifted_exp(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"exp(({u}) + 1)", f"e*exp({u})")


def _scaled_log(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"log(3*({u}))", f"log({u}) + log(3)") if at > 0 else None


def _inverse_angles(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"atan({u})", f"{'' if at > 0 else '-'}pi/2 - atan(1/({u}))") if at else None


def _equal_inverse_angles(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    """atan(u) + atan(1/u) does not depend on u."""
    return (f"atan({u}) + atan(1/({u}))", f"atan({v}) + atan(1/({v}))") if at > 0 and w > 0 else None


def _arc_sine(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"atan({u})", f"asin(({u})/sqrt(1 + ({u})^2))")


def _arc_cosine(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    if abs(at) >= 1 or abs(w) >= 1:
        return None
    return (f"acos({u}) + asin({u})", f"acos({v}) + asin({v})")


def _arc_of_arc(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    if not 0 < at < 1:
        return None
    return (f"acos(2*({u})^2 - 1)", f"2*acos({u})")


def _area(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"asinh({u})", f"-log(sqrt(({u})^2 + 1) - ({u}))")


def _area_cosine(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"acosh({u})", f"asinh(sqrt(({u})^2 - 1))") if at > 1 else None


def _area_tangent(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"atanh({u})", f"log(1 + ({u}))/2 - log(1 - ({u}))/2") if abs(at) < 1 else None


def _half_angle(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"sin({u})", f"2*sin(({u})/2)*cos(({u})/2)")


def _pythagoras(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"sin({u})^2 + cos({u})^2", f"cosh({v})^2 - sinh({v})^2")


def _angle_sum(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"cos(({u}) + ({v}))", f"cos({u})*cos({v}) - sin({u})*sin({v})")


def _sigmoids(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"tanh(({u})/2)", f"2*sigmoid({u}) - 1")


def _constant_exponent(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"exp(sqrt(({u})^2)/({u}))", "e" if at > 0 else "1/e") if at else None


def _square_of_root(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    return (f"exp(sqrt({u})^2)", f"exp({u})") if at > 0 else None


def _golden(u: str, at: mpmath.mpf, v: str, w: mpmath.mpf) -> Pair:
    """sqrt(3 + 2*sqrt(2)) is 1 + sqrt(2)."""
    return (f"exp(sqrt(3 + 2*sqrt(2))*({u}))", f"exp({u})*exp(sqrt(2)*({u}))")


_DISGUISES: tuple[Callable[[str, mpmath.mpf, str, mpmath.mpf], Pair], ...] = (
    *(_root_of_square, _root_of_square_alone, _root_of_cube, _fourth_root, _product_of_roots, _nested, _log_of_square, _log_of_product),
    *(_log_of_exp, _exp_of_log, _shifted_exp, _scaled_log, _inverse_angles, _equal_inverse_angles, _arc_sine, _arc_cosine, _arc_of_arc),
    *(_area, _area_cosine, _area_tangent, _half_angle, _pythagoras, _angle_sum, _sigmoids, _constant_exponent, _square_of_root, _golden),
)
