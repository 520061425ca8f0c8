"""Functions of one unknown without their kinks: on an interval where each has one sign, abs(u) is u or -u.

>>> from fractions import Fraction
>>> from optbench.arithmetic.ball_enclosure import between
>>> from optbench.language.build import symbol
>>> from optbench.language.elaborate import parse
>>> smooth(parse("x^2 + abs(x - 2) + max(x, 1)").node, {symbol("x"): between(Fraction(0), Fraction(1, 2))})
x^2 - (x - 2) + 1
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from optbench.arithmetic.ball_enclosure import Enclosure
from optbench.arithmetic.balls import decide, enclose
from optbench.language.build import add, call, negate, number, power, rebuild, subtract
from optbench.language.graph import Call, Node, Symbol, topological
from optbench.verify.ranges import Refused

Box = Mapping[Symbol, Enclosure]
_JUMPING = frozenset(("floor", "ceil", "mod", "atan2"))


def smooth(root: Node, box: Box) -> Node:
    """Return an expression without kinks that has the same values in the box; raise `Refused` where none is seen."""
    done: dict[Node, Node] = {}
    for node in topological(root, enter=_entered):
        if not isinstance(node, Call):
            done[node] = node
        elif node.function == "if":
            done[node] = smooth(_taken(node, done[node.args[0]], box), box)
        else:
            done[node] = _without_kink(rebuild(node, tuple(done[a] for a in node.args)), box)
    return done[root]


def _entered(node: Node) -> tuple[Node, ...]:
    return node.args[:1] if isinstance(node, Call) and node.function == "if" else node.args


def _taken(node: Call, condition: Node, box: Box) -> Node:
    holds = decide(condition, box)
    if holds is None:
        raise Refused("it is not seen which branch of an if(...) is taken at the point")
    return node.args[1 if holds else 2]


def _without_kink(node: Node, box: Box) -> Node:
    if not isinstance(node, Call):
        return node
    if node.function in _JUMPING or node.shape:
        raise Refused(f"the objective holds {'an array' if node.shape else node.function}")
    match node.function:
        case "abs":
            return node.args[0] if _sign(node.args[0], box) > 0 else negate(node.args[0])
        case "sign":
            return number(_sign(node.args[0], box))
        case "relu":
            return node.args[0] if _sign(node.args[0], box) > 0 else number(0)
        case "maximum":
            return reduce(lambda a, b: a if _sign(subtract(a, b), box) > 0 else b, node.args)
        case "minimum":
            return reduce(lambda a, b: b if _sign(subtract(a, b), box) > 0 else a, node.args)
        case "hypot":
            return call("sqrt", add(*(power(a, 2) for a in node.args)))
    return node


def _sign(node: Node, box: Box) -> int:
    [value] = enclose([node], box)
    if value.empty or value.contains_zero:
        raise Refused("it is not seen on which side of a kink the point is")
    return 1 if value.is_positive else -1
