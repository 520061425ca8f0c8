"""THE table of functions: one row for everything an expression can call, operators included.

A row says what the function is called, its arguments, where it is defined, its derivative as an expression, how it
grows, and what it is called in each arithmetic. Everything else reads this table: the parser, the printer, derivatives,
domains, the arithmetics, the documentation and the tests. Importing it imports no library: names are resolved on first
use by the arithmetic that needs them. A row without a name for an arithmetic has no reading there, and what needs that
reading is not applicable.

Texts in a row are in the expression language, in terms of the row's own arguments:

>>> TABLE["asin"].domain
('x >= -1', 'x <= 1')
>>> TABLE["asin"].derivative
('1/sqrt(1 - x^2)',)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a function treats arrays."""

    ELEMENTWISE = "entry by entry, with broadcasting"
    REDUCTION = "over all entries, or along one axis"
    STRUCTURE = "moves entries about"
    CONDITION = "true or false, entry by entry"


@dataclass(frozen=True, slots=True)
class Function:
    """One row of the table.

    `args`: names of the arguments, `...` at the end for any number. `domain`: conditions, all of which must hold.
    `derivative`: one expression an argument (None: there is no rule). `floats`, `numpy`, `sympy`, `casadi`, `balls`,
    `intervals`: the name in that arithmetic (None: it has no reading there). `monotone`: +1 rises, -1 falls wherever
    defined, 0 neither. `range`: bounds of all values. `public`: may be typed. `smooth`: differentiable wherever it is
    defined and its derivative is.
    """

    name: str
    args: tuple[str, ...]
    kind: Kind
    summary: str
    domain: tuple[str, ...] = ()
    derivative: tuple[str, ...] | None = None
    floats: str | None = None
    numpy: str | None = None
    sympy: str | None = None
    casadi: str | None = None
    balls: str | None = None
    intervals: str | None = None
    latex: str | None = None
    monotone: int = 0
    range: tuple[str, str] = ("-inf", "inf")
    integer: bool = False
    smooth: bool = True
    public: bool = True


TABLE: dict[str, Function] = {}

_AWAY_FROM_POLES = "x > 0 or x != floor(x)"  # gamma and its kin have poles at 0, -1, -2, ...


def _elementwise(name: str, args: str, summary: str, domain: str = "", derivative: str | None = "", **facts: object) -> None:
    """Add a row; arithmetics call the function by the row's own name unless told otherwise."""
    names = {"floats": name, "numpy": name, "sympy": name, "casadi": name, "balls": name, "intervals": name}
    TABLE[name] = Function(
        name,
        tuple(args.split()),
        Kind.ELEMENTWISE,
        summary,
        tuple(domain.split("; ")) if domain else (),
        tuple(derivative.split("; ")) if derivative else None,
        **{**names, **facts},  # type: ignore[arg-type]
    )


def _row(kind: Kind, name: str, args: str, summary: str, **facts: object) -> None:
    scalar = name if kind is Kind.CONDITION else None
    names = {"floats": scalar, "numpy": name, "sympy": name, "casadi": name, "balls": name, "intervals": scalar}
    TABLE[name] = Function(name, tuple(args.split()), kind, summary, **{**names, **facts})  # type: ignore[arg-type]


# Operators. The derivatives of those without a text here are in optbench.language.derivative.
_elementwise("add", "x ...", "sum", public=False)
_elementwise("multiply", "x ...", "product", public=False)
_elementwise("negate", "x", "opposite", derivative="-1", public=False)
_elementwise("divide", "x y", "quotient", "y != 0", "1/y; -x/y^2", public=False)
_elementwise("power", "x y", "power", public=False)
_elementwise("mod", "x y", "floor modulus, with the sign of y", "y != 0", "1; -floor(x/y)", public=False, smooth=False)

# Powers, exponentials, logarithms.
_elementwise("sqrt", "x", "square root", "x >= 0", "1/(2*sqrt(x))", monotone=1, range=("0", "inf"))
_elementwise("cbrt", "x", "real cube root of any real number", "", "1/(3*cbrt(x)^2)", monotone=1)
_elementwise("exp", "x", "exponential function", "", "exp(x)", monotone=1, range=("0", "inf"))
_elementwise("log", "x", "natural logarithm; log(x, base) in another base", "x > 0", "1/x", monotone=1)
_elementwise("log2", "x", "logarithm in base 2", "x > 0", "1/(x*log(2))", monotone=1, latex=r"\log_2")
_elementwise("log10", "x", "logarithm in base 10", "x > 0", "1/(x*log(10))", monotone=1, latex=r"\log_{10}")
_elementwise("log1p", "x", "log(1 + x), accurate near 0", "x > -1", "1/(1 + x)", monotone=1)
_elementwise("expm1", "x", "exp(x) - 1, accurate near 0", "", "exp(x)", monotone=1, range=("-1", "inf"))

