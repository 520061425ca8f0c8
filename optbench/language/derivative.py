"""Derivatives: a reverse pass over the graph that emits nodes of the graph.

The pass walks from the expression back to its symbols and gives every node its adjoint, the derivative of the whole by
that node. An adjoint is itself an expression, so it can be printed, compiled and derived again in every arithmetic. The
adjoint of a slice is a pad, of a broadcast a sum, of `if` a guarded term: what flows into a branch is multiplied inside
`if(condition, ..., 0)`, so a branch that is not taken may be undefined.

Where a function has a kink (`abs`, `max`, ...) the rule gives one slope of those that the kink has.

Source: A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed. (SIAM 2008), chapter 3.

>>> from optbench.language.elaborate import parse
>>> gradient(parse("x*log(x) - sqrt(x)").node, [symbol("x")])
[-1/(2*sqrt(x)) + log(x) + 1]
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import prod

from optbench.language.build import (
    add,
    array,
    binary_product,
    broadcast,
    call,
    condition,
    divide,
    index,
    matmul,
    multiply,
    negate,
    power,
    reduction,
    reshape,
    structure,
    subtract,
    symbol,
    transpose,
)
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, Node, Number, Shape, Symbol, functions, topological
from optbench.language.products import cancelled
from optbench.language.row_texts import derivatives

_MAX_GUARDS = 8  # conditions under which one node's adjoint is kept apart
_MAX_WRITTEN_OUT = 64  # factors of prod that are written out


class NotDifferentiable(Exception):
    """A function without a derivative rule stands between the expression and a variable; the text is a sentence."""


def gradient(root: Node, variables: Sequence[Symbol]) -> list[Node]:
    """Return the derivative of a scalar expression by each variable, in the variable's shape.

    Raises `NotDifferentiable` where a function of the table has no derivative.
    """
    adjoints = _reverse(root, variables)
    return [_full(adjoints[v], v.shape) if v in adjoints else _zeros(v.shape) for v in variables]


def hessian(root: Node, variables: Sequence[Symbol]) -> list[list[Node]]:
    """Return the matrix of second derivatives by scalar variables."""
    return [gradient(row, variables) for row in gradient(root, variables)]


def hessian_product(root: Node, variables: Sequence[Symbol]) -> tuple[list[Symbol], list[Node]]:
    """Return direction symbols, one for each variable and in its shape, and the Hessian times that direction."""
    directions = [symbol(f"{v.name}'", v.shape) for v in variables]
    slope = add(*(reduction("sum", multiply(g, d)) for g, d in zip(gradient(root, variables), directions, strict=True)))
    return directions, gradient(slope, variables)


class _Adjoint:
    """The terms of one node's adjoint, apart for each guard (None: no guard)."""

    def __init__(self) -> None:
        self.terms: dict[Node | None, list[Node]] = defaultdict(list)

    def total(self) -> Node:
        return add(*(_guarded(guard, add(*terms)) for guard, terms in self.terms.items()))

    def parts(self) -> list[tuple[Node | None, Node]]:
        if len(self.terms) > _MAX_GUARDS:
            return [(None, self.total())]
        return [(guard, add(*terms)) for guard, terms in self.terms.items()]


def has_all_derivatives(*roots: Node) -> bool:
    """Return whether derivatives of every order are seen to exist, from the names of the functions alone: without arrays.

    >>> has_all_derivatives(call("exp", symbol("x"))), has_all_derivatives(call("gamma", symbol("x")))
    (True, False)
    """
    waiting, seen = list(functions(*roots)), set(_OPERATORS_WITH_RULES)
    while waiting:
        name = waiting.pop()
        if name in seen or TABLE[name].kind is Kind.CONDITION or not TABLE[name].args:
            continue
        args = [symbol(f"argument {i}") for i in range(len(TABLE[name].args))]
        slopes = derivatives(name, args) if TABLE[name].kind is Kind.ELEMENTWISE else None
        if slopes is None:
            return False
        seen.add(name)
        waiting.extend(functions(*slopes) - seen)
    return True


_OPERATORS_WITH_RULES = ("add", "multiply", "divide", "power", "log", "if", "minimum", "maximum")


