"""Building expressions: each function here returns the one node for what it is given, in a canonical form.

Canonical means: numbers are folded exactly, sums and products are flat, a sign or a rational factor stands in front.
No rewriting changes where an expression is defined: `0*log(x)` stays, since log(x) has to exist. Shapes follow numpy's
broadcasting and are checked here, as are the limits on numbers (10,000 digits) and arrays (10^7 entries). What can't be
built raises `GraphError` with a sentence.

>>> x = symbol("x")
>>> add(multiply(2, x), negate(1), 3)
2*x + 2
>>> power(2, 10)
1024
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import prod as _product
from typing import Any, TypeAlias

from optbench.language.functions import TABLE, Kind
from optbench.language.graph import (
    Call,
    GraphError,
    Node,
    Number,
    Reference,
    Shape,
    Symbol,
    calls,
    intern_symbol,
    known_call,
    new_call,
    new_number,
    numbers,
)
from optbench.language.shapes import broadcast_shapes, matmul_shape, reduced_shape, sliced_shape

MAX_DIGITS = 10_000
MAX_ENTRIES = 10_000_000
_TOO_LARGE = 10**MAX_DIGITS
_MAX_BITS = int(MAX_DIGITS * 3.3219280949) + 1

Operand: TypeAlias = Node | int | Fraction


def number(value: int | Fraction) -> Number:
    """Return the node of an exact number of at most 10,000 digits."""
    top, bottom = ratio = value.as_integer_ratio()
    reference = numbers.references.get(ratio)
    if reference is not None and (known := reference()) is not None:
        return known
    if not (-_TOO_LARGE < top < _TOO_LARGE and bottom < _TOO_LARGE):
        raise GraphError(f"This number has more than {MAX_DIGITS:,} digits, which is the limit.")
    return new_number(value if type(value) is Fraction else Fraction(value), ratio)


def symbol(name: str, shape: Shape = (), integer: bool = False) -> Symbol:
    """Return the symbol of this name and shape."""
    if shape:
        check_size(shape)
    return intern_symbol(name, shape, integer)


def as_node(operand: Operand) -> Node:
    """Return a node, made from a number if need be."""
    return operand if isinstance(operand, Node) else number(operand)


def check_size(shape: Shape) -> Shape:
    """Return the shape if it is within the limit on entries."""
    if _product(shape) > MAX_ENTRIES:
        raise GraphError(f"An array of shape {shape_text(shape)} has {_product(shape):,} entries; the limit is {MAX_ENTRIES:,}.")
    return shape


def shape_text(shape: Shape) -> str:
    """Return a shape as a person says it: 'scalar', '3', '3 x 4'."""
    return " x ".join(map(str, shape)) if shape else "scalar"


# ---- operators ---------------------------------------------------------------------------------------------------


def add(*terms: Operand) -> Node:
    """Return the sum, flat, with its numbers joined where the first of them stands."""
    total, place = Fraction(0), None
    kept: list[Node] = []
    for term in _flat("add", terms):
        if isinstance(term, Number):
            total += term.value
            place = len(kept) if place is None else place
        else:
            kept.append(term)
    if place is not None and total:
        kept.insert(place, number(total))
    if not kept:
        return number(total)
    return kept[0] if len(kept) == 1 else _elementwise("add", tuple(kept))


def subtract(left: Operand, right: Operand) -> Node:
    """Return the difference."""
    return add(left, negate(right))


def negate(operand: Operand) -> Node:
    """Return the opposite; the sign goes into a rational factor where there is one."""
    node = as_node(operand)
    if isinstance(node, Number):
        return number(-node.value)
    if isinstance(node, Call):
        if node.function == "negate":
            return node.args[0]
        if node.function == "multiply" and isinstance(node.args[0], Number):
            return multiply(-node.args[0].value, *node.args[1:])
        if node.function == "divide" and _has_factor(node.args[0]):
            return divide(negate(node.args[0]), node.args[1])
    return _elementwise("negate", (node,))


def multiply(*factors: Operand) -> Node:
    """Return the product, flat, with one rational factor in front."""
    coefficient = Fraction(1)
    kept: list[Node] = []
    for factor in _flat("multiply", factors):
        if isinstance(factor, Number):
            coefficient *= factor.value
        elif isinstance(factor, Call) and factor.function == "negate":
            coefficient = -coefficient
            kept.extend(_flat("multiply", factor.args))
        else:
            kept.append(factor)
    if not kept:
        return number(coefficient)
    rest = kept[0] if len(kept) == 1 else _elementwise("multiply", tuple(kept))
    if coefficient == 1:
        return rest
    if coefficient == 0 and rest.total and rest.shape == ():
        return number(0)
    if coefficient == -1:
        return _elementwise("negate", (rest,)) if not _negates_inside(rest) else negate(rest)
    return _elementwise("multiply", (number(coefficient), *kept))


def binary_product(left: Operand, right: Operand) -> Node:
    """Return the product of two nodes without taking them apart, so that products that run on share their parts."""
    a, b = as_node(left), as_node(right)
    if isinstance(a, Number) or isinstance(b, Number):
        return multiply(a, b)
    return _elementwise("multiply", (a, b))


def divide(left: Operand, right: Operand) -> Node:
    """Return the quotient; a quotient by the number 0 stays as it is and is defined nowhere."""
    top, bottom = as_node(left), as_node(right)
    if isinstance(bottom, Number) and bottom.value:
        if isinstance(top, Number):
            return number(top.value / bottom.value)
        if bottom.value == 1:
            return top
    if isinstance(top, Call) and top.function == "negate":
        return negate(divide(top.args[0], bottom))
    return _elementwise("divide", (top, bottom))


def power(left: Operand, right: Operand) -> Node:
    """Return the power; a number to a whole power is computed, e^y is exp(y), 0^0 is 1."""
    base, exponent = as_node(left), as_node(right)
    if isinstance(base, Call) and base.function == "exp" and base.args[0] is number(1):
        return call("exp", exponent)
    if isinstance(exponent, Number) and exponent.integer:
        if isinstance(base, Number) and (base.value or exponent.value >= 0):
            return number(_whole_power(base.value, int(exponent.value)))
        if exponent.value == 1:
            return base
        if exponent.value == 0 and base.total and base.shape == ():
            return number(1)
    return _elementwise("power", (base, exponent))


def _whole_power(base: Fraction, exponent: int) -> Fraction:
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(base) != 1 and base and (bits - 1) * abs(exponent) > _MAX_BITS:
        raise GraphError(f"This power has more than {MAX_DIGITS:,} digits, which is the limit.")
    return base ** (exponent % 2 if abs(base) == 1 else exponent)


def _flat(function: str, operands: Iterable[Operand]) -> Iterable[Node]:
    for operand in operands:
        node = as_node(operand)
        if isinstance(node, Call) and node.function == function:
            yield from node.args
        else:
            yield node


def _has_factor(node: Node) -> bool:
    return isinstance(node, Number) or (isinstance(node, Call) and node.function == "multiply" and isinstance(node.args[0], Number))


def _negates_inside(node: Node) -> bool:
    return isinstance(node, Call) and (node.function == "negate" or (node.function == "divide" and _has_factor(node.args[0])))


# ---- functions of the table ----------------------------------------------------------------------------------------


def call(function: str, *operands: Operand, static: tuple[Any, ...] = ()) -> Node:
    """Return `function` of the operands, through the operator's own rules where it has any."""
    if function in _OPERATORS:
        return _OPERATORS[function](*operands)
    args = tuple(map(as_node, operands))
    if TABLE[function].kind is Kind.REDUCTION:
        return reduction(function, args[0], static[0] if static else None)
    if TABLE[function].kind is Kind.STRUCTURE:
        return structure(function, args, static)
    if function in ("minimum", "maximum") and len(args) == 1:
        return args[0]
    return _elementwise(function, args, static)


