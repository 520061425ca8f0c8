"""Giving meaning to a syntax tree: names, shapes, indices and index sums become nodes of the graph.

`parse` is the public way from text to graph. What a name means comes from a `Scope`; names that it does not know become
variables if the scope is open (the command line), else they are mistakes. Index sums are computed on arrays of indices
where the body allows it, and written out term by term where it does not.

>>> parse("sum(x[i] for i in 0..2)", Scope({"x": symbol("x", (5,))})).node
sum(x[arange(0, 3)])
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from optbench.errors import ExpressionError, Mistake, Place, nearest
from optbench.language import syntax
from optbench.language.build import (
    add,
    call,
    condition,
    constant,
    divide,
    index,
    matmul,
    multiply,
    negate,
    power,
    reduction,
    structure,
    symbol,
    transpose,
)
from optbench.language.build import array as array_of
from optbench.language.constants import entries, whole_number
from optbench.language.functions import CONSTANTS, EXPANDED, TABLE, Kind, callable_names
from optbench.language.graph import GraphError, Node, Symbol
from optbench.language.parser import parse_syntax
from optbench.language.rootof import root_of
from optbench.language.tokens import SyntaxProblem

_COMPARISONS = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal", "==": "equal", "=": "equal"}


@dataclass
class Scope:
    """What names mean. `nodes`: declared names; `values`: entries of array symbols that are data; `open`: unknown names
    become scalar variables, which are collected in `found`."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    values: Mapping[Symbol, Sequence[float]] = field(default_factory=dict)
    open: bool = False
    found: dict[str, Symbol] = field(default_factory=dict)

    def is_factor(self, name: str) -> bool:
        """Whether NAME( begins a product."""
        return name in self.nodes or name in self.found or len(name) == 1 or name in CONSTANTS


@dataclass(frozen=True)
class Parsed:
    """An expression (or condition) and the warnings that go with it."""

    node: Node
    warnings: tuple[str, ...] = ()


def parse(text: str, scope: Scope | None = None, place: Callable[[int, int], Place] | None = None) -> Parsed:
    """Return the graph of an expression; raise `ExpressionError` with the place of the mistake.

    `place(start, end)` says where text[start:end] stands, for expressions that come from a file.
    """
    return _read(text, scope or Scope(open=True), place, _Elaborator.expression)


def parse_constraint(text: str, scope: Scope | None = None, place: Callable[[int, int], Place] | None = None) -> Parsed:
    """Return the condition of a constraint: one comparison, or a chain in one direction as an `and`."""
    return _read(text, scope or Scope(open=True), place, _Elaborator.constraint)


def _read(text: str, scope: Scope, place: Callable[[int, int], Place] | None, how: Callable[[_Elaborator, syntax.Syntax], Node]) -> Parsed:
    try:
        with _deep_recursion():
            tree = parse_syntax(text, scope.is_factor)
            node = how(_Elaborator(scope), tree)
    except SyntaxProblem as problem:
        locate = place or (lambda start, end: Place.in_text(text, start, end))
        raise ExpressionError(Mistake(problem.sentence, locate(problem.start, problem.end), problem.hint)) from None
    return Parsed(node, tuple(_joined_names(tree)))


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Nesting is limited by the parser, to depths that need more frames than Python's default allows."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 10_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _joined_names(tree: syntax.Syntax) -> Iterator[str]:
    written = {name.name for name in syntax.names(tree)}
    for name in sorted(written):
        if len(name) > 1 and name not in CONSTANTS and set(name) <= written:
            yield f"{name} is one name; for a product write {'*'.join(name)}."


