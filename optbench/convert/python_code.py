"""A Python module of its own: the objective, its gradient, constraints and their Jacobian as functions of a vector.

It needs numpy and nothing else. Arrays stay arrays; data stand in it, or in CSV files beside it where they are long.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from optbench.convert.constants import Constants, array
from optbench.convert.definitions import definitions
from optbench.convert.entries import entry_names
from optbench.convert.rows import names, rows
from optbench.convert.statements import Writer, packed
from optbench.convert.written import Written
from optbench.errors import ProblemError, printable
from optbench.language.build import add, multiply, reduction, symbol
from optbench.language.derivative import NotDifferentiable, gradient
from optbench.language.expand import entries
from optbench.language.graph import GraphError, Node, Shape, Symbol, functions, symbols, topological
from optbench.problem.interval import Interval, as_float
from optbench.problem.problem import Problem, Variable

ENDINGS = (".py",)

_NAMED = 1_000  # entries up to which they are told by name
_GROWING = frozenset(["if", "exp", "expm1", "sinh", "cosh", "sigmoid", "logsumexp"])  # may overflow, or compute what is not taken
_MATRIX = 40  # entries of a Jacobian that are written as a matrix, zeros included
_OWN_NAMES = frozenset(
    [
        *("np", "math", "Path", "point", "weights", "f", "gradient", "constraints", "jacobian", "weighted_gradient", "rows", "unit"),
        *("NAMES", "LOWER", "UPPER", "START", "INTEGER", "CONSTRAINTS", "CONSTRAINT_LOWER", "CONSTRAINT_UPPER"),
        *("print", "slice", "int", "float", "len"),
    ]
)


def write(problem: Problem, target: Path | None) -> Written:
    """Return the module, and the data files beside it.

    Raises `ProblemError` for parameters without a value, functions without a derivative, and arrays of which more than
    100,000 numbers would have to stand in the source.
    """
    if problem.free_parameters:
        free = [printable(p.name) for p in problem.free_parameters]
        raise ProblemError(
            f"Python code needs a number for every parameter, and {', '.join(free)} has none; give it one, as --param {free[0]}=2."
        )
    module = _Module(problem, target)
    try:
        blocks = module.blocks()
    except NotDifferentiable as error:
        raise ProblemError(f"The gradient can't be written: {error}") from None
    except GraphError as error:
        raise ProblemError(f"A bound of a constraint can't be written: {error}") from None
    return Written("\n\n\n".join("\n".join(block) for block in blocks) + "\n", tuple(module.constants.beside))


class _Module:
    """The module of a problem, block by block."""

    def __init__(self, problem: Problem, target: Path | None) -> None:
        self.problem, self.constants = problem, Constants(target)
        self.rows = rows(problem)
        self.names = _python_names([*problem.symbols, *problem.data])
        self.writer = Writer(dict(self.names.items()), {*self.names.values(), *_OWN_NAMES})

    def blocks(self) -> list[list[str]]:
        """Each function, and what stands before them, as lines."""
        functions_ = [self.objective(), self.gradient()]
        if self.rows:
            functions_ += [self.constraints(), *self.jacobian()]
        pieces = definitions(self.writer.lacking)
        constants = [piece for piece in pieces if "\n" not in piece and "vectorize" not in piece]
        defined = [piece.split("\n") for piece in pieces if piece not in constants]
        data = self.constants.lines(self.problem.data, self.names)
        facts = [*self.facts(), *([""] if data else []), *data, *([""] if constants else []), *constants]
        return [[*self.title(), *self.imports("\n".join(pieces)), *facts], *defined, *functions_, _MAIN]

    # ---- what stands before the functions -------------------------------------------------------------------------------

    def title(self) -> list[str]:
        problem = self.problem
        count = "one number" if problem.dimension == 1 else f"{problem.dimension:,} numbers"
        subject = " and CONSTRAINT_LOWER <= constraints(point) <= CONSTRAINT_UPPER" if self.rows else ""
        lines = [
            f'"""{_told(problem.name) + ": " if problem.name else ""}{problem.sense[:-3]}ise {_told(problem.objective_text)}',
            "",
            f"A point is a vector of {count}: {', '.join(map(self.unknown, problem.variables))}.",
            f"f is to be {problem.sense[:-3]}ised over LOWER <= point <= UPPER{subject}.",
            "Where it is not defined its value is nan or infinite. Written by optbench; it needs numpy only.",
            '"""',
            "",
        ]
        return lines

    def unknown(self, variable: Variable) -> str:
        """How a variable is told: its name, shape, unit."""
        shape = f" ({' x '.join(map(str, variable.shape))})" if variable.shape else ""
        unit = f" in {_told(variable.unit)}" if variable.unit else ""
        return f"{self.names[variable.symbol]}{shape}{unit}{', whole' if variable.symbol.integer else ''}"

    def imports(self, source: str) -> list[str]:
        """What the module imports, also for the definitions in `source`."""
        first = ["from __future__ import annotations", ""] if "def " in source else []
        plain = (["import math"] if "math." in source else []) + (["from pathlib import Path"] if self.constants.beside else [])
        return [*first, *plain, *([""] if plain else []), "import numpy as np", ""]

    def facts(self) -> Iterator[str]:
        """Names, bounds, start, and what is known of constraints."""
        variables = self.problem.variables
        intervals = [interval for v in variables for interval in v.entry_ranges()]
        size = (self.problem.dimension,)
        if self.problem.dimension <= _NAMED:
            yield from _names("NAMES", [name for v in variables for name in entry_names(self.names[v.symbol], v.shape)])
        yield from array("LOWER", [interval.floats[0] for interval in intervals], size)
        yield from array("UPPER", [interval.floats[1] for interval in intervals], size)
        if any(v.symbol.integer for v in variables):
            yield from _flags("INTEGER", [v.symbol.integer for v in variables for _ in range(v.size)])
        yield from array("START", list(self.start()), size)
        if self.rows:
            yield from self.row_facts()

    def start(self) -> Iterator[float]:
        """The start that is given, or a point inside of the range and, for scalars, of the natural domain."""
        for v in self.problem.variables:
            given = v.starts[0] if v.starts else (None,) * v.size
            inside = map(_middle, v.entry_ranges()) if v.shape else [_inside(v, *self.problem.domains[v.name])]
            yield from (middle if value is None else value for value, middle in zip(given, inside, strict=True))

    def row_facts(self) -> Iterator[str]:
        lower, upper, told = list[float](), list[float](), list[str]()
        for row, name in zip(self.rows, names(self.rows), strict=True):
            told += entry_names(_told(name), row.body.shape)
            size = len(told) - len(lower)
            lower += [-float("inf")] * size if row.lower is None else self.values(row.lower, size)
            upper += [float("inf")] * size if row.upper is None else self.values(row.upper, size)
        if len(told) <= _NAMED:
            yield from _names("CONSTRAINTS", told)
        yield from array("CONSTRAINT_LOWER", lower, (len(lower),))
        yield from array("CONSTRAINT_UPPER", upper, (len(upper),))

    def values(self, bound: Node, size: int) -> list[float]:
        found = [as_float(entry) for entry in entries(bound, self.problem.data)]
        return found * size if len(found) == 1 else found

    # ---- functions --------------------------------------------------------------------------------------------------------

    def function(self, head: str, told: str, outputs: Sequence[Node], unpack: bool = True) -> tuple[list[str], list[str]]:
        """The lines of a function but for its return, and the code of its outputs."""
        lines, codes = self.writer.statements(outputs)
        quiet = not all(output.total for output in outputs) or functions(*outputs) & _GROWING
        decorated = ['@np.errstate(all="ignore")'] if quiet else []
        body = [*(self.unpacked() if unpack else ()), *lines]
        return [*decorated, f"def {head}:", f'    """{told}"""', *(f"    {line}" for line in body)], codes

    def unpacked(self) -> Iterator[str]:
        """The variables' values, out of a point."""
        variables = self.problem.variables
        left = [self.names[v.symbol] for v in variables]
        if all(not v.shape for v in variables):
            if len(left) == 1:
                yield f"({left[0]},) = np.atleast_1d(np.asarray(point, dtype=float))"
                return
            line = f"{', '.join(left)} = np.asarray(point, dtype=float)"
            yield from (
                [line] if len(line) <= _WIDTH else ["(", *packed([f"{name}," for name in left]), ") = np.asarray(point, dtype=float)"]
            )
            return
        if len(variables) == 1:
            yield f"{left[0]} = np.asarray(point, dtype=float){_reshaped(variables[0].shape)}"
            return
        yield "point = np.asarray(point, dtype=float)"
        start = 0
        for name, v in zip(left, variables, strict=True):
            yield f"{name} = point[{start}:{start + v.size}]{_reshaped(v.shape)}" if v.shape else f"{name} = point[{start}]"
            start += v.size

    def objective(self) -> list[str]:
        sense = f"{self.problem.sense[:-3]}ised"
        lines, (code,) = self.function("f(point)", f"Return the objective, which is to be {sense}.", [self.problem.objective])
        return [*lines, f"    return {code}"]

    def gradient(self) -> list[str]:
        slopes = gradient(self.problem.objective, self.problem.symbols)
        lines, codes = self.function("gradient(point)", "Return the derivative of f by each entry of the point.", slopes)
        return [*lines, *self.by_entry(codes)]

    def by_entry(self, codes: Sequence[str]) -> list[str]:
        """The lines that return one vector of what is given for each variable."""
        shapes = [v.shape for v in self.problem.variables]
        if len(codes) == 1 and len(shapes[0]) == 1:
            return [f"    return np.array({codes[0]}, dtype=float)"]
        return _returned(_stacked(codes, shapes))

    def constraints(self) -> list[str]:
        bodies = [row.body for row in self.rows]
        lines, codes = self.function("constraints(point)", "Return what the constraints bound, one number each.", bodies)
        return [*lines, *_returned(_stacked(codes, [body.shape for body in bodies]))]

    def jacobian(self) -> Iterator[list[str]]:
        """One function, or two where constraints are arrays: then each row is the gradient of a weighted sum of them."""
        told = "Return the derivative of each constraint (rows) by each entry of the point (columns)."
        if any(row.body.shape for row in self.rows) or any(v.shape for v in self.problem.variables):
            yield self.weighted()
            yield [
                "def jacobian(point):",
                f'    """{told}"""',
                "    return np.array([weighted_gradient(point, unit) for unit in np.eye(len(CONSTRAINT_LOWER))])",
            ]
            return
        place = {s: k for k, s in enumerate(self.problem.symbols)}
        slopes = [(i, place[s], slope) for i, row in enumerate(self.rows) for s, slope in _slopes(row.body)]
        lines, codes = self.function("jacobian(point)", told, [slope for _, _, slope in slopes])
        if len(self.rows) * len(place) <= _MATRIX:
            found = {(i, k): code for (i, k, _), code in zip(slopes, codes, strict=True)}
            matrix = [f"[{', '.join(found.get((i, k), '0') for k in place.values())}]" for i in range(len(self.rows))]
            yield [*lines, *_returned(_wrapped("np.array([", matrix, "], dtype=float)"))]
            return
        entries_ = [f"    rows[{i}, {k}] = {code}" for (i, k, _), code in zip(slopes, codes, strict=True)]
        yield [*lines, f"    rows = np.zeros(({len(self.rows)}, {len(place)}))", *entries_, "    return rows"]

    def weighted(self) -> list[str]:
        """The gradient of the sum of the constraints, each times a weight."""
        weights = [symbol(f"weights of {k}", row.body.shape) for k, row in enumerate(self.rows)]
        total = add(*(reduction("sum", multiply(w, row.body)) for w, row in zip(weights, self.rows, strict=True)))
        start = 0
        for w, row in zip(weights, self.rows, strict=True):
            size = len(entry_names("", row.body.shape))
            chosen = f"weights[{start}:{start + size}]" if w.shape else f"weights[{start}]"
            self.writer.names[w] = f"{chosen}{_reshaped(w.shape)}"
            start += size
        slopes = gradient(total, self.problem.symbols)
        told = "Return the derivative of the constraints' sum, each times its weight, by each entry of the point."
        lines, codes = self.function("weighted_gradient(point, weights)", told, slopes)
        return [*lines, *self.by_entry(codes)]