def condition(function: str, *operands: Operand) -> Node:
    """Return a comparison of numbers, or `and`, `or`, `not` of conditions; nested `and`s and `or`s are flat."""
    args = tuple(_flat(function, operands)) if function in ("and", "or") else tuple(map(as_node, operands))
    args = tuple(dict.fromkeys(args)) if function in ("and", "or") else args
    if function in ("and", "or") and len(args) == 1:
        return args[0]
    return _elementwise(function, args)


def constant(name: str) -> Node:
    """Return pi, e or inf."""
    return call("exp", 1) if name in ("e", "E") else _elementwise(name, ())


def _elementwise(function: str, args: tuple[Node, ...], static: tuple[Any, ...] = ()) -> Call:
    known = known_call(function, args, static)
    if known is not None:
        return known
    row = TABLE[function]
    _check_operands(function, args)
    shapes = {a.shape for a in args}
    shape = shapes.pop() if len(shapes) == 1 else check_size(broadcast_shapes([a.shape for a in args]))
    total = all(a.total for a in args) and _is_total(function, args)
    boolean = row.kind is Kind.CONDITION
    return new_call(function, args, static, shape, not boolean and _is_integer(function, args, row.integer), boolean, total)


def scalar_maker(function: str) -> Callable[[tuple[Node, ...]], Call]:
    """Return what makes calls of an operator, function or comparison on scalar numbers that are canonical as they stand.

    It folds nothing, and takes a third of the time of `call`: for who makes 100,000 of them and sees when there is nothing to fold.
    """
    references, forget = calls[function].references, calls[function].forget
    partial, whole, boolean = function in _PARTIAL, function in _WHOLE, function in _COMPARISONS

    def made(args: tuple[Node, ...]) -> Call:
        reference = references.get(args)
        if reference is not None and (known := reference()) is not None:
            return known
        total = integer = True
        for arg in args:
            if arg.boolean:
                _check_operands(function, args)
            if not arg.total:
                total = False
            if not arg.integer:
                integer = False
        node = Call()
        node.function, node.args, node.static, node.shape, node.boolean = function, args, (), (), boolean
        node.integer = (integer or whole) and _is_integer(function, args, whole)
        node.total = total and (not partial or _is_total(function, args))
        references[args] = reference = Reference(node, forget)
        reference.key = args
        return node

    return made