class _Elaborator:
    """Walks a syntax tree under a scope; `bound` are the indices of the index sums around."""

    def __init__(self, scope: Scope, bound: Mapping[str, Node] | None = None) -> None:
        self.scope, self.bound = scope, dict(bound or {})

    def expression(self, tree: syntax.Syntax) -> Node:
        if isinstance(tree, syntax.Comparison):
            if "=" in tree.signs and isinstance(tree.operands[0], syntax.Chain | syntax.Name | syntax.Apply):
                raise SyntaxProblem("An expression has no '='; write only its right-hand side, and equations as constraints.", *tree.span)
            raise SyntaxProblem("A comparison belongs in a constraint or in if(condition, a, b).", *tree.span)
        return self.number(tree)

    def constraint(self, tree: syntax.Syntax) -> Node:
        if not isinstance(tree, syntax.Comparison):
            raise SyntaxProblem("A constraint needs a comparison, such as x + y <= 1.", *tree.span)
        directions = {sign[0] for sign in tree.signs}
        if len(directions) > 1:
            raise SyntaxProblem("A chain of comparisons runs in one direction: 0 <= x <= 1.", *tree.span)
        if len(tree.signs) > 1 and directions == {"="} and len(tree.signs) > 2:
            raise SyntaxProblem("Write each equation as a constraint of its own.", *tree.span)
        operands = [self.number(operand) for operand in tree.operands]
        with _explained(tree.span):
            pairs = zip(tree.signs, operands, operands[1:], strict=False)
            return condition("and", *(condition(_COMPARISONS[sign], left, right) for sign, left, right in pairs))

    def number(self, tree: syntax.Syntax) -> Node:
        """Return the node of a tree that must be a number, not a condition."""
        with _explained(tree.span):
            return _RULES[type(tree)](self, tree)

    # ---- leaves -------------------------------------------------------------------------------------------------------

    def literal(self, tree: syntax.Literal) -> Node:
        return add(tree.value)

    def name(self, tree: syntax.Name) -> Node:
        name = tree.name
        for known in (self.bound, self.scope.nodes, self.scope.found):
            if name in known:
                return known[name]
        if name in CONSTANTS:
            return constant(name)
        if not self.scope.open:
            known_names = [*self.bound, *self.scope.nodes, *CONSTANTS]
            raise SyntaxProblem(f"The name {name} is not declared.{nearest(name, known_names)}", *tree.span)
        self.scope.found[name] = symbol(name)
        return self.scope.found[name]

    # ---- operators ----------------------------------------------------------------------------------------------------

    def chain(self, tree: syntax.Chain) -> Node:
        operands = [self.number(operand) for operand in tree.operands]
        if tree.operators[0] == "+" or tree.operators == ("-",):
            return add(*(negate(o) if sign == "-" else o for sign, o in zip(tree.operators, operands, strict=True)))
        return self.product(tree.operators, operands)

    def product(self, operators: Sequence[str], operands: Sequence[Node]) -> Node:
        pending = [operands[0]]
        for sign, operand in zip(operators[1:], operands[1:], strict=True):
            if sign == "*":
                pending.append(operand)
                continue
            left = multiply(*pending)
            pending = [divide(left, operand) if sign == "/" else matmul(left, operand) if sign == "@" else call("mod", left, operand)]
        return multiply(*pending)

    def power(self, tree: syntax.Power) -> Node:
        return power(self.number(tree.base), self.number(tree.exponent))

    def bars(self, tree: syntax.Bars) -> Node:
        return call("abs", self.number(tree.operand))

    def comparison(self, tree: syntax.Comparison) -> Node:
        raise SyntaxProblem("A comparison belongs in a constraint or in if(condition, a, b).", *tree.span)

    def condition(self, tree: syntax.Syntax) -> Node:
        """The first argument of `if`."""
        if not isinstance(tree, syntax.Comparison) or len(tree.signs) > 1 or tree.signs[0] == "=":
            raise SyntaxProblem("The condition of if is one comparison with <, <=, ==, >= or >.", *tree.span)
        left, right = (self.number(operand) for operand in tree.operands)
        with _explained(tree.span):
            return condition(_COMPARISONS[tree.signs[0]], left, right)

    # ---- arrays ---------------------------------------------------------------------------------------------------------

    def entries(self, tree: syntax.List) -> Node:
        return array_of([self.number(entry) for entry in tree.entries])

    def transpose(self, tree: syntax.Transpose) -> Node:
        return transpose(self.number(tree.base))

    def subscript(self, tree: syntax.Subscript) -> Node:
        base = self.number(tree.base)
        if not base.shape:
            what = tree.base.name if isinstance(tree.base, syntax.Name) else "This"
            example = f" (declare a shape: --var {what}[10]=-5..5)" if isinstance(tree.base, syntax.Name) and self.scope.open else ""
            raise SyntaxProblem(f"{what} is a scalar and has no entries{example}.", *tree.span)
        if len(tree.items) > len(base.shape):
            raise SyntaxProblem(f"There are {len(tree.items)} indices for an array of {len(base.shape)} axes.", *tree.span)
        spec: list[object] = []
        arrays: list[tuple[int, Node]] = []
        for axis, item in enumerate(tree.items):
            part = self.slice(item, base.shape[axis]) if isinstance(item, syntax.Slice) else self.position(item, base.shape[axis])
            if isinstance(part, Node):
                arrays.append((len([s for s in spec if isinstance(s, tuple)]), part))
                part = (0, base.shape[axis], 1)
            spec.append(part)
        spec.extend((0, size, 1) for size in base.shape[len(tree.items) :])
        return self.taken(index(base, tuple(spec)), arrays, tree)

    def taken(self, base: Node, arrays: list[tuple[int, Node]], tree: syntax.Subscript) -> Node:
        if not arrays:
            return base
        if len(arrays) == 1:
            return (
                structure("take", (base, arrays[0][1]), (arrays[0][0],))
                if len(base.shape) > 1
                else structure("take", (base, arrays[0][1]), (None,))
            )
        if len(arrays) < len(base.shape):
            raise SyntaxProblem("Several index arrays must stand for all axes of the array.", *tree.span)
        return structure("take", (base, *(i for _, i in arrays)), (None,))

    def slice(self, tree: syntax.Slice, size: int) -> tuple[int, int, int]:
        parts = [
            None if part is None else whole_number(self.number(part), self.scope.values) for part in (tree.start, tree.stop, tree.step)
        ]
        if any(given is not None and value is None for given, value in zip((tree.start, tree.stop, tree.step), parts, strict=True)):
            raise _unknown_index(tree.span)
        if parts[2] == 0:
            raise SyntaxProblem("The step of a slice can't be 0.", *tree.span)
        chosen = range(size)[slice(*parts)]
        return (chosen.start, chosen.stop, chosen.step) if len(chosen) else (0, 0, 1)

    def position(self, tree: syntax.Syntax, size: int) -> int | Node:
        """Return one index as an int, or an expression of whole numbers that is an array of indices."""
        node = self.number(tree)
        where = whole_number(node, self.scope.values)
        counted = any(name.name in self.bound for name in syntax.names(tree))
        if where is not None:
            _check_index(where, size, counted, tree.span)
            return where % size
        if node.boolean or not node.integer:
            raise SyntaxProblem("An index is a whole number, a slice, or an array of whole numbers.", *tree.span)
        if not any(isinstance(b, Symbol) for b in self.bound.values()):
            known = entries(node, self.scope.values)
            if known is None:
                raise _unknown_index(tree.span)
            for value in (min(known), max(known)) if known else ():
                _check_index(value, size, counted, tree.span)
        return node

    # ---- functions --------------------------------------------------------------------------------------------------------

    def apply(self, tree: syntax.Apply) -> Node:
        name = tree.name.name
        if name not in EXPANDED and (name not in TABLE or not TABLE[name].public):
            product = f"For a product write {name}*(...)." if len(tree.args) == 1 else None
            raise SyntaxProblem(f"There is no function {name}.{nearest(name, callable_names())}", *tree.name.span, product)
        if tree.clauses:
            from optbench.language.index_sums import index_sum

            return index_sum(self, tree)
        if name == "rootof":
            return root_of(tree)
        if name in ("if", "where"):
            if len(tree.args) != 3 or tree.axis is not None:
                raise SyntaxProblem(f"{name} takes a condition and two values: {name}(x > 0, a, b).", *tree.span)
            return call("if", self.condition(tree.args[0]), self.number(tree.args[1]), self.number(tree.args[2]))
        args = [self.number(arg) for arg in tree.args]
        axis = None if tree.axis is None else self.axis(tree.axis)
        row = TABLE.get(name)
        if row is not None and row.kind is Kind.ELEMENTWISE and name not in _SPECIAL:
            if axis is not None:
                raise SyntaxProblem(f"{name} works entry by entry and takes no axis.", *tree.span)
            _check_count(name, row.args, args, tree)
            return call(name, *args)
        return _SPECIAL[name](name, args, axis, tree)

    def axis(self, tree: syntax.Syntax) -> int:
        value = whole_number(self.number(tree))
        if value is None:
            raise SyntaxProblem("axis= takes a whole number.", *tree.span)
        return value


