"""Expressions of an `.nl` file as nodes of the graph.

They stand in prefix order, an operator or operand a line. Read from the last line to the first, operands come before
their operator and wait on a stack, so nesting needs no recursion. A sum that is not finished yet waits as a deque: chains of
+ become one flat sum in time that grows with their length.

Nodes are as `build` makes them, but for one thing: sums and products that come from common expressions and have more than
32 parts stay one part, or a common expression that is doubled again and again would be written out.

>>> from optbench.language.build import symbol
>>> reading = Expressions([symbol("x"), symbol("y")])
>>> reading.read(["o0", "o5", "v0", "n2", "o2", "n-1.5", "v1"], 0, 7)
x^2 - 3/2*y
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from typing import TypeAlias

from optbench.errors import printable
from optbench.language.build import add, binary_product, call, condition, divide, multiply, negate, number, power, scalar_maker, subtract
from optbench.language.graph import Call, GraphError, Node, Number, Symbol
from optbench.problem.nl_operators import OPERATORS, Operator

Term: TypeAlias = Node | deque[Node]  # a deque: a sum that more may be added to
Stack: TypeAlias = list[Term]

MAX_PARTS = 5_000_000  # operators and operands in all
_FEW = 32  # parts of a sum or product up to which it is taken apart in another one
_LONG = 40  # characters of a line that a message repeats
_NUMBER = re.compile(r"([+-]?(?=\.?\d)\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?")
_ZERO, _ONE, _TWO, _MINUS_ONE = number(0), number(1), number(2), number(-1)
_SUM, _PRODUCT, _POWER, _OPPOSITE = map(scalar_maker, ("add", "multiply", "power", "negate"))


class Unreadable(Exception):
    """What can't be read: a sentence, and the line at fault, counted from 0."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line, self.sentence = line, sentence


def exact_number(text: str) -> int | Fraction | None:
    """Return the exact value of a decimal number of at most 400 characters, or None for another text."""
    if text.isdecimal() and text.isascii() and len(text) < 19:
        return int(text)
    found = _NUMBER.fullmatch(text) if len(text) <= 400 else None
    if found is None:
        return None
    before, after, exponent = found.groups("")
    value, power = int(before + after), int(exponent or 0) - len(after)
    return value * 10**power if power >= 0 else Fraction(value, 10**-power)


