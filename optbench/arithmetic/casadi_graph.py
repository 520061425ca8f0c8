"""The reading in CasADi: values and derivatives of a minimand and its constraints at flat points, at the speed of C.

Derivatives here are CasADi's own (algorithmic differentiation of its graph), a second way beside those of our graph.
`reading` prepares the graph (what branches of `if` hold is guarded, sums of squares become dot products), has
`casadi_functions` translate it, and binds what is asked for to buffers, so that a call costs little more than CasADi's
own loop. Importing this module imports neither CasADi nor numpy; a reading does.

>>> from optbench.language.elaborate import Scope, parse
>>> from optbench.language.build import symbol
>>> x = symbol("x", (2,))
>>> rosenbrock = reading(parse("100*(x[1] - x[0]^2)^2 + (1 - x[0])^2", Scope({"x": x})).node, [x])
>>> rosenbrock.value([2.0, 3.0]), rosenbrock.gradient([2.0, 3.0]).tolist()
(101.0, [802.0, -200.0])
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from optbench.arithmetic import NoReading
from optbench.arithmetic.sparsity import Sparsity
from optbench.language.build import add, call, condition, matmul, multiply, number, rebuild, reduction, reshape
from optbench.language.functions import TABLE, Kind
from optbench.language.graph import Call, Node, Number, Shape, Symbol, topological

if TYPE_CHECKING:
    from optbench.arithmetic.casadi_functions import Expressions

__all__ = ["NoReading", "Reading", "Sparsity", "lacking", "reading"]


def reading(
    minimand: Node, symbols: Sequence[Symbol], data: Mapping[Symbol, Any] | None = None, constraints: Sequence[Node] = ()
) -> Reading:
    """Return the reading of a scalar minimand and of constraint residuals (scalars or arrays) as functions of one point.

    `data` are the values of the symbols that are no unknowns. Raises `NoReading`, with a sentence, where the expressions
    call a function that CasADi lacks, and `KeyError` for a symbol without a value.
    """
    known = data or {}
    name = lacking(minimand, *constraints, data=known)
    if name is not None:
        raise NoReading(f"{name} has no reading in CasADi.")
    from optbench.arithmetic.casadi_functions import translated

    outputs = [minimand, *constraints]
    return Reading(translated(outputs, prepared(outputs, known), symbols, known))


def lacking(*roots: Node, data: Container[Symbol] = ()) -> str | None:
    """Return the name of a function that CasADi lacks, or None; what holds no symbol but `data` is computed elsewhere."""
    depends = dependent(roots, data)
    for node in topological(*roots):
        if isinstance(node, Call) and node in depends and TABLE[node.function].casadi is None:
            return node.function
    return None


def dependent(roots: Sequence[Node], data: Container[Symbol]) -> set[Node]:
    """Return the nodes that hold an unknown: a symbol that is not among the data."""
    found: set[Node] = set()
    for node in topological(*roots):
        if (isinstance(node, Symbol) and node not in data) or any(a in found for a in node.args):
            found.add(node)
    return found


# ---- the reading -----------------------------------------------------------------------------------------------------


class Reading:
    """A minimand f and constraint residuals c as CasADi functions of one flat point.

    A point is an array of shape (n,): the entries of all symbols in order, arrays in row-major order; so are the
    residuals, shape (m,). Matrices come as arrays of values, one for each place of their sparsity, in CasADi's order: by
    column, within a column by row. Hessians are whole and symmetric. Every array returned is a new one.

    A value outside of f's natural domain is nan, and so are all derivatives there; likewise a constraint, as a whole, and
    its rows of the Jacobian. The Hessian of the Lagrangian is nan where f or any constraint is undefined.

    Each function is compiled when it is first asked for, and may be kept and called by itself.
    """

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions
        self.dimension: int = expressions.dimension
        self.constraint_count: int = expressions.constraint_count
        self.kind: str = expressions.kind  # "SX": scalar operations, "MX": operations on whole arrays

    @cached_property
    def value(self) -> Callable[[Any], float]:
        """f(x); nan outside the natural domain."""
        return _number(self._expressions.value())

    @cached_property
    def gradient(self) -> Callable[[Any], Any]:
        """The gradient of f, shape (n,)."""
        return _array(self._expressions.gradient())

    @cached_property
    def hessian(self) -> Callable[[Any], Any]:
        """The entries of the Hessian of f in `hessian_sparsity`."""
        return _array(self._expressions.hessian[0])

    @property
    def hessian_sparsity(self) -> Sparsity:
        """Where the Hessian of f may differ from 0, (n, n)."""
        return self._expressions.hessian[1]

    @cached_property
    def constraints(self) -> Callable[[Any], Any]:
        """The residuals c(x), shape (m,)."""
        return _array(self._expressions.constraints())

    @cached_property
    def jacobian(self) -> Callable[[Any], Any]:
        """The entries of c'(x) in `jacobian_sparsity`."""
        return _array(self._expressions.jacobian[0])

    @property
    def jacobian_sparsity(self) -> Sparsity:
        """Where c'(x) may differ from 0, (m, n)."""
        return self._expressions.jacobian[1]

    @cached_property
    def lagrangian_hessian(self) -> Callable[[Any, float, Any], Any]:
        """The entries of the Hessian of factor*f + multipliers'c at (x, factor, multipliers) in `lagrangian_sparsity`."""
        return _array_of_three(self._expressions.lagrangian_hessian[0])

    @property
    def lagrangian_sparsity(self) -> Sparsity:
        """Where the Hessian of the Lagrangian may differ from 0, (n, n)."""
        return self._expressions.lagrangian_hessian[1]

    def prepare(self, wanted: Iterable[str]) -> None:
        """Compile these of the above before they are asked for."""
        for name in wanted:
            getattr(self, name)


