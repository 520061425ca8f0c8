"""The derivative of a function of one unknown, step by step, as it is taught: each step names its rule and is a true equation.

A step is there for every part whose derivative needs a rule: products, quotients, powers, functions, from the inside to
the outside. Sums and constant factors are differentiated term by term, without steps of their own; the last step is the
function's own. Each right-hand side is complete: no step is needed to read another.

>>> from optbench.language.elaborate import parse
>>> from optbench.language.build import symbol
>>> for step in derivation(parse("x*log(x) - sqrt(x)").node, symbol("x")):
...     print(step.of, "|", step.rule, "|", step.applied, "|", step.result)
log(x) | known | None | 1/x
x*log(x) | product | log(x) + x*(1/x) | log(x) + 1
sqrt(x) | known | None | 1/(2*sqrt(x))
x*log(x) - sqrt(x) | sum | None | log(x) + 1 - 1/(2*sqrt(x))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from optbench.language.build import add, call, divide, multiply, negate, power, subtract
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, Node, Number, Symbol, size, symbols, topological
from optbench.language.row_texts import derivatives

MAX_STEPS = 24
MAX_NODES = 300  # of a function whose derivative is shown in steps
_WITHOUT_STEPS = {"add", "negate"}


class Step(NamedTuple):
    """The derivative of one part: `of` is differentiated by the rule; `applied` is the right-hand side as the rule gives it,
    None where that is the result; `inner` is the argument u of a chain rule."""

    of: Call
    rule: str  # sum, factor, product, quotient, reciprocal, power, exponential, general_power, known, choice
    applied: Node | None
    result: Node
    inner: Node | None = None  # u, where it is not the unknown itself


def derivation(root: Node, x: Symbol) -> list[Step]:
    """Return the steps to the derivative; none where that is a number, or the function is too large to be shown in steps.

    Raises `NotDifferentiable` where a part has no derivative.
    """
    if root.shape or size(root) > MAX_NODES or x not in symbols(root) or not isinstance(root, Call):
        return []
    parts = [node for node in topological(root) if isinstance(node, Call) and _has_step(node, root, x)]
    if len(parts) > MAX_STEPS:
        return []
    rules = _Rules(x)
    return [rules.step(node) for node in parts]


def slope(node: Node, x: Symbol) -> Node:
    """Return the derivative of a scalar expression by x."""
    [found] = gradient(node, [x])
    return found


def _has_step(node: Call, root: Node, x: Symbol) -> bool:
    if node.shape or node.boolean or x not in symbols(node) or TABLE[node.function].kind is not Kind.ELEMENTWISE:
        if not node.boolean and x in symbols(node):
            raise NotDifferentiable(f"The derivative of {node.function} is not shown in steps.")
        return False
    if isinstance(slope(node, x), Number):
        return False
    return node is root or not (node.function in _WITHOUT_STEPS or (len(_varying(node, x)) == 1 and _has_constant_factor(node, x)))


def _has_constant_factor(node: Call, x: Symbol) -> bool:
    """Whether it is a number times, or over a number, what depends on x."""
    return node.function == "multiply" or (node.function == "divide" and x in symbols(node.args[0]))


def _varying(node: Call, x: Symbol) -> list[Node]:
    return [a for a in node.args if x in symbols(a)]


class _Rules:
    """The rules, with what earlier steps found."""

    def __init__(self, x: Symbol) -> None:
        self.x = x
        self.found: dict[Node, Node] = {}

    def step(self, node: Call) -> Step:
        rule, applied, inner = self.applied(node)
        result = slope(node, self.x)
        same = applied is not None and _terms(applied) == _terms(result)
        self.found[node] = applied if applied is not None and same else result  # the rule's order is easier to follow
        return Step(node, rule, None if same else applied, self.found[node], inner if inner is not self.x else None)

    def slope(self, node: Node) -> Node:
        """The derivative of a part, as an earlier step wrote it."""
        return self.found[node] if node in self.found else slope(node, self.x)

    def varies(self, node: Node) -> bool:
        return self.x in symbols(node)

    def applied(self, node: Call) -> tuple[str, Node | None, Node | None]:
        """The rule, its right-hand side with the derivatives of the parts put in, and the argument of a chain rule."""
        match node.function:
            case "add":
                return "sum", add(*map(self.slope, node.args)), None
            case "multiply" if len(_varying(node, self.x)) > 1:
                return "product", add(*self.each_differentiated(node.args)), None
            case "multiply" | "negate":
                return "factor", None, None
            case "divide":
                return self.of_quotient(*node.args)
            case "power":
                return self.of_power(node)
            case "if" | "minimum" | "maximum":
                return "choice", None, None
        return self.of_function(node)

    def each_differentiated(self, factors: Sequence[Node]) -> Iterator[Node]:
        """One product for each factor that depends on x, with that factor's derivative in its place."""
        for i, factor in enumerate(factors):
            if self.varies(factor):
                yield multiply(*(self.slope(f) if k == i else f for k, f in enumerate(factors)))

    def of_quotient(self, u: Node, v: Node) -> tuple[str, Node | None, Node | None]:
        if not self.varies(v):
            return "factor", None, None
        if not self.varies(u):
            return "reciprocal", negate(divide(multiply(u, self.slope(v)), power(v, 2))), None
        return "quotient", divide(subtract(multiply(self.slope(u), v), multiply(u, self.slope(v))), power(v, 2)), None

    def of_power(self, node: Call) -> tuple[str, Node | None, Node | None]:
        u, n = node.args
        if not self.varies(n):
            return "power", multiply(n, power(u, subtract(n, 1)), self.slope(u)), u
        if not self.varies(u):
            return "exponential", multiply(node, call("log", u), self.slope(n)), n
        logarithmic = add(multiply(self.slope(n), call("log", u)), divide(multiply(n, self.slope(u)), u))
        return "general_power", multiply(node, logarithmic), None

    def of_function(self, node: Call) -> tuple[str, Node | None, Node | None]:
        """A function of the table: its own derivative, times that of what is inside."""
        by_arguments = derivatives(node.function, node.args)
        if by_arguments is None:
            raise NotDifferentiable(f"There is no derivative rule for {node.function}.")
        terms = [_times(d, self.slope(a)) for d, a in zip(by_arguments, node.args, strict=True) if self.varies(a)]
        return "known", add(*terms), node.args[0] if len(node.args) == 1 else None


def _terms(node: Node) -> Counter[frozenset[tuple[Node, int]]]:
    """The terms of a sum, each as its factors, in any order."""
    terms = node.args if isinstance(node, Call) and node.function == "add" else (node,)
    factors = (t.args if isinstance(t, Call) and t.function == "multiply" else (t,) for t in terms)
    return Counter(frozenset(Counter(f).items()) for f in factors)


def _times(outer: Node, inner: Node) -> Node:
    """The product of two derivatives, with 1/w times v as v/w."""
    if isinstance(outer, Call) and outer.function == "divide" and isinstance(outer.args[0], Number) and outer.args[0].value == 1:
        return divide(inner, outer.args[1])
    return multiply(outer, inner)