class Expressions:
    """Reads expressions in the variables v0, v1, ...; common expressions are added to these as they come."""

    def __init__(self, variables: Sequence[Symbol]) -> None:
        self.leaves: dict[str, Node] = {f"v{i}": variable for i, variable in enumerate(variables)}
        self.functions: dict[str, str] = {}  # names of user-defined functions by their numbers
        self.parts = 0

    def read(self, lines: Sequence[str], start: int, end: int) -> Node:
        """Return the expression that lines[start:end] are; raise `Unreadable`."""
        self.parts += end - start
        if self.parts > MAX_PARTS:
            raise Unreadable(start, f"The expressions have more than {MAX_PARTS:,} parts up to here, the most that are read.")
        leaves = self.leaves
        if end - start == 1 and (only := leaves.get(lines[start])) is not None:
            return only
        stack: Stack = []
        at = end
        while at > start:
            at -= 1
            line = lines[at]
            leaf = leaves.get(line)
            if leaf is not None:
                stack.append(leaf)
                continue
            make = _FIXED.get(line)
            try:
                if make is not None:
                    make(stack)
                elif line[:1] == "n":
                    leaves[line] = leaf = self.number(line, at)
                    stack.append(leaf)
                else:
                    at = self.rest(lines, start, at, stack)
            except IndexError:
                raise Unreadable(at, f"The operator {_named(line)} has too few operands.") from None
            except GraphError as error:
                raise Unreadable(at, str(error)) from None
        if len(stack) != 1:
            raise Unreadable(
                start, "An expression is missing here." if not stack else f"{len(stack)} expressions stand here in place of one."
            )
        try:
            return finished(stack.pop())
        except GraphError as error:
            raise Unreadable(start, str(error)) from None

    def number(self, line: str, at: int) -> Node:
        value = exact_number(line[1:])
        if value is None:
            raise Unreadable(at, f"'{_shortened(line[1:])}' is no number that can be read.")
        return number(value)

    def rest(self, lines: Sequence[str], start: int, at: int, stack: Stack) -> int:
        """Read what is less common; return the line at which it begins."""
        line = lines[at]
        if line.isdecimal() and at > start:
            return self.listed(lines, at, stack)
        if line[:1] in ("s", "l") and exact_number(line[1:]) is not None:  # short and long whole numbers
            stack.append(self.number(line, at))
            return at
        raise Unreadable(at, self.refusal(line))

    def listed(self, lines: Sequence[str], at: int, stack: Stack) -> int:
        """Read an operator whose operands are counted: the count is in this line, the operator in the one before."""
        line, count = lines[at - 1], int(lines[at][:18])
        row = _row(line)
        make = None if row is None or row.operands is not None else _COUNTED.get(row.code)
        if make is None:
            raise Unreadable(at - 1, self.refusal(line))
        size = 2 * count if line == _PIECEWISE else count
        if not 1 <= size <= len(stack):
            raise Unreadable(at, f"The operator {_named(line)} says that it has {count:,} operands, and {len(stack):,} stand here.")
        stack.append(make([stack.pop() for _ in range(size)]))
        return at - 1

    def refusal(self, line: str) -> str:
        """Why a line is not read."""
        row = _row(line)
        if row is not None:
            if row.operands is None and row.code in _COUNTED:
                return f"The operator {_named(line)} needs the number of its operands in the next line."
            return f"The operator {_named(line)} has no equal in optbench's language."
        match line[:1]:
            case "o":
                return f"'{_shortened(line)}' is an operator that is not known."
            case "f":
                name = self.functions.get(line[1:].split(" ")[0], "?")
                return f"The user-defined function {printable(name)} can't be called: its code is not part of the model."
            case "h":
                return "Texts have no meaning in an expression here."
            case "v":
                return f"'{_shortened(line)}' is no variable and no common expression that was defined before."
        return f"'{_shortened(line)}' is no part of an expression."


def finished(term: Term) -> Node:
    """Return the node of an operand."""
    return term if isinstance(term, Node) else total(term)


def total(terms: Iterable[Node]) -> Node:
    """Return the sum, as `build.add` makes it, but with long sums among the terms as one part each."""
    kept: list[Node] = []
    for term in terms:
        if isinstance(term, Call) and term.function == "add" and len(term.args) <= _FEW:
            kept += term.args
        else:
            kept.append(term)
    if Number in map(type, kept):
        kept = _with_one_number(kept)
    if len(kept) < 2:
        return kept[0] if kept else _ZERO
    return _SUM(tuple(kept))


def _with_one_number(terms: Sequence[Node]) -> list[Node]:
    """The terms of a sum with their numbers joined where the first of them stands."""
    kept = [term for term in terms if not isinstance(term, Number)]
    numbers = [term for term in terms if isinstance(term, Number)]
    constant = numbers[0] if len(numbers) == 1 else number(sum((part.value for part in numbers), Fraction(0)))
    if constant is not _ZERO:
        kept.insert(terms.index(numbers[0]), constant)
    return kept


def scaled(coefficient: Number, factor: Node) -> Node:
    """Return a number times an expression."""
    if coefficient is _MINUS_ONE and _is_plain_factor(factor):
        return _opposite(factor)
    if coefficient is _ZERO or coefficient is _ONE or not _is_plain_factor(factor):
        return multiply(coefficient, factor)
    return _PRODUCT((coefficient, factor))


# ---- operators -----------------------------------------------------------------------------------------------------