class _Bound(NamedTuple):
    """A CasADi function tied to arrays: `compute(handle)` reads the arguments and writes the result.

    All of it has to live as long as it is called: without the buffer the process would crash.
    """

    arguments: list[Any]
    result: Any
    compute: Callable[[Any], None]
    handle: Any
    function: Any
    buffer: Any


def _bound(function: Any) -> _Bound:
    import numpy as np

    arguments: list[Any] = [np.zeros(function.nnz_in(i)) for i in range(function.n_in())]
    result: Any = np.zeros(function.nnz_out(0))
    buffer, trigger = function.buffer()
    for i, argument in enumerate(arguments):
        buffer.set_arg(i, memoryview(argument))
    buffer.set_res(0, memoryview(result))
    return _Bound(arguments, result, trigger.func, trigger.args[0], function, buffer)  # to call the partial costs 30 ns more


def _number(function: Any) -> Callable[[Any], float]:
    bound = _bound(function)
    (argument,), result, compute, handle, *_ = bound
    view = memoryview(result)

    def evaluate(x: Any) -> float:
        argument[...] = x
        compute(handle)
        return view[0]

    evaluate.__dict__["bound"] = bound
    return evaluate


def _array(function: Any) -> Callable[[Any], Any]:
    bound = _bound(function)
    (argument,), result, compute, handle, *_ = bound
    copy = result.copy

    def evaluate(x: Any) -> Any:
        argument[...] = x
        compute(handle)
        return copy()

    evaluate.__dict__["bound"] = bound
    return evaluate


def _array_of_three(function: Any) -> Callable[[Any, Any, Any], Any]:
    bound = _bound(function)
    (first, second, third), result, compute, handle, *_ = bound

    def evaluate(x: Any, y: Any, z: Any) -> Any:
        first[...] = x
        second[...] = y
        third[...] = z
        compute(handle)
        return result.copy()

    evaluate.__dict__["bound"] = bound
    return evaluate


# ---- preparing the graph ---------------------------------------------------------------------------------------------

_Guarded: TypeAlias = tuple[Node, Node | None]  # a node, and the condition under which its value counts (None: always)

# Where a function or its slope may be infinite or undefined: which argument is replaced, and by what, where the value
# does not count.
_HARMLESS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("sqrt", "cbrt", "log", "log2", "log10", "power", "atan2", "hypot"), (0, 1)),
    **dict.fromkeys(("exp", "log1p", "expm1", "sinh", "cosh", "tan", "asin", "acos", "atanh"), (0, 0)),
    **dict.fromkeys(("divide", "mod"), (1, 1)),
    "acosh": (0, 2),
}
_LOW_POWER = 3  # whole powers up to here are left alone


def prepared(roots: Sequence[Node], data: Container[Symbol] = ()) -> list[Node]:
    """Return expressions of the same values that CasADi differentiates rightly and quickly.

    In a branch of `if` that is not taken nothing may become infinite or undefined, since CasADi multiplies its slopes by
    0; so arguments there are replaced by harmless ones. Sums of products become dot products, and squares of norms too.

    >>> from optbench.language.elaborate import parse
    >>> prepared([parse("if(x > 0, x*log(x), 0)").node])
    [if(x > 0, x*log(if(x > 0, x, 1)), 0)]
    """
    depends = dependent(roots, data)
    risky = _risky(roots, depends)

    def inside(pair: _Guarded) -> list[_Guarded]:
        return [(a, guard if a in risky else None) for a, guard in _arguments(*pair)] if pair[0] in depends else []

    walk = cast(Callable[..., list[_Guarded]], topological)  # it walks whatever can be hashed
    done: dict[_Guarded, Node] = {}
    for pair in walk(*((root, None) for root in roots), enter=inside):
        node, guard = pair
        done[pair] = _prepared(node, guard, [done[a] for a in inside(pair)]) if isinstance(node, Call) and node in depends else node
    return [done[root, None] for root in roots]