@contextmanager
def _explained(span: syntax.Span) -> Iterator[None]:
    """Give a sentence of the graph the place of the tree that was being built."""
    try:
        yield
    except GraphError as error:
        raise SyntaxProblem(str(error), *span) from None


def _unknown_index(span: syntax.Span) -> SyntaxProblem:
    return SyntaxProblem("An index must be known beforehand: a number, or an array of whole numbers that is no variable.", *span)


def _check_index(value: int, size: int, counted: bool, span: syntax.Span) -> None:
    if not (0 if counted else -size) <= value < size:
        raise SyntaxProblem(f"The index {value} lies outside 0..{size - 1}.", *span)


def _check_count(name: str, expected: tuple[str, ...], args: Sequence[Node], tree: syntax.Apply) -> None:
    least = len(expected) - (expected[-1:] == ("...",))
    if len(args) == least or (len(args) > least and expected[-1:] == ("...",)):
        return
    count = "no arguments" if not args else "1 argument" if len(args) == 1 else f"{len(args)} arguments"
    raise SyntaxProblem(f"{name}({', '.join(expected)}) can't take {count}.", *tree.span)


# ---- functions with rules of their own: (name, arguments, axis, tree) -> node ---------------------------------------------


def _logarithm(name: str, args: list[Node], axis: int | None, tree: syntax.Apply) -> Node:
    if axis is not None or len(args) not in (1, 2 if name == "log" else 1):
        raise SyntaxProblem("log takes a number and, if need be, a base: log(x, 2).", *tree.span)
    return call("log", args[0]) if len(args) == 1 else divide(call("log", args[0]), call("log", args[1]))


