"""Sums and products taken apart, constants first.

>>> from optbench.language.elaborate import parse
>>> constant_factors(parse("-2*x*log(3)").node)
([-2, log(3)], [x])
"""

from __future__ import annotations

from collections.abc import Sequence

from optbench.exact.numbers.sums import sign_of
from optbench.language.build import add, call, negate
from optbench.language.graph import Call, Node, symbols


def terms_in(node: Node) -> tuple[Node, ...]:
    return node.args if isinstance(node, Call) and node.function == "add" else (node,)


def constant_factors(node: Node) -> tuple[list[Node], list[Node]]:
    """The factors of a product without and with unknowns."""
    constants: list[Node] = []
    factors: list[Node] = []
    waiting = [node]
    while waiting:
        part = waiting.pop(0)
        if not symbols(part):
            constants.append(part)
        elif isinstance(part, Call) and part.function == "multiply":
            waiting[:0] = part.args
        elif isinstance(part, Call) and part.function == "negate":
            waiting[:0] = [negate(add(1)), *part.args]
        elif isinstance(part, Call) and part.function == "divide" and not symbols(part.args[1]):
            constants.append(call("divide", 1, part.args[1]))
            waiting.insert(0, part.args[0])
        else:
            factors.append(part)
    return constants, factors


def sign_of_factors(constants: Sequence[Node]) -> int:
    """The sign of a product of constants, 0 where it is 0 or not known."""
    total = 1
    for constant in constants:
        total *= sign_of(constant) or 0
    return total