# Trigonometric and hyperbolic functions.
_elementwise("sin", "x", "sine", "", "cos(x)", range=("-1", "1"))
_elementwise("cos", "x", "cosine", "", "-sin(x)", range=("-1", "1"))
_elementwise("tan", "x", "tangent", "cos(x) != 0", "1 + tan(x)^2")
_elementwise("asin", "x", "arc sine", "x >= -1; x <= 1", "1/sqrt(1 - x^2)", numpy="arcsin", monotone=1, range=("-pi/2", "pi/2"))
_elementwise("acos", "x", "arc cosine", "x >= -1; x <= 1", "-1/sqrt(1 - x^2)", numpy="arccos", monotone=-1, range=("0", "pi"))
_elementwise("atan", "x", "arc tangent", "", "1/(1 + x^2)", numpy="arctan", monotone=1, range=("-pi/2", "pi/2"))
_elementwise(
    "atan2",
    "y x",
    "angle of the point (x, y)",
    "abs(x) + abs(y) > 0",
    "x/(x^2 + y^2); -y/(x^2 + y^2)",
    numpy="arctan2",
    range=("-pi", "pi"),
    smooth=False,
)
_elementwise("sinh", "x", "hyperbolic sine", "", "cosh(x)", monotone=1)
_elementwise("cosh", "x", "hyperbolic cosine", "", "sinh(x)", range=("1", "inf"))
_elementwise("tanh", "x", "hyperbolic tangent", "", "1 - tanh(x)^2", monotone=1, range=("-1", "1"))
_elementwise("asinh", "x", "inverse hyperbolic sine", "", "1/sqrt(x^2 + 1)", numpy="arcsinh", monotone=1)
_elementwise(
    "acosh", "x", "inverse hyperbolic cosine", "x >= 1", "1/(sqrt(x - 1)*sqrt(x + 1))", numpy="arccosh", monotone=1, range=("0", "inf")
)
_elementwise("atanh", "x", "inverse hyperbolic tangent", "x > -1; x < 1", "1/(1 - x^2)", numpy="arctanh", monotone=1)

# Pieces and steps.
_elementwise("abs", "x", "absolute value", "", "sign(x)", sympy="Abs", casadi="fabs", range=("0", "inf"), smooth=False)
_elementwise("sign", "x", "-1, 0 or 1", "", "0", monotone=1, range=("-1", "1"), integer=True, smooth=False)
_elementwise("floor", "x", "greatest whole number not above x", "", "0", monotone=1, integer=True, smooth=False)
_elementwise("ceil", "x", "smallest whole number not below x", "", "0", sympy="ceiling", monotone=1, integer=True, smooth=False)
_elementwise("minimum", "x ...", "smallest, entry by entry; min(a, b, ...) for scalars", smooth=False)
_elementwise("maximum", "x ...", "greatest, entry by entry; max(a, b, ...) for scalars", smooth=False)
_elementwise("if", "condition x y", "x where the condition holds, else y; also where(...)", smooth=False)
_elementwise("relu", "x", "max(x, 0)", "", "if(x > 0, 1, 0)", monotone=1, range=("0", "inf"), smooth=False)

# Special functions.
_elementwise("hypot", "x y", "sqrt(x^2 + y^2)", "", "x/hypot(x, y); y/hypot(x, y)", range=("0", "inf"), smooth=False)
_elementwise("erf", "x", "error function", "", "2/sqrt(pi)*exp(-x^2)", monotone=1, range=("-1", "1"))
_elementwise("erfc", "x", "1 - erf(x), accurate for large x", "", "-2/sqrt(pi)*exp(-x^2)", monotone=-1, range=("0", "2"), casadi=None)
_elementwise("gamma", "x", "gamma function", _AWAY_FROM_POLES, "gamma(x)*digamma(x)", latex=r"\Gamma", casadi=None, intervals=None)
_elementwise(
    "lgamma",
    "x",
    "logarithm of |gamma(x)|",
    _AWAY_FROM_POLES,
    "digamma(x)",
    sympy=None,
    latex=r"\log\left|\Gamma\right|",
    casadi=None,
    intervals=None,
)
_elementwise("digamma", "x", "derivative of lgamma", _AWAY_FROM_POLES, "trigamma(x)", latex=r"\psi", casadi=None, intervals=None)
_elementwise("trigamma", "x", "derivative of digamma", _AWAY_FROM_POLES, None, latex=r"\psi_1", casadi=None, intervals=None)
_elementwise(
    "lambertw",
    "x",
    "w >= -1 with w*exp(w) = x; lambertw(x, -1) is the lower branch",
    "x >= -exp(-1)",
    "1/((1 + lambertw(x))*exp(lambertw(x)))",
    sympy="LambertW",
    monotone=1,
    range=("-1", "inf"),
    latex=r"W_{0}",
    casadi=None,
)
_elementwise(
    "lambertw_lower",
    "x",
    "w <= -1 with w*exp(w) = x",
    "x >= -exp(-1); x < 0",
    "1/((1 + lambertw(x, -1))*exp(lambertw(x, -1)))",
    monotone=-1,
    range=("-inf", "-1"),
    latex=r"W_{-1}",
    public=False,
    casadi=None,
)
_elementwise("sigmoid", "x", "1/(1 + exp(-x))", "", "sigmoid(x)*sigmoid(-x)", monotone=1, range=("0", "1"), latex=r"\sigma")
_elementwise("softplus", "x", "log(1 + exp(x))", "", "sigmoid(x)", monotone=1, range=("0", "inf"))