_PARTIAL = {name for name, row in TABLE.items() if row.domain} | {"divide", "power", "inf"}
_COMPARISONS = {"less", "less_equal", "equal", "greater_equal", "greater", "not_equal"}
_WHOLE = {name for name, row in TABLE.items() if row.integer}


def _check_operands(function: str, args: tuple[Node, ...]) -> None:
    takes_conditions = function in ("and", "or", "not", "all")
    for position, arg in enumerate(args):
        if arg.boolean != (takes_conditions or (function == "if" and position == 0)):
            what = "a condition stands where a number belongs" if arg.boolean else "a condition such as x > 0 is needed here"
            raise GraphError(f"{what[0].upper()}{what[1:]}.")


def _is_total(function: str, args: tuple[Node, ...]) -> bool:
    if function == "divide":
        return isinstance(args[1], Number) and args[1].value != 0
    if function == "power":
        base, exponent = args
        if isinstance(base, Number) and base.value.numerator > 0:
            return True
        return isinstance(exponent, Number) and exponent.integer and exponent.value.numerator >= 0
    return not TABLE[function].domain and function != "inf"  # 0*inf is no number


def _is_integer(function: str, args: tuple[Node, ...], always: bool) -> bool:
    if function in ("add", "multiply", "negate", "minimum", "maximum", "abs", "relu"):
        return all(a.integer for a in args)
    if function == "power":
        return args[0].integer and isinstance(args[1], Number) and args[1].integer and args[1].value.numerator >= 0
    if function == "if":
        return args[1].integer and args[2].integer
    return always or (function == "mod" and all(a.integer for a in args))


def reduction(function: str, operand: Operand, axis: int | None = None) -> Node:
    """Return sum, prod, min, max, logsumexp or all over every entry, or along one axis."""
    node = as_node(operand)
    if node.shape == ():
        if axis is not None:
            raise GraphError("A scalar has no axis.")
        return node
    if axis is not None and not -len(node.shape) <= axis < len(node.shape):
        raise GraphError(f"There is no axis {axis} in an array of shape {shape_text(node.shape)}.")
    axis = None if axis is None or len(node.shape) == 1 else axis % len(node.shape)
    if 0 in node.shape and function in ("min", "max", "logsumexp"):
        raise GraphError(f"{function} of an empty array is not defined.")
    known = known_call(function, (node,), (axis,))
    if known is not None:
        return known
    whole = node.integer and function in ("sum", "prod", "min", "max")
    return new_call(function, (node,), (axis,), reduced_shape(node.shape, axis), whole, function == "all", node.total)


