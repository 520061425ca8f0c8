"""Random problems for tests, as trees of plain tuples that this file can write as text and evaluate by itself.

The evaluation shares no code with the package: floats of numpy for many points at once (nan where a function is not
defined), or mpmath with as many digits as asked for. `problem` makes one of a few families, from sums of simple terms to
trees of any functions, with ranges and constraints.

>>> tree = ("+", ("^", "x", 2), ("sqrt", "y"))
>>> written(tree)
'((x)^(2) + sqrt(y))'
>>> evaluated(tree, {"x": np.array([1.0, 2.0]), "y": np.array([4.0, -1.0])})
array([ 3., nan])
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import mpmath
import numpy as np

Tree: TypeAlias = Any  # a name, a Fraction or int, or (function, argument, ...)

NUMBERS = [Fraction(n, d) for n, d in ((1, 1), (1, 1), (1, 1), (2, 1), (2, 1), (3, 1), (1, 2), (1, 2), (3, 2), (5, 1), (1, 3), (4, 1))]
SMOOTH = ("exp", "sin", "cos", "atan", "tanh", "cosh", "sinh", "asinh", "sigmoid", "softplus", "erf", "expm1")
PARTIAL = ("log", "sqrt", "acosh", "atanh", "asin", "acos", "tan", "log1p", "lambertw", "cbrt")
KINKED = ("abs", "relu", "sign", "floor", "ceil")


class Range(NamedTuple):
    low: float
    high: float
    low_closed: bool
    high_closed: bool

    def __str__(self) -> str:
        low, high = (("-inf" if self.low == -np.inf else f"{self.low:g}"), ("inf" if self.high == np.inf else f"{self.high:g}"))
        return f"{'[' if self.low_closed else '('}{low}, {high}{']' if self.high_closed else ')'}"


class Comparison(NamedTuple):
    left: Tree
    relation: str  # <= >= == < >
    right: Tree

    def __str__(self) -> str:
        return f"{written(self.left)} {self.relation} {written(self.right)}"


class Random(NamedTuple):
    """One problem; always a minimisation."""

    objective: Tree
    ranges: Mapping[str, Range]
    constraints: Sequence[Comparison]

    def __str__(self) -> str:
        ranges = ", ".join(f"{name} in {r}" for name, r in self.ranges.items())
        return "; ".join([written(self.objective), ranges, *map(str, self.constraints)])


# ---- trees ---------------------------------------------------------------------------------------------------------------


def written(tree: Tree) -> str:
    """The text of a tree in the language of the package."""
    if not isinstance(tree, tuple):
        return str(tree) if isinstance(tree, str) or (tree == int(tree) and tree >= 0) else f"({tree})"
    name, *arguments = tree
    texts = [written(a) for a in arguments]
    if name in "+-*/%":
        return f"({texts[0]} {name} {texts[1]})"
    if name == "^":
        return f"({texts[0]})^({texts[1]})"
    if name == "if":
        return f"if({texts[0]} {texts[1]} {texts[2]}, {texts[3]}, {texts[4]})".replace("'", "")
    return f"{name}({', '.join(texts)})"


def names(tree: Tree) -> set[str]:
    """The unknowns of a tree."""
    if isinstance(tree, tuple):
        return set().union(*(names(a) for a in tree[1:]))
    return {tree} if isinstance(tree, str) and tree not in ("<", "<=", "pi") else set()


def evaluated(tree: Tree, at: Mapping[str, Any]) -> Any:
    """The values of a tree at many points, nan where it is not defined or beyond the floats."""
    with np.errstate(all="ignore"):
        return _floats(tree, at)


def _floats(tree: Tree, at: Mapping[str, Any]) -> Any:
    if isinstance(tree, str):
        return at[tree] if tree != "pi" else np.pi
    if not isinstance(tree, tuple):
        return float(tree)
    name, *arguments = tree
    if name == "if":
        left, relation, right, yes, no = arguments
        a, b = _floats(left, at), _floats(right, at)
        chosen = np.where(a < b if relation == "<" else a <= b, _floats(yes, at), _floats(no, at))
        return np.where(np.isnan(a + b), np.nan, chosen)
    value = _in_numpy(name, [_floats(a, at) for a in arguments], arguments[-1])
    return np.where(np.isfinite(value), value, np.nan)


def _in_numpy(name: str, v: list[Any], last: Tree) -> Any:
    from scipy import special

    match name:
        case "+" | "-" | "*":
            return {"+": np.add, "-": np.subtract, "*": np.multiply}[name](*v)
        case "/":
            return np.divide(*v)
        case "%":
            return np.where(v[1] == 0, np.nan, np.mod(v[0], v[1]))
        case "^":
            whole = not isinstance(last, (tuple, str)) and last == int(last)
            return np.power(v[0], v[1]) if whole else np.where((v[0] < 0) | np.isnan(v[0] + v[1]), np.nan, np.power(np.abs(v[0]), v[1]))
        case "lambertw":
            return np.where(v[0] >= -np.exp(-1), special.lambertw(v[0]).real, np.nan)
        case "tan":
            return np.where(np.abs(np.cos(v[0])) < 1e-9, np.nan, np.tan(v[0]))
        case "relu":
            return np.where(np.isnan(v[0]), np.nan, np.maximum(v[0], 0))
        case "softplus":
            return np.logaddexp(0, v[0])
        case "sigmoid" | "erf":
            return (special.expit if name == "sigmoid" else special.erf)(v[0])
        case "max" | "min":
            return (np.maximum if name == "max" else np.minimum)(*v)
        case "atan2":
            return np.where((v[0] == 0) & (v[1] == 0), np.nan, np.arctan2(*v))
        case "asin" | "acos" | "atan" | "asinh" | "acosh" | "atanh":
            return getattr(np, name.replace("a", "arc", 1))(*v)
    return getattr(np, name)(*v)


def precisely(tree: Tree, at: Mapping[str, Any]) -> Any:
    """The value of a tree at one point with the digits that mpmath works with; raise ValueError where it is not defined."""
    if isinstance(tree, str):
        return at[tree] if tree != "pi" else +mpmath.pi
    if not isinstance(tree, tuple):
        return mpmath.mpf(tree.numerator) / tree.denominator
    name, *arguments = tree
    if name == "if":
        left, relation, right, yes, no = arguments
        a, b = precisely(left, at), precisely(right, at)
        return precisely(yes if (a < b if relation == "<" else a <= b) else no, at)
    value = _in_mpmath(name, [precisely(a, at) for a in arguments], arguments[-1])
    if not isinstance(value, mpmath.mpf) or not mpmath.isfinite(value):
        raise ValueError(f"{name} is not defined")
    return value


def _in_mpmath(name: str, v: list[Any], last: Tree) -> Any:
    m = mpmath
    noise = m.mpf(10) ** (10 - m.mp.dps)
    match name:
        case "+":
            return v[0] + v[1]
        case "-":
            return v[0] - v[1]
        case "*":
            return v[0] * v[1]
        case "/" | "%":
            if v[1] == 0:
                raise ValueError("division by 0")
            return v[0] / v[1] if name == "/" else v[0] - v[1] * m.floor(v[0] / v[1])
        case "^":
            if not isinstance(last, (tuple, str)) and last == int(last):
                return _whole_power(v[0], int(last))
            base = m.mpf(0) if -noise < v[0] < 0 else v[0]
            if base < 0 or (base == 0 and v[1] < 0):
                raise ValueError("power")
            return m.mpf(1) if v[1] == 0 else base ** v[1]
        case "sqrt" | "log" | "log1p":
            x = 1 + v[0] if name == "log1p" else v[0]
            x = m.mpf(0) if name == "sqrt" and -noise < x < 0 else x
            if x < 0 or (x == 0 and name != "sqrt"):
                raise ValueError(name)
            return m.sqrt(x) if name == "sqrt" else m.log(x)
        case "asin" | "acos" | "atanh":
            x = max(min(v[0], 1), -1) if abs(v[0]) < 1 + noise and name != "atanh" else v[0]
            if abs(x) > 1 or (name == "atanh" and abs(x) == 1):
                raise ValueError(name)
            return getattr(m, name)(x)
        case "acosh":
            if v[0] < 1 - noise:
                raise ValueError(name)
            return m.acosh(max(v[0], 1))
        case "lambertw":
            if v[0] < -m.exp(-1) - noise:
                raise ValueError(name)
            return m.re(m.lambertw(max(v[0], -m.exp(-1))))
        case "cbrt":
            return m.sign(v[0]) * m.cbrt(abs(v[0]))
        case (
            "abs"
            | "sign"
            | "floor"
            | "ceil"
            | "sinh"
            | "cosh"
            | "tanh"
            | "asinh"
            | "atan"
            | "sin"
            | "cos"
            | "tan"
            | "exp"
            | "erf"
            | "expm1"
        ):
            return m.mpf(0) if name == "sign" and abs(v[0]) < noise else getattr(m, {"abs": "fabs"}.get(name, name))(*v)
        case "atan2" | "hypot":
            if name == "atan2" and not v[0] and not v[1]:
                raise ValueError(name)
            return getattr(m, name)(*v)
        case "relu":
            return max(v[0], m.mpf(0))
        case "sigmoid":
            return 1 / (1 + m.exp(-v[0]))
        case "softplus":
            return m.log1p(m.exp(-abs(v[0]))) + max(v[0], m.mpf(0))
        case "max" | "min":
            return (max if name == "max" else min)(v)
    raise ValueError(name)


def _whole_power(base: Any, exponent: int) -> Any:
    if base == 0 and exponent < 0:
        raise ValueError("division by 0")
    return base**exponent


# ---- problems ------------------------------------------------------------------------------------------------------------

_INF = float("inf")
RANGES = (
    *(Range(-_INF, _INF, False, False),) * 5,
    *(Range(0, _INF, True, False), Range(0, _INF, False, False)) * 2,
    *(Range(-1, 1, True, True), Range(0, 1, True, True), Range(-2, 3, True, True), Range(0, 2, False, False), Range(-3, 3, True, True)),
    *(
        Range(-_INF, 0, False, True),
        Range(1, 4, True, False),
        Range(1, _INF, True, False),
        Range(-1, 2, False, True),
        Range(-2, _INF, False, False),
    ),
    *(Range(1, 1, True, True), Range(0, 1, False, True)),
)


def problem(source: random.Random, unknowns: int | None = None) -> Random:
    """A random problem of one to three unknowns."""
    count = unknowns or source.choice((1, 1, 2, 2, 2, 3))
    variables = ["x", "y", "z"][:count]
    objective = source.choice(FAMILIES)(source, variables)
    ranges = {v: source.choice(RANGES) for v in variables if True}
    many = source.choice((0, 0, 0, 1, 1, 2))
    constraints = [comparison(source, variables) for _ in range(many)]
    return Random(objective, ranges, constraints)


def number(source: random.Random) -> Tree:
    """A small number, sometimes negative."""
    return source.choice(NUMBERS) * source.choice((1, 1, -1))


def tree(source: random.Random, variables: Sequence[str], depth: int) -> Tree:
    """A tree of any functions."""
    if depth == 0:
        return source.choice(list(variables)) if source.random() < 0.78 else source.choice(NUMBERS)

    def below() -> Tree:
        return tree(source, variables, depth - 1)

    kind = source.random()
    if kind < 0.50:
        return (source.choice("++-**/"), below(), below())
    if kind < 0.66:
        return ("^", below(), source.choice((2, 2, 2, 3, 4, -1, -2, Fraction(1, 2), Fraction(3, 2), Fraction(1, 3), 0)))
    if kind < 0.76:
        return (source.choice(SMOOTH), below())
    if kind < 0.86:
        return (source.choice(PARTIAL), below())
    if kind < 0.91:
        return (source.choice(KINKED), below())
    if kind < 0.96:
        return (source.choice(("max", "min", "hypot", "atan2", "max", "min", "%", "^")), below(), below())
    if kind < 0.97:
        return ("if", below(), source.choice(("<", "<=")), below(), below(), below())
    return below()


def polynomial(source: random.Random, variables: Sequence[str]) -> Tree:
    """A sparse polynomial of degree up to six, often with an even leading part."""
    terms = [("*", number(source), monomial(source, variables, source.choice((1, 1, 2, 2, 3)))) for _ in range(source.randint(1, 4))]
    if source.random() < 0.6:
        terms += [("^", v, source.choice((2, 4, 4, 6))) for v in variables]
    return total(terms)


def monomial(source: random.Random, variables: Sequence[str], degree: int) -> Tree:
    """A product of unknowns."""
    result: Tree = source.choice(list(variables))
    for _ in range(degree - 1):
        result = ("*", result, source.choice(list(variables)))
    return result


def total(terms: Sequence[Tree]) -> Tree:
    """The sum of terms."""
    result = terms[0]
    for term in terms[1:]:
        result = ("+", result, term)
    return result


def posynomial(source: random.Random, variables: Sequence[str]) -> Tree:
    """Sums of products of powers of any sign."""
    terms = []
    for _ in range(source.randint(2, 4)):
        term: Tree = abs(number(source)) if source.random() < 0.85 else number(source)
        for v in variables:
            if (exponent := source.choice((0, 1, 1, 2, -1, -1, -2, Fraction(1, 2), Fraction(-1, 2)))) != 0:
                term = ("*", term, ("^", v, exponent))
        terms.append(term)
    return total(terms)


def separable(source: random.Random, variables: Sequence[str]) -> Tree:
    """A sum or a product of functions of one unknown each."""
    parts = [tree(source, [v], source.choice((1, 2, 2))) for v in variables]
    result = parts[0]
    operator = source.choice("++*/-")
    for p in parts[1:]:
        result = (operator, result, p)
    return result


def composed(source: random.Random, variables: Sequence[str]) -> Tree:
    """A function of a simple inner part."""
    inner = source.choice((polynomial, affine, quadratic, posynomial, separable))(source, variables)
    outer = source.choice((*SMOOTH, *PARTIAL, *KINKED, "inverse", "power", "bump", "quotient", "root"))
    if outer == "inverse":
        return ("/", number(source), ("+", number(source), inner))
    if outer == "power":
        return ("^", inner, source.choice((2, 3, 4, -1, -2, Fraction(1, 2), Fraction(3, 2))))
    if outer == "bump":
        return ("*", inner, ("exp", ("-", 0, total([("^", v, 2) for v in variables]))))
    if outer == "quotient":
        return ("/", inner, source.choice((polynomial, affine, quadratic))(source, variables))
    if outer == "root":
        return ("sqrt", ("+", ("^", inner, 2), abs(number(source))))
    return (outer, inner)


def affine(source: random.Random, variables: Sequence[str]) -> Tree:
    """An affine function."""
    return total([*(("*", number(source), v) for v in variables if source.random() < 0.85), number(source)])


def quadratic(source: random.Random, variables: Sequence[str]) -> Tree:
    """A quadratic function, of any curvature."""
    if source.random() < 0.4:
        return total([("^", affine(source, variables), 2) for _ in range(source.randint(1, 3))])
    return total([*(("*", number(source), monomial(source, variables, 2)) for _ in range(source.randint(1, 4))), affine(source, variables)])


def nonsmooth(source: random.Random, variables: Sequence[str]) -> Tree:
    """Sums and maxima of absolute values of affine functions, perhaps with a smooth part."""
    terms = [("*", number(source), ("abs", affine(source, variables))) for _ in range(source.randint(1, 3))]
    if source.random() < 0.4:
        terms.append(("max", affine(source, variables), affine(source, variables)))
    if source.random() < 0.4:
        terms.append(source.choice((affine, quadratic))(source, variables))
    return total(terms)


def trigonometric(source: random.Random, variables: Sequence[str]) -> Tree:
    """Sums of sines and cosines, of sums of the unknowns too."""
    terms: list[Tree] = []
    for _ in range(source.randint(1, 3)):
        inner: Tree = source.choice(list(variables)) if source.random() < 0.7 else affine(source, variables)
        inner = ("*", source.choice((1, 1, 2, 3, Fraction(1, 2))), inner)
        term: Tree = (source.choice(("sin", "cos")), inner)
        terms.append(("*", number(source), ("^", term, 2) if source.random() < 0.2 else term))
    if source.random() < 0.2:
        terms.append(affine(source, variables))
    return total(terms)


def exponential(source: random.Random, variables: Sequence[str]) -> Tree:
    """Sums of exponentials of affine functions, with polynomial or logarithmic parts."""
    terms: list[Tree] = [("*", number(source), ("exp", affine(source, variables))) for _ in range(source.randint(1, 2))]
    v = source.choice(list(variables))
    terms.append(source.choice((affine(source, variables), ("*", v, ("log", v)), ("log", affine(source, variables)), ("^", v, 2))))
    return total(terms)


def invariant(source: random.Random, variables: Sequence[str]) -> Tree:
    """Functions of a ratio, a product, a sum or a norm."""
    a, b = variables[0], variables[-1]
    inner = source.choice((("/", a, b), ("*", a, b), ("+", a, b), ("+", ("^", a, 2), ("^", b, 2)), ("-", a, b), ("hypot", a, b)))
    return substituted(tree(source, ["t"], 2), {"t": inner})


def substituted(node: Tree, at: Mapping[str, Tree]) -> Tree:
    """A tree with others in the place of its unknowns."""
    if isinstance(node, tuple):
        return (node[0], *(substituted(a, at) for a in node[1:]))
    return at.get(node, node) if isinstance(node, str) else node


def plain(source: random.Random, variables: Sequence[str]) -> Tree:
    """Few operations on unknowns and the numbers 1 and 2, in which much cancels, ties or degenerates."""

    def below(depth: int) -> Tree:
        if depth == 0 or source.random() < 0.15:
            return source.choice((*variables, *variables, *variables, 1, 2))
        kind = source.random()
        if kind < 0.6:
            return (source.choice("++--**/"), below(depth - 1), below(depth - 1))
        if kind < 0.8:
            return ("^", below(depth - 1), source.choice((2, 2, 2, 3, 4, -1, Fraction(1, 2))))
        if kind < 0.9:
            return (source.choice(("abs", "abs", "sqrt", "exp", "log", "sin", "atan", "floor", "sign")), below(depth - 1))
        return (source.choice(("max", "min")), below(depth - 1), below(depth - 1))

    return below(source.choice((2, 3, 3, 4)))


FAMILIES = (
    lambda s, v: tree(s, v, 2),
    lambda s, v: tree(s, v, 3),
    lambda s, v: tree(s, v, 3),
    *(
        plain,
        plain,
        plain,
        polynomial,
        posynomial,
        separable,
        composed,
        composed,
        quadratic,
        nonsmooth,
        trigonometric,
        exponential,
        invariant,
    ),
    lambda s, v: (s.choice("++-*"), s.choice(FAMILIES[3:13])(s, v), s.choice(FAMILIES[3:13])(s, v)),
)


def comparison(source: random.Random, variables: Sequence[str]) -> Comparison:
    """A random constraint, often a linear one or a circle."""
    relation = source.choice(("<=", "<=", ">=", "==", "<", ">"))
    left = source.choice((affine, affine, affine, quadratic, polynomial, lambda s, v: total([("^", n, 2) for n in v])))(source, variables)
    if source.random() < 0.2:
        left = tree(source, variables, 2)
    if source.random() < 0.15:
        left = monomial(source, variables, 2)
    if source.random() < 0.2:
        left = plain(source, variables)
    return Comparison(left, relation, source.choice((0, 0, 1, 1, 2, 4, Fraction(1, 2))))