_MAIN = ['if __name__ == "__main__":', '    print("f(START) =", f(START))', '    print("gradient(START) =", gradient(START))']
_WIDTH = 106


def _reshaped(shape: Shape) -> str:
    return f".reshape{shape!r}" if len(shape) > 1 else ""


def _stacked(codes: Sequence[str], shapes: Sequence[Shape]) -> list[str]:
    """The lines of one vector of numbers and arrays of these shapes."""
    if not any(shapes):
        return _wrapped("np.array([", codes, "], dtype=float)")
    flat = [f"np.ravel({code})" if len(shape) > 1 else code for code, shape in zip(codes, shapes, strict=True)]
    return _wrapped("np.hstack([", flat, "], dtype=float)")


def _python_names(used: Sequence[Symbol]) -> dict[Symbol, str]:
    """A name that Python can take for each symbol."""
    names: dict[Symbol, str] = {}
    taken = set(_OWN_NAMES)
    for s in used:
        name = s.name
        while name in taken or keyword.iskeyword(name) or (name[0] == "_" and name[-1] != "_"):
            name += "_"
        names[s] = name
        taken.add(name)
    return names


def _slopes(body: Node) -> list[tuple[Symbol, Node]]:
    """The derivative of a scalar by each symbol in it."""
    inside = symbols(body)
    return list(zip(inside, gradient(body, inside), strict=True))


