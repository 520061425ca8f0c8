r"""Printing an expression as LaTeX, for reading only.

The same stack and precedences as `text`; quotients become fractions, exponents stand in braces, and what a fraction, a
root or bars enclose needs no parentheses. The output needs the package amsmath (for `cases` and `\operatorname`).

>>> from optbench.language.elaborate import parse
>>> print(latex(parse("x*log(x) - sqrt(x/2)").node))
x \log\left(x\right) - \sqrt{\frac{x}{2}}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from optbench.errors import printable
from optbench.language.build import negate, number
from optbench.language.digits import digits
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, Node, Number, Symbol, topological
from optbench.language.text import Piece, Pieces, emit, is_negative, number_text

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = 1, 2, 3, 4, 5  # the strengths of `text`
_GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "chi",
        "psi",
        "omega",
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Pi",
        "Sigma",
        "Upsilon",
        "Phi",
        "Psi",
        "Omega",
    ]
)
_COMMANDS = frozenset(["sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "min", "max"])
_OWN = {"asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan"}
_RELATIONS = {"less": "<", "less_equal": r"\le", "greater": ">", "greater_equal": r"\ge", "equal": "=", "not_equal": r"\ne"}


def latex(root: Node, *, decimals: bool = False) -> str:
    """Return the expression as LaTeX for math mode, with balanced braces and matching \\left and \\right.

    With `decimals`, quotients such as 13/50 are written as 0.26, which is as exact.
    """
    e_is_free = not any(isinstance(n, Symbol) and n.name == "e" for n in topological(root))
    return "".join(emit(root, lambda node: _pieces(node, e_is_free, decimals), r"\left(", r"\right)"))


def latex_condition(root: Node, *, decimals: bool = False) -> str:
    """Return a comparison, or several in a row as the chain that they are: 0 <= x <= 1."""
    first, *rest = root.args if isinstance(root, Call) and root.function == "and" else (root,)
    written = latex(first, decimals=decimals)
    for link in rest:
        written += latex(link, decimals=decimals).removeprefix(latex(link.args[0], decimals=decimals))
    return written


def latex_name(name: str) -> str:
    """Return a variable's name: Greek names as letters, x1 and x_1 with a subscript, longer ones upright.

    >>> print(latex_name("alpha"), latex_name("x12"), latex_name("step_size"))
    \\alpha x_{12} \\mathrm{step\\_size}
    """
    head, tail = _split(name)
    if not tail:
        return _letters(head)
    return f"{_letters(head)}_{{{tail if tail.isdigit() else _letters(tail)}}}"


def _split(name: str) -> tuple[str, str]:
    """Return a name's head and its subscript, where it has one: x12, x_12, x_a."""
    match = re.fullmatch(r"([^\W\d_]+)_?([0-9]+)", name) or re.fullmatch(r"([^\W\d_])_([^\W\d_]+)", name)
    return (match[1], match[2]) if match else (name, "")


def _letters(name: str) -> str:
    if name in _GREEK:
        return rf"\{name}"
    return name if len(name) == 1 and name != "_" else rf"\mathrm{{{_escaped(name)}}}"


def _escaped(name: str) -> str:
    return name.replace("_", r"\_")


def _pieces(node: Node, e_is_free: bool, decimals: bool) -> Pieces:
    if isinstance(node, Number):
        return _decimal(node.value) if decimals else _number(node.value)
    if isinstance(node, Symbol):
        return _ATOM, [latex_name(node.name)]
    assert isinstance(node, Call)
    if node.function == "exp" and e_is_free:
        return (_ATOM, ["e"]) if node.args[0] is number(1) else (_POWER, ["e^{", (node.args[0], 0), "}"])
    if node.function in _WRITTEN:
        return _WRITTEN[node.function](node)
    if node.function in _RELATIONS:
        return _SUM, [(node.args[0], _SUM), f" {_RELATIONS[node.function]} ", (node.args[1], _SUM)]
    row = TABLE[node.function]
    if row.kind is Kind.REDUCTION:
        return _reduction(node)
    if row.kind is Kind.ELEMENTWISE and not row.args and not node.static:
        return _ATOM, [row.latex or _operator(node.function)]
    return _ATOM, [row.latex or _operator(node.function), *_arguments(node.args)]