# Constants.
_elementwise("pi", "", "3.14159...", latex=r"\pi", public=False)
_elementwise("inf", "", "infinity, for bounds", latex=r"\infty", public=False)
_elementwise("rootof", "", "rootof(t^5 - t - 1, k): k-th distinct real root, from 0 upwards, of a squarefree polynomial", casadi=None)

# Reductions.
for _name, _summary in (
    ("sum", "sum"),
    ("prod", "product"),
    ("min", "smallest entry"),
    ("max", "greatest entry"),
    ("logsumexp", "log of the sum of exp"),
):
    _row(Kind.REDUCTION, _name, "x", f"{_summary} of all entries, or along axis=", smooth=_name not in ("min", "max"))
_row(Kind.REDUCTION, "all", "x", "whether all entries hold", public=False)

# What moves entries about.
_row(Kind.STRUCTURE, "index", "x", "one entry or a slice: x[0], x[1:], A[i, :]", public=False)
_row(Kind.STRUCTURE, "take", "x i ...", "entries at whole-number indices: x[I]", public=False)
_row(Kind.STRUCTURE, "array", "x ...", "array of the given scalars: [a, b, c]", public=False)
_row(Kind.STRUCTURE, "transpose", "x", "A.T", public=False)
_row(Kind.STRUCTURE, "matmul", "x y", "matrix product x @ y", public=False)
_row(Kind.STRUCTURE, "reshape", "x", "the same entries in another shape", public=False)
_row(Kind.STRUCTURE, "broadcast", "x", "repeated to a larger shape", public=False)
_row(Kind.STRUCTURE, "pad", "x", "zeros but for a slice: the adjoint of index", public=False)
_row(Kind.STRUCTURE, "scatter", "x i ...", "zeros plus x at indices: the adjoint of take", public=False)
_row(Kind.STRUCTURE, "others", "x", "for each entry the product of the others: the adjoint of prod", public=False)
_row(Kind.STRUCTURE, "arange", "start stop step", "arange(n), arange(a, b), arange(a, b, step)")
_row(Kind.STRUCTURE, "linspace", "a b", "linspace(a, b, n): n equidistant numbers, both ends included")
_row(Kind.STRUCTURE, "zeros", "", "zeros(n): an array of n zeros")
_row(Kind.STRUCTURE, "ones", "", "ones(n): an array of n ones")

# Conditions.
for _name, _sign, _casadi in (
    ("less", "<", "lt"),
    ("less_equal", "<=", "le"),
    ("greater", ">", "gt"),
    ("greater_equal", ">=", "ge"),
    ("equal", "==", "eq"),
    ("not_equal", "!=", "ne"),
):
    _row(Kind.CONDITION, _name, "x y", f"x {_sign} y", casadi=_casadi, public=False)
_row(Kind.CONDITION, "and", "x ...", "all hold", casadi="logic_and", public=False)
_row(Kind.CONDITION, "or", "x ...", "one holds", casadi="logic_or", public=False)
_row(Kind.CONDITION, "not", "x", "does not hold", casadi="logic_not", public=False)

RELATION_SIGN = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!="}

# Names that are written as a combination of rows: the parser expands them.
EXPANDED = {
    "ln": "natural logarithm, as log",
    "where": "as if",
    "mean": "mean of all entries, or along axis=",
    "dot": "sum of the products of the entries",
    "norm": "Euclidean length, or along axis=",
}

CONSTANTS = ("pi", "e", "E", "inf")


def callable_names() -> list[str]:
    """Return every function name that may be typed, sorted."""
    return sorted([name for name, row in TABLE.items() if row.public] + list(EXPANDED))