def _reverse(root: Node, variables: Sequence[Symbol]) -> dict[Symbol, Node]:
    order = topological(root)
    active: set[Node] = set(variables)
    for node in order:
        if any(a in active for a in node.args) and not node.boolean:
            active.add(node)
    adjoints: dict[Node, _Adjoint] = defaultdict(_Adjoint)
    adjoints[root].terms[None].append(add(1))
    for node in reversed(order):
        if isinstance(node, Call) and node in active and node in adjoints:
            for guard, adjoint in adjoints.pop(node).parts():
                _propagate(node, guard, adjoint, active, adjoints)
    return {v: adjoints[v].total() for v in variables if v in adjoints}


def _propagate(node: Call, guard: Node | None, adjoint: Node, active: set[Node], adjoints: dict[Node, _Adjoint]) -> None:
    if node.function == "if":
        test, yes, no = node.args
        _send(yes, _both(guard, test), adjoint, node.shape, active, adjoints)
        _send(no, _both(guard, condition("not", test)), adjoint, node.shape, active, adjoints)
        return
    if TABLE[node.function].kind is Kind.ELEMENTWISE:
        for arg, slope in zip(node.args, _slopes(node, active), strict=True):
            if arg in active and not (isinstance(slope, Number) and not slope.value):
                _send(arg, guard, cancelled(adjoint, slope), node.shape, active, adjoints)
        return
    whole = broadcast(_guarded(guard, adjoint), node.shape)
    rule = _STRUCTURE.get(node.function)
    if rule is None:
        raise NotDifferentiable(f"There is no derivative rule for {node.function}.")
    for arg, sent in zip(node.args, rule(node, whole), strict=False):
        if arg in active and sent is not None:
            adjoints[arg].terms[None].append(sent)


def _send(arg: Node, guard: Node | None, adjoint: Node, shape: Shape, active: set[Node], adjoints: dict[Node, _Adjoint]) -> None:
    """Add a term to the adjoint of an argument whose entries were broadcast to `shape`."""
    if arg not in active:
        return
    if arg.shape == shape:
        adjoints[arg].terms[guard].append(adjoint)
    else:
        adjoints[arg].terms[None].append(_unbroadcast(_guarded(guard, adjoint), shape, arg.shape))


def _guarded(guard: Node | None, adjoint: Node) -> Node:
    if guard is None:
        return adjoint
    if isinstance(guard, Call) and guard.function == "not":
        return call("if", guard.args[0], 0, adjoint)
    return call("if", guard, adjoint, 0)


def _both(guard: Node | None, test: Node) -> Node:
    return test if guard is None else condition("and", guard, test)


def _full(adjoint: Node, shape: Shape) -> Node:
    return broadcast(adjoint, shape)


def _zeros(shape: Shape) -> Node:
    return structure("zeros", (), (shape,)) if shape else add(0)


def _unbroadcast(adjoint: Node, shape: Shape, target: Shape) -> Node:
    """Return the adjoint, of `shape` after broadcasting, summed over the axes along which `target` was repeated."""
    if not adjoint.shape and not target:
        return multiply(prod(shape), adjoint)
    whole = broadcast(adjoint, shape)
    while len(whole.shape) > len(target):
        whole = reduction("sum", whole, 0)
    for axis, size in enumerate(target):
        if size == 1 and whole.shape[axis] != 1:
            kept = whole.shape
            whole = reshape(reduction("sum", whole, axis), (*kept[:axis], 1, *kept[axis + 1 :]))
    return whole


# ---- slopes of elementwise functions ---------------------------------------------------------------------------------


def _slopes(node: Call, active: set[Node]) -> Sequence[Node]:
    match node.function:
        case "add":
            return [add(1)] * len(node.args)
        case "multiply":
            return _products_of_others(node.args)
        case "power":
            return _power_slopes(node, active)
        case "minimum" | "maximum":
            return _extreme_slopes(node)
        case "divide":
            return [divide(1, node.args[1]), negate(divide(node, node.args[1])) if node.args[1] in active else add(0)]
    slopes = derivatives(node.function, node.args)
    if slopes is None:
        raise NotDifferentiable(f"There is no derivative rule for {node.function}.")
    return slopes


def _products_of_others(factors: Sequence[Node]) -> list[Node]:
    """For each factor the product of all others, from running products on both sides (linear in their number)."""
    if len(factors) <= 3:
        return [multiply(*(f for j, f in enumerate(factors) if j != i)) for i in range(len(factors))]
    before, after = [add(1)], [add(1)]
    for left, right in zip(factors[:-1], reversed(factors[1:]), strict=True):
        before.append(binary_product(before[-1], left))
        after.append(binary_product(right, after[-1]))
    return [binary_product(b, a) for b, a in zip(before, reversed(after), strict=True)]