def _operator(name: str) -> str:
    if name in _OWN:
        return _OWN[name]
    return rf"\{name}" if name in _COMMANDS else rf"\operatorname{{{_escaped(name)}}}"


def _arguments(args: Sequence[Node]) -> list[Piece]:
    pieces: list[Piece] = [r"\left("]
    for position, arg in enumerate(args):
        pieces.extend([", ", (arg, 0)] if position else [(arg, 0)])
    return [*pieces, r"\right)"]


def _number(value: Fraction) -> Pieces:
    sign = "-" if value < 0 else ""
    if value.denominator == 1:
        return (_SIGN if sign else _ATOM), [digits(value.numerator)]
    return _SIGN, [rf"{sign}\frac{{{digits(abs(value.numerator))}}}{{{digits(value.denominator)}}}"]


def _decimal(value: Fraction) -> Pieces:
    """A number as a decimal where `text` has one, with a power of ten where that has an exponent."""
    written = number_text(value, decimals=True)
    if "/" in written or value.denominator == 1:
        return _number(value)
    mantissa, _, exponent = written.partition("e")
    return (_PRODUCT, [rf"{mantissa} \cdot 10^{{{exponent}}}"]) if exponent else (_SIGN if value < 0 else _ATOM, [mantissa])


def _add(node: Call) -> Pieces:
    pieces: list[Piece] = [(node.args[0], _SUM)]
    for term in node.args[1:]:
        pieces.extend([" - ", (negate(term), _PRODUCT)] if is_negative(term) else [" + ", (term, _PRODUCT)])
    return _SUM, pieces


def _multiply(node: Call) -> Pieces:
    """Factors side by side, with a dot before a number."""
    pieces: list[Piece] = [(node.args[0], _SIGN)]
    for factor in node.args[1:]:
        pieces.extend([r" \cdot " if _begins_with_digit(factor) else " ", (factor, _SIGN if _is_fraction(factor) else _POWER)])
    return _PRODUCT, pieces


def _begins_with_digit(node: Node) -> bool:
    while isinstance(node, Call) and node.function in ("power", "index", "take"):
        node = node.args[0]
    return isinstance(node, Number) or _is_fraction(node)


def _is_fraction(node: Node) -> bool:
    return isinstance(node, Call) and node.function == "divide" and not is_negative(node)


def _divide(node: Call) -> Pieces:
    top, bottom = node.args
    if is_negative(top):
        return _SIGN, [r"-\frac{", (negate(top), 0), "}{", (bottom, 0), "}"]
    return _SIGN, [r"\frac{", (top, 0), "}{", (bottom, 0), "}"]


def _negate(node: Call) -> Pieces:
    return _SIGN, ["-", (node.args[0], _PRODUCT)]


def _power(node: Call) -> Pieces:
    base, exponent = node.args
    return _POWER, ["{", (base, _ATOM), "}^{", (exponent, 0), "}"]


def _enclosed(left: str, right: str) -> Callable[[Call], Pieces]:
    return lambda node: (_ATOM, [left, (node.args[0], 0), right])


def _infix(sign: str) -> Callable[[Call], Pieces]:
    return lambda node: (_PRODUCT, [(node.args[0], _SIGN), sign, (node.args[1], _POWER)])


def _if(node: Call) -> Pieces:
    test, yes, no = node.args
    return _ATOM, [r"\begin{cases}", (yes, 0), r" & \text{if } ", (test, 0), r" \\ ", (no, 0), r" & \text{otherwise}\end{cases}"]


def _extreme(node: Call) -> Pieces:
    return _ATOM, [_operator(node.function[:3]), *_arguments(node.args)]


def _reduction(node: Call) -> Pieces:
    sign = {"sum": r"\sum", "prod": r"\prod"}.get(node.function) or _operator(node.function)
    axis = "" if node.static[0] is None else rf"_{{\mathrm{{axis}}\,{node.static[0]}}}"
    if node.function in ("sum", "prod"):
        return _PRODUCT, [f"{sign}{axis} ", (node.args[0], _ATOM)]
    return _ATOM, [f"{sign}{axis}", *_arguments(node.args)]