def _risky(roots: Sequence[Node], depends: set[Node]) -> set[Node]:
    """Return the nodes in which something may become infinite or undefined."""
    found: set[Node] = set()
    for node in topological(*roots):
        if node in depends and (any(a in found for a in node.args) or _harmless_argument(node) is not None):
            found.add(node)
    return found


def _harmless_argument(node: Node) -> tuple[int, int] | None:
    """Return which argument is to be replaced and by what, or None where a call does no harm."""
    if not isinstance(node, Call):
        return None
    exponent = node.args[-1] if node.function == "power" else None
    if isinstance(exponent, Number) and exponent.integer and 0 <= exponent.value <= _LOW_POWER:
        return None
    return _HARMLESS.get(node.function)


def _arguments(node: Node, guard: Node | None) -> list[_Guarded]:
    """Return a node's arguments, each with the condition under which it counts."""
    if isinstance(node, Call) and node.function == "if":
        test, yes, no = node.args
        return [(test, None), (yes, _fitted(_both(guard, test), yes.shape)), (no, _fitted(_both(guard, condition("not", test)), no.shape))]
    moves_entries = isinstance(node, Call) and TABLE[node.function].kind in (Kind.STRUCTURE, Kind.REDUCTION)
    return [(a, _fitted(guard, () if moves_entries else a.shape)) for a in node.args]  # one entry counts: then all do


def _both(guard: Node | None, test: Node) -> Node:
    return test if guard is None else condition("and", guard, test)


def _fitted(guard: Node | None, shape: Shape) -> Node | None:
    """Return a condition of a shape that broadcasts to `shape`: an entry that is repeated counts if one repetition does."""
    if guard is None:
        return None
    while len(guard.shape) > len(shape):
        guard = _any(guard, 0)
    for axis, size in enumerate(shape[len(shape) - len(guard.shape) :]):
        if size == 1 and guard.shape[axis] != 1:
            guard = reshape(_any(guard, axis), (*guard.shape[:axis], 1, *guard.shape[axis + 1 :]))
    return guard


def _any(test: Node, axis: int) -> Node:
    return condition("not", reduction("all", condition("not", test), axis))


def _prepared(node: Call, guard: Node | None, args: list[Node]) -> Node:
    harmless = _harmless_argument(node)
    if guard is not None and harmless is not None:
        position, value = harmless
        test = _fitted(guard, args[position].shape)
        assert test is not None
        args[position] = call("if", test, args[position], value)
    same = rebuild(node, tuple(args))
    if not isinstance(same, Call):
        return same
    match same.function, same.args:
        case "sum", _ if same.static[0] is None:
            return _as_dots(same)
        case "power", (Call(function="sqrt", args=(base,)), Number(value=2)):  # of a norm, whose slope at 0 CasADi misses
            return base
    return same


def _as_dots(total: Call) -> Node:
    """Return sum(c*a*b) as c*(a @ b), and so each term of a sum of squares; other sums as they are.

    The terms of other sums stay together: sum(a - b) may be small where sum(a) and sum(b) are large.
    """
    inner = total.args[0]
    terms = inner.args if isinstance(inner, Call) and inner.function == "add" else (inner,)
    dots = [_dot(term) if term.shape == inner.shape else None for term in terms]
    if all(dot is not None for dot in dots) and (len(terms) == 1 or all(map(_is_square, terms))):
        return add(*cast(list[Node], dots))
    return total


def _dot(term: Node) -> Node | None:
    """Return the sum of a product's entries as a dot product, or None where it isn't the product of two arrays."""
    factors = term.args if isinstance(term, Call) and term.function == "multiply" else (term,)
    scalars, arrays = [f for f in factors if not f.shape], [f for f in factors if f.shape]
    if not term.shape or any(a.shape != term.shape for a in arrays):
        return None
    if len(arrays) == 1:
        base = _squared(arrays[0])
        arrays = [base, base] if base is not None else arrays
    if len(arrays) == 1:
        return None
    flat = (prod(term.shape),)
    return multiply(*scalars, matmul(reshape(multiply(*arrays[:-1]), flat), reshape(arrays[-1], flat)))


def _is_square(term: Node) -> bool:
    """Whether an array is a square times a number that isn't negative."""
    factors = term.args if isinstance(term, Call) and term.function == "multiply" else (term,)
    if isinstance(factors[0], Number):
        return factors[0].value >= 0 and len(factors) == 2 and _squared(factors[1]) is not None
    return len(factors) == 1 and _squared(term) is not None


def _squared(node: Node) -> Node | None:
    """Return a if the node is a^2."""
    return node.args[0] if isinstance(node, Call) and node.function == "power" and node.args[1] is number(2) else None
