"""Expressions as AMPL's `.nl` files have them: its own functions only, operators before operands, one token a line.

`spelled` writes functions that AMPL does not have with those that it has. What several places share becomes a defined
variable.

>>> from optbench.language.elaborate import parse
>>> print(*prefix(spelled(parse("log2(3)/4").node), {}))
o3 o3 o43 n3 o43 n2 n4
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from optbench.convert.affine import exact_or_double
from optbench.convert.document import decimal
from optbench.errors import ProblemError
from optbench.language.build import add, call, condition, divide, multiply, negate, number, power, rebuild, subtract
from optbench.language.digits import digits
from optbench.language.functions import TABLE
from optbench.language.graph import Call, Node, Number, topological
from optbench.language.text import is_negative
from optbench.problem.nl_operators import CODES

# ---- functions ---------------------------------------------------------------------------------------------------------


def spelled(root: Node) -> Node:
    """Return an equal expression without arrays in AMPL's functions.

    Constants that AMPL can't say become numbers. Raises `ProblemError` with the names of the functions that it lacks.
    """
    done: dict[Node, Node] = {}
    known: dict[Node, bool] = {}  # whether it has a value without the variables
    lacking: dict[str, None] = {}
    for node in topological(root):
        if not isinstance(node, Call):
            done[node], known[node] = node, isinstance(node, Number)
            continue
        known[node] = all(known[a] for a in node.args)
        args = tuple(done[a] for a in node.args)
        if node.function in _COMPOSED:
            done[node] = _COMPOSED[node.function](*args)
        elif node.function in CODES:
            done[node] = rebuild(node, args)
        else:
            value = exact_or_double(node) if known[node] else None
            done[node] = node if value is None else number(value)
            if value is None:
                lacking[_spoken(node.function)] = None
    if lacking:
        *others, last = lacking
        listed = f"{', '.join(others)} or {last}" if others else last
        raise ProblemError(f"AMPL's .nl files have no {listed}, so this problem can't be written as one.")
    return done[root]


def _spoken(function: str) -> str:
    return "lambertw" if function == "lambertw_lower" else function


def _sign(x: Node) -> Node:
    return call("if", condition("greater", x, 0), 1, call("if", condition("less", x, 0), -1, 0))


def _cbrt(x: Node) -> Node:
    return multiply(call("if", condition("less", x, 0), -1, 1), power(call("abs", x), Fraction(1, 3)))


_COMPOSED: dict[str, Callable[..., Node]] = {
    "log2": lambda x: divide(call("log", x), call("log", 2)),
    "log1p": lambda x: call("log", add(1, x)),
    "expm1": lambda x: subtract(call("exp", x), 1),
    "cbrt": _cbrt,
    "sign": _sign,
    "hypot": lambda x, y: call("sqrt", add(power(x, 2), power(y, 2))),
    "relu": lambda x: call("maximum", x, 0),
    "sigmoid": lambda x: divide(1, add(1, call("exp", negate(x)))),
    "softplus": lambda x: call("log", add(1, call("exp", x))),  # smooth, and without `if`, which some readers lack
    "mod": lambda x, y: subtract(x, multiply(y, call("floor", divide(x, y)))),
}


# ---- shared parts ------------------------------------------------------------------------------------------------------

_WORTH_A_NAME = 4  # tokens of a part that is written once if several places share it


def shared(roots: Sequence[Node]) -> list[Node]:
    """Return the parts that stand in several places and are worth a name, each after those that it uses."""
    order = topological(*roots)
    uses: dict[Node, int] = {}
    for used in [*roots, *(a for node in order for a in node.args)]:
        uses[used] = uses.get(used, 0) + 1
    tokens: dict[Node, int] = {}
    found = []
    for node in order:
        tokens[node] = 1 + sum(tokens[a] for a in node.args)
        if uses[node] > 1 and tokens[node] >= _WORTH_A_NAME and not node.boolean:
            found.append(node)
            tokens[node] = 1
    return found


# ---- tokens ------------------------------------------------------------------------------------------------------------


def prefix(root: Node, names: Mapping[Node, str], defining: bool = False) -> Iterator[str]:
    """Yield the lines of an expression; `names` has the symbols and the defined variables, which `defining` looks into at the root."""
    stack: list[Node | str] = [root]
    first = defining
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif item in names and not first:
            yield names[item]
        else:
            stack.extend(reversed(_pieces(item)))
        first = False


def _pieces(node: Node) -> list[Node | str]:
    if isinstance(node, Number):
        return ["o3", f"n{node.value.numerator}", f"n{node.value.denominator}"] if is_quotient(node.value) else [f"n{rounded(node.value)}"]
    assert isinstance(node, Call)
    code, count = f"o{CODES[node.function]}", len(node.args)
    if node.function == "add" and count == 2 and is_negative(node.args[1]):
        return ["o1", node.args[0], negate(node.args[1])]
    if node.function == "add" and count > 2:
        return ["o54", str(count), *node.args]
    if node.function in ("minimum", "maximum"):
        return [code, str(count), *node.args]
    return [*([code] * max(1, count - 1) if TABLE[node.function].args[-1:] == ("...",) else [code]), *node.args]


def is_quotient(value: Fraction) -> bool:
    """Whether a number is best written as a quotient of whole numbers, such as 1/3."""
    return value.denominator > 1 and max(abs(value.numerator), value.denominator) < _SMALL and decimal(value) is None


_SMALL = 1_000_000
_DIGITS = 24  # characters of an exact decimal that is preferred to a double


def rounded(value: Fraction) -> str:
    """Return a number in decimal: exactly where that is short, else as the double next to it, if there is one."""
    written = decimal(value)
    if written is not None and len(written) <= _DIGITS:
        return written
    try:
        return repr(float(value))
    except OverflowError:
        return written or digits(round(value))