def _index(node: Call) -> Pieces:
    items = [str(part) if isinstance(part, int) else _range(part, size) for part, size in zip(node.static, node.args[0].shape, strict=True)]
    return _ATOM, ["{", (node.args[0], _ATOM), f"}}_{{{', '.join(items)}}}"]


def _range(part: tuple[int, int, int], size: int) -> str:
    start, stop, step = part
    if part == (0, size, 1):
        return ":"
    return f"{start}:{stop}" if step == 1 else f"{start}:{stop if stop >= 0 else ''}:{step}"


def _take(node: Call) -> Pieces:
    pieces: list[Piece] = ["{", (node.args[0], _ATOM), "}_{", ":, " * (node.static[0] or 0)]
    for position, arg in enumerate(node.args[1:]):
        pieces.extend([", ", (arg, 0)] if position else [(arg, 0)])
    return _ATOM, [*pieces, "}"]


def _joined(word: str) -> Callable[[Call], Pieces]:
    def pieces_of(node: Call) -> Pieces:
        pieces: list[Piece] = []
        for arg in node.args:
            nested = isinstance(arg, Call) and arg.function in ("and", "or")
            pieces.extend(([rf" \{word} "] if pieces else []) + [(arg, _PRODUCT if nested else 0)])
        return _SUM, pieces

    return pieces_of


def _rootof(node: Call) -> Pieces:
    """The k-th root of a polynomial, k as a subscript."""
    terms = []
    for degree in range(len(node.static[0]) - 1, -1, -1):
        c = node.static[0][degree]
        power = "" if degree == 0 else "t" if degree == 1 else f"t^{{{degree}}}"
        size = "" if abs(c) == 1 and power else digits(abs(c))
        if c:
            terms.append(f"{'-' if c < 0 else '+'} {size}{power}")
    return _ATOM, [rf"\operatorname{{root}}_{{{node.static[1]}}}\left({' '.join(terms).removeprefix('+ ')}\right)"]


def _array(node: Call) -> Pieces:
    pieces = _arguments(node.args)
    return _ATOM, [r"\left[", *pieces[1:-1], r"\right]"]


def _filled(digit: str) -> Callable[[Call], Pieces]:
    return lambda node: (_ATOM, [rf"\mathbf{{{digit}}}_{{", r" \times ".join(map(str, node.static[0])), "}"])


_WRITTEN: dict[str, Callable[[Call], Pieces]] = {
    "add": _add,
    "multiply": _multiply,
    "negate": _negate,
    "divide": _divide,
    "mod": _infix(r" \bmod "),
    "matmul": _infix(r" \, "),
    "power": _power,
    "sqrt": _enclosed(r"\sqrt{", "}"),
    "cbrt": _enclosed(r"\sqrt[3]{", "}"),
    "abs": _enclosed(r"\left|", r"\right|"),
    "floor": _enclosed(r"\left\lfloor ", r"\right\rfloor "),
    "ceil": _enclosed(r"\left\lceil ", r"\right\rceil "),
    "lgamma": _enclosed(r"\log\left|\Gamma\left(", r"\right)\right|"),
    "if": _if,
    "minimum": _extreme,
    "maximum": _extreme,
    "index": _index,
    "take": _take,
    "and": _joined("land"),
    "or": _joined("lor"),
    "not": lambda node: (_POWER, [r"\lnot ", (node.args[0], _ATOM)]),
    "rootof": _rootof,
    "array": _array,
    "transpose": lambda node: (_POWER, ["{", (node.args[0], _ATOM), r"}^{\mathsf{T}}"]),
    "linspace": lambda node: (_ATOM, [_operator("linspace"), *_arguments((*node.args, number(node.static[0])))]),
    "zeros": _filled("0"),
    "ones": _filled("1"),
}


# ---- words ------------------------------------------------------------------------------------------------------------

_SIGNS = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
}


def escaped(words: str) -> str:
    """Return words so that TeX sets them letter by letter, outside of maths.

    >>> print(escaped("100% of a_b\\\\c"))
    100\\% of a\\_b\\textbackslash{}c
    """
    return "".join(_SIGNS.get(character, character) for character in printable(words)).replace("--", "-{}-").replace("--", "-{}-")