def _lambertw(name: str, args: list[Node], axis: int | None, tree: syntax.Apply) -> Node:
    branch = whole_number(args[1]) if len(args) == 2 else 0
    if axis is not None or len(args) not in (1, 2) or branch not in (0, -1):
        raise SyntaxProblem("lambertw takes a number and, if need be, the branch 0 or -1: lambertw(x, -1).", *tree.span)
    return call("lambertw" if branch == 0 else "lambertw_lower", args[0])


def _reduce(name: str, args: list[Node], axis: int | None, tree: syntax.Apply) -> Node:
    if len(args) == 1:
        return reduction(name, args[0], axis)
    if not args or axis is not None or name in ("sum", "prod"):
        raise SyntaxProblem(f"{name} takes one array{'' if name in ('sum', 'prod') else ', or several scalars'}.", *tree.span)
    if any(arg.shape for arg in args):
        entrywise = f"; write {name}imum(a, b) to compare entry by entry" if name in ("min", "max") else ""
        raise SyntaxProblem(f"{name} of several arguments takes scalars{entrywise}.", *tree.span)
    return call(f"{name}imum", *args) if name in ("min", "max") else reduction(name, array_of(args))


def _mean(name: str, args: list[Node], axis: int | None, tree: syntax.Apply) -> Node:
    total = _reduce("sum", args, axis, tree)
    count = _entries(args[0].shape) // max(1, _entries(total.shape))
    if not count:
        raise SyntaxProblem("The mean of an empty array is not defined.", *tree.span)
    return divide(total, count)