def _power_slopes(node: Call, active: set[Node]) -> list[Node]:
    base, exponent = node.args
    by_base = multiply(exponent, power(base, subtract(exponent, 1))) if base in active else add(0)
    by_exponent = multiply(node, call("log", base)) if exponent in active else add(0)
    return [by_base, by_exponent]


def _extreme_slopes(node: Call) -> list[Node]:
    if len(node.args) == 2:
        first = condition("less_equal" if node.function == "minimum" else "greater_equal", *node.args)
        return [call("if", first, 1, 0), call("if", first, 0, 1)]
    taken = [call("if", condition("equal", a, node), 1, 0) for a in node.args]
    return [divide(t, add(*taken)) for t in taken]


# ---- adjoints of reductions and structure: (node, adjoint in the node's shape) -> one adjoint an argument -----------------


def _spread(node: Call, reduced: Node) -> Node:
    """A reduced array, in a shape that broadcasts against the array that was reduced."""
    axis, shape = node.static[0], node.args[0].shape
    if axis is None:
        return reduced
    return reshape(reduced, (*shape[:axis], 1, *shape[axis + 1 :]))


def _sum(node: Call, g: Node) -> list[Node]:
    return [_spread(node, g)]


def _prod(node: Call, g: Node) -> list[Node]:
    x = node.args[0]
    if len(x.shape) == 1 and 0 < x.shape[0] <= _MAX_WRITTEN_OUT:
        entries = [index(x, (i,)) for i in range(x.shape[0])]
        return [multiply(g, array(_products_of_others(entries)))]
    return [multiply(_spread(node, g), structure("others", (x,), node.static))]


def _extreme(node: Call, g: Node) -> list[Node]:
    x = node.args[0]
    taken = call("if", condition("equal", x, _spread(node, node)), 1, 0)
    count = _spread(node, reduction("sum", taken, node.static[0]))
    return [divide(multiply(_spread(node, g), taken), count)]


def _logsumexp(node: Call, g: Node) -> list[Node]:
    return [multiply(_spread(node, g), call("exp", subtract(node.args[0], _spread(node, node))))]


def _matmul(node: Call, g: Node) -> list[Node]:
    left, right = node.args
    match len(left.shape), len(right.shape):
        case 1, 1:
            return [multiply(g, right), multiply(g, left)]
        case 2, 1:
            return [multiply(reshape(g, (*g.shape, 1)), right), matmul(transpose(left), g)]
        case 1, 2:
            return [matmul(right, g), multiply(reshape(left, (*left.shape, 1)), g)]
    return [matmul(g, transpose(right)), matmul(transpose(left), g)]


def _take(node: Call, g: Node) -> list[Node]:
    return [structure("scatter", (g, *node.args[1:]), (node.static[0], node.args[0].shape))]


_STRUCTURE: dict[str, Callable[[Call, Node], list[Node]]] = {
    "sum": _sum,
    "prod": _prod,
    "min": _extreme,
    "max": _extreme,
    "logsumexp": _logsumexp,
    "matmul": _matmul,
    "take": _take,
    "index": lambda node, g: [structure("pad", (g,), (node.static, node.args[0].shape))],
    "pad": lambda node, g: [index(g, node.static[0])],
    "scatter": lambda node, g: [structure("take", (g, *node.args[1:]), (node.static[0],))],
    "array": lambda node, g: [index(g, (i, *((0, s, 1) for s in g.shape[1:]))) for i in range(len(node.args))],
    "transpose": lambda node, g: [transpose(g)],
    "reshape": lambda node, g: [reshape(g, node.args[0].shape)],
    "broadcast": lambda node, g: [_unbroadcast(g, node.shape, node.args[0].shape)],
    "linspace": lambda node, g: _linspace(node, g),
}


def _linspace(node: Call, g: Node) -> list[Node]:
    """linspace(a, b, n) is a + (b - a)*k/(n - 1)."""
    count = node.static[0]
    weight = divide(structure("arange", (add(0), add(count), add(1)), ()), max(1, count - 1))
    return [reduction("sum", multiply(g, subtract(1, weight))), reduction("sum", multiply(g, weight))]