def _plus(stack: Stack) -> None:
    left, right = stack.pop(), stack.pop()
    if isinstance(left, Node):
        if isinstance(right, Node):
            stack.append(deque((left, right)))
            return
        right.appendleft(left)
        stack.append(right)
    elif isinstance(right, Node):
        left.append(right)
        stack.append(left)
    elif len(left) < len(right):
        right.extendleft(reversed(left))
        stack.append(right)
    else:
        left.extend(right)
        stack.append(left)


def _minus(stack: Stack) -> None:
    left, right = stack.pop(), stack.pop()
    stack.append(_opposite(finished(right)))
    stack.append(left)
    _plus(stack)


def _times(stack: Stack) -> None:
    left, right = stack.pop(), stack.pop()
    left = left if isinstance(left, Node) else total(left)
    right = right if isinstance(right, Node) else total(right)
    if isinstance(left, Number):
        stack.append(scaled(left, right))
    elif isinstance(right, Number):
        stack.append(scaled(right, left))
    elif _is_plain_factor(left) and _is_plain_factor(right):
        stack.append(_PRODUCT((left, right)))
    elif len(left.args) > _FEW or len(right.args) > _FEW:
        stack.append(binary_product(left, right))
    else:
        stack.append(multiply(left, right))


def _is_plain_factor(node: Node) -> bool:
    return isinstance(node, Symbol) or (isinstance(node, Call) and node.function not in ("multiply", "negate"))


def _power(stack: Stack) -> None:
    base, exponent = finished(stack.pop()), finished(stack.pop())
    if exponent is _TWO and (isinstance(base, Symbol) or (isinstance(base, Call) and base.function != "exp")):
        stack.append(_POWER((base, exponent)))
    else:
        stack.append(power(base, exponent))


def _square(stack: Stack) -> None:
    stack.append(power(finished(stack.pop()), 2))


def _one(function: str) -> Callable[[Stack], None]:
    make = scalar_maker(function)
    return lambda stack: stack.append(make((finished(stack.pop()),)))


def _two(make: Callable[[Node, Node], Node]) -> Callable[[Stack], None]:
    def made(stack: Stack) -> None:
        left, right = finished(stack.pop()), finished(stack.pop())
        stack.append(make(left, right))

    return made


def _three(make: Callable[[Node, Node, Node], Node]) -> Callable[[Stack], None]:
    def made(stack: Stack) -> None:
        first, second, third = finished(stack.pop()), finished(stack.pop()), finished(stack.pop())
        stack.append(make(first, second, third))

    return made


def _negative(stack: Stack) -> None:
    stack.append(_opposite(finished(stack.pop())))


def _opposite(node: Node) -> Node:
    """Return what `negate` does; most calls have no sign or number to take it in."""
    if isinstance(node, Symbol) or (isinstance(node, Call) and node.function in ("add", "power", "exp")):
        return _OPPOSITE((node,))
    return negate(node)


def _not(stack: Stack) -> None:
    stack.append(condition("not", finished(stack.pop())))


def truncated(value: Node) -> Node:
    """Return the whole number next to a value on the side of 0."""
    return call("if", condition("greater_equal", value, 0), call("floor", value), call("ceil", value))


def _truncated_to(value: Node, digits: Node) -> Node:
    if digits is not _ZERO:
        raise GraphError("trunc to digits after the point has no equal in optbench's language.")
    return truncated(value)


def _iff(left: Node, right: Node) -> Node:
    both, none = condition("and", left, right), condition("and", condition("not", left), condition("not", right))
    return condition("or", both, none)


def _implies(premise: Node, conclusion: Node, otherwise: Node) -> Node:
    return condition("or", condition("and", premise, conclusion), condition("and", condition("not", premise), otherwise))


def _relation(name: str) -> Callable[[Stack], None]:
    return _two(lambda left, right: condition(name, left, right))