def _norm(name: str, args: list[Node], axis: int | None, tree: syntax.Apply) -> Node:
    if len(args) != 1:
        raise SyntaxProblem("norm takes one array.", *tree.span)
    return call("sqrt", reduction("sum", power(args[0], 2), axis))


def _dot(name: str, args: list[Node], axis: int | None, tree: syntax.Apply) -> Node:
    if len(args) != 2 or args[0].shape != args[1].shape or len(args[0].shape) > 1 or axis is not None:
        raise SyntaxProblem("dot takes two vectors of equal length; for matrices write A @ x.", *tree.span)
    return reduction("sum", multiply(*args))


def _natural_log(name: str, args: list[Node], axis: int | None, tree: syntax.Apply) -> Node:
    if len(args) != 1 or axis is not None:
        raise SyntaxProblem("ln takes one number.", *tree.span)
    return call("log", args[0])


def _arange(name: str, args: list[Node], axis: int | None, tree: syntax.Apply) -> Node:
    from optbench.language.graph import Number

    numbers = [a for a in args if isinstance(a, Number)]
    if not 1 <= len(args) <= 3 or len(numbers) != len(args) or axis is not None:
        raise SyntaxProblem("arange takes numbers: arange(n), arange(start, stop) or arange(start, stop, step).", *tree.span)
    start, stop, step = [add(0), *numbers, add(1)] if len(args) == 1 else [*numbers, add(1)][:3]
    if isinstance(step, Number) and not step.value:
        raise SyntaxProblem("The step of arange can't be 0.", *tree.span)
    return structure("arange", (start, stop, step), ())


def _linspace(name: str, args: list[Node], axis: int | None, tree: syntax.Apply) -> Node:
    count = whole_number(args[2]) if len(args) == 3 else None
    if count is None or count < 1 or args[0].shape or args[1].shape or axis is not None:
        raise SyntaxProblem("linspace takes two numbers and how many: linspace(a, b, n).", *tree.span)
    return structure("linspace", (args[0], args[1]), (count, (count,)))


def _filled(name: str, args: list[Node], axis: int | None, tree: syntax.Apply) -> Node:
    sizes = [whole_number(a) for a in args]
    if not sizes or any(size is None or size < 1 for size in sizes) or axis is not None:
        raise SyntaxProblem(f"{name} takes the sizes of an array: {name}(n) or {name}(n, m).", *tree.span)
    return structure(name, (), (tuple(sizes),))


def _entries(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


_SPECIAL: dict[str, Callable[[str, list[Node], int | None, syntax.Apply], Node]] = {
    "log": _logarithm,
    "ln": _natural_log,
    "lambertw": _lambertw,
    "sum": _reduce,
    "prod": _reduce,
    "min": _reduce,
    "max": _reduce,
    "logsumexp": _reduce,
    "mean": _mean,
    "norm": _norm,
    "dot": _dot,
    "arange": _arange,
    "linspace": _linspace,
    "zeros": _filled,
    "ones": _filled,
}

_RULES: dict[type, Callable[[_Elaborator, syntax.Syntax], Node]] = {
    syntax.Literal: _Elaborator.literal,  # type: ignore[dict-item]
    syntax.Name: _Elaborator.name,  # type: ignore[dict-item]
    syntax.Chain: _Elaborator.chain,  # type: ignore[dict-item]
    syntax.Power: _Elaborator.power,  # type: ignore[dict-item]
    syntax.Bars: _Elaborator.bars,  # type: ignore[dict-item]
    syntax.Apply: _Elaborator.apply,  # type: ignore[dict-item]
    syntax.Subscript: _Elaborator.subscript,  # type: ignore[dict-item]
    syntax.Transpose: _Elaborator.transpose,  # type: ignore[dict-item]
    syntax.List: _Elaborator.entries,  # type: ignore[dict-item]
    syntax.Comparison: _Elaborator.comparison,  # type: ignore[dict-item]
}