# ---- structure -----------------------------------------------------------------------------------------------------


def structure(function: str, args: tuple[Node, ...], static: tuple[Any, ...]) -> Node:
    """Return a call that moves entries about; `static` is its index, axis or shape."""
    if function in ("reshape", "broadcast") and args[0].shape == static[0]:
        return args[0]
    known = known_call(function, args, static)
    if known is not None:
        return known
    shape = check_size(_structure_shape(function, args, static))
    whole = all(a.integer for a in args) and function != "linspace"
    return new_call(function, args, static, shape, whole, any(a.boolean for a in args), all(a.total for a in args))


def _structure_shape(function: str, args: tuple[Node, ...], static: tuple[Any, ...]) -> Shape:
    match function:
        case "index":
            return sliced_shape(args[0].shape, static)
        case "take":
            return _take_shape(args, static[0])
        case "array":
            return (len(args), *args[0].shape)
        case "transpose":
            return args[0].shape[::-1]
        case "matmul":
            return matmul_shape(args[0].shape, args[1].shape)
        case "arange":
            start, stop, step = (a.value for a in args if isinstance(a, Number))
            return (max(0, -((start - stop) // step)),)
        case "linspace":
            return (int(static[0]),)
        case "others":
            return args[0].shape
        case _:  # reshape, broadcast, pad, scatter, zeros, ones: the last static part is the shape
            return tuple(static[-1])


def _take_shape(args: tuple[Node, ...], axis: int | None) -> Shape:
    """Shape of x[I] along one axis (x.shape with that axis replaced by I's shape), or, without one, of x[I, J, ...]."""
    indices = broadcast_shapes([a.shape for a in args[1:]])
    if axis is None:
        return indices
    return (*args[0].shape[:axis], *indices, *args[0].shape[axis + 1 :])


def index(node: Node, spec: tuple[Any, ...]) -> Node:
    """Return node[spec]; an entry of spec is an int or a (start, stop, step) as Python's slices have, all normalised."""
    if all(part == (0, size, 1) for part, size in zip(spec, node.shape, strict=True)):
        return node
    if isinstance(node, Call) and node.function == "array" and len(spec) == 1 and isinstance(spec[0], int):
        return node.args[spec[0]]
    return structure("index", (node,), spec)


def array(entries: Sequence[Operand]) -> Node:
    """Return the array of entries, all of one shape."""
    nodes = tuple(map(as_node, entries))
    if not nodes:
        raise GraphError("An array needs at least one entry.")
    if any(node.shape != nodes[0].shape for node in nodes):
        raise GraphError("The entries of an array must all have the same shape.")
    return structure("array", nodes, ())


def transpose(node: Node) -> Node:
    """Return node.T; of a vector or scalar that is the node itself."""
    if len(node.shape) < 2:
        return node
    if isinstance(node, Call) and node.function == "transpose":
        return node.args[0]
    return structure("transpose", (node,), ())


def matmul(left: Node, right: Node) -> Node:
    """Return left @ right."""
    return structure("matmul", (left, right), ())


def broadcast(node: Node, shape: Shape) -> Node:
    """Return the node repeated to a shape that it broadcasts to."""
    return structure("broadcast", (node,), (shape,))


def reshape(node: Node, shape: Shape) -> Node:
    """Return the same entries, in row-major order, in another shape."""
    return structure("reshape", (node,), (shape,))


_OPERATORS: dict[str, Callable[..., Node]] = {"add": add, "multiply": multiply, "negate": negate, "divide": divide, "power": power}


def rebuild(node: Call, args: tuple[Node, ...]) -> Node:
    """Return the same call on other arguments, through the rules of this module."""
    if args == node.args:
        return node
    kind = TABLE[node.function].kind
    if kind is Kind.CONDITION:
        return condition(node.function, *args)
    if node.function == "index":
        return index(args[0], node.static)
    return call(node.function, *args, static=node.static)


def substitute(root: Node, values: dict[Node, Node]) -> Node:
    """Return the expression with nodes replaced, all at once; shapes are inferred again."""
    from optbench.language.graph import topological

    done = dict(values)
    for node in topological(root, enter=lambda n: () if n in values else n.args):
        if node not in done:
            done[node] = rebuild(node, tuple(done[a] for a in node.args)) if isinstance(node, Call) else node
    return done[root]