def _middle(interval: Interval) -> float:
    """A point of an interval, not at an end where there is room."""
    low, high = interval.floats
    if low > -float("inf") and high < float("inf"):
        return low + (high - low) / 2
    return low + 1 if low > -float("inf") else high - 1 if high < float("inf") else 0.0


def _inside(variable: Variable, interval: Interval, conditions: Sequence[Node]) -> float:
    """The middle of an interval, or near it a point at which the conditions on the variable hold."""
    scalar = [c for c in conditions if not any(node.shape for node in topological(c))]  # enclosures are of scalars
    if not scalar:
        return _middle(interval)
    from optbench.arithmetic.balls import decide, exactly

    middle, (low, high) = _middle(interval), interval.floats
    step = min(1.0, (high - low) / 8)
    nearby = [middle + k * step for k in (0, 1, -1, 0.5, -0.5, 2, -2) if low < middle + k * step < high]
    fitting = (x for x in nearby if all(decide(c, {variable.symbol: exactly(Fraction(x), 64)}) for c in scalar))
    return next(fitting, middle)


def _told(text: str) -> str:
    """A text inside of a docstring or a name."""
    shown = printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
    return shown.replace("\\", "\\\\").replace('"', "'")


_LONGEST = 200


def _names(name: str, given: Sequence[str]) -> list[str]:
    quoted = [f'"{entry}",' for entry in given]
    line = f"{name} = ({' '.join(quoted) if len(given) == 1 else ' '.join(quoted).removesuffix(',')})"
    return [line] if len(line) <= _WIDTH else [f"{name} = (", *packed(quoted), ")"]


def _flags(name: str, given: Sequence[bool]) -> list[str]:
    return _wrapped(f"{name} = np.array([", list(map(str, given)), "])")


def _wrapped(left: str, parts: Sequence[str], right: str) -> list[str]:
    """The lines of a call or list."""
    line = f"{left}{', '.join(parts)}{right}"
    return [line] if len(line) <= _WIDTH else [left, *packed([f"{part}," for part in parts]), right]


def _returned(lines: Sequence[str]) -> list[str]:
    return [f"    return {lines[0]}", *(f"    {line}" for line in lines[1:])]