_MADE: dict[int, Callable[[Stack], None]] = {
    0: _plus,
    1: _minus,
    2: _times,
    3: _two(divide),
    4: _two(lambda x, y: subtract(x, multiply(y, truncated(divide(x, y))))),
    5: _power,
    6: _two(lambda x, y: call("maximum", subtract(x, y), 0)),
    16: _negative,
    20: _relation("or"),
    21: _relation("and"),
    34: _not,
    35: _three(lambda test, yes, no: call("if", test, yes, no)),
    48: _two(lambda y, x: call("atan2", y, x)),
    55: _two(lambda x, y: truncated(divide(x, y))),
    58: _two(_truncated_to),
    62: _relation("less_equal"),  # atleast: the number comes first, then the count
    63: _relation("greater_equal"),
    66: _relation("equal"),
    67: _relation("greater"),
    68: _relation("less"),
    69: _relation("not_equal"),
    72: _three(_implies),
    73: _two(_iff),
    76: _power,
    77: _square,
    78: _power,
}


def _maker(row: Operator) -> Callable[[Stack], None] | None:
    if row.code in _MADE:
        return _MADE[row.code]
    if row.function is None or row.operands is None:
        return None
    return _one(row.function) if row.operands == 1 else _relation(row.function)


_FIXED = {f"o{code}": make for code, row in OPERATORS.items() if (make := _maker(row)) is not None}  # by their lines


# ---- operators with a list of operands -------------------------------------------------------------------------------


def _sum(terms: list[Term]) -> Term:
    found: deque[Node] = deque()
    for term in terms:
        if isinstance(term, Node):
            found.append(term)
        else:
            found.extend(term)
    return found


def _of_nodes(make: Callable[[list[Node]], Node]) -> Callable[[list[Term]], Term]:
    return lambda terms: make([finished(term) for term in terms])


def _count(conditions: list[Node]) -> Node:
    return total(call("if", test, 1, 0) for test in conditions)


def _number_of(values: list[Node]) -> Node:
    return _count([condition("equal", values[0], value) for value in values[1:]])


def _all_different(values: list[Node]) -> Node:
    if len(values) > _MOST_DIFFERENT:
        raise GraphError(f"alldiff of more than {_MOST_DIFFERENT} operands is not read.")
    return condition("and", *(condition("not_equal", a, b) for a, b in combinations(values, 2)))


_MOST_DIFFERENT = 200


def _piecewise_linear(parts: list[Node]) -> Node:
    """slope, break point, slope, ..., slope, x: continuous, and 0 at 0."""
    *numbers, x = parts
    if not all(isinstance(part, Number) for part in numbers):
        raise GraphError("The slopes and break points of a piecewise linear term must be numbers.")
    slopes, points = numbers[0::2], numbers[1::2]
    if any(a.value >= b.value for a, b in pairwise(points)):  # type: ignore[attr-defined]
        raise GraphError("The break points of a piecewise linear term must ascend.")
    bends = []
    for before, after, point in zip(slopes, slopes[1:], points, strict=False):
        change = subtract(after, before)
        bends.append(multiply(change, subtract(call("maximum", subtract(x, point), 0), call("maximum", negate(point), 0))))
    return add(multiply(slopes[0], x), *bends)


_COUNTED: dict[int, Callable[[list[Term]], Term]] = {
    11: _of_nodes(lambda nodes: call("minimum", *nodes)),
    12: _of_nodes(lambda nodes: call("maximum", *nodes)),
    54: _sum,
    59: _of_nodes(_count),
    60: _of_nodes(_number_of),
    64: _of_nodes(_piecewise_linear),
    70: _of_nodes(lambda nodes: condition("and", *nodes)),
    71: _of_nodes(lambda nodes: condition("or", *nodes)),
    74: _of_nodes(_all_different),
    75: _of_nodes(lambda nodes: condition("not", _all_different(nodes))),
}

_PIECEWISE = "o64"


def _row(line: str) -> Operator | None:
    return OPERATORS.get(int(line[1:])) if re.fullmatch(r"o\d{1,4}", line) else None


def _named(line: str) -> str:
    row = _row(line)
    return _shortened(line) if row is None else f"{row.name} ({line})"


def _shortened(text: str) -> str:
    return printable(text if len(text) <= _LONG else f"{text[:_LONG]}...")
