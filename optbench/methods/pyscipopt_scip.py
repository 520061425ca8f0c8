"""SCIP: branch and bound over relaxations of the formulas themselves, for constraints, bounds and whole numbers.

It is the one method that reads formulas. They are written in its own language (CIP), which has no functions of the user's.
What it takes for a global minimum is a claim within its tolerances in doubles, and no proof: optbench certifies on its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from optbench.language.graph import Call, GraphError, Node, Number, Symbol, topological

from .method import Accept, Constrained, Method, Outcome, Scope
from .options import Options, option
from .scipy_bridge import Evaluations, sentence
from .silence import silence
from .space import Point

OPTIMAL = "its tree is searched to the end, within its own tolerances"
FAILED = {
    "infeasible": "it found the constraints infeasible",
    "unbounded": "it found the function unbounded",
    "inforunbd": "it found the constraints infeasible, or the function unbounded",
    "timelimit": "its time is over",
    "nodelimit": "its nodes are over",
    "memlimit": "it ran out of memory",
    "userinterrupt": "it was stopped",
}
IN_TIME = 0.9  # part of what is left of the time after which it ends by itself, with its best point
LONGEST = 2_000_000  # characters of its text
INFINITE = 1e20  # what it takes for no bound


class Unwritable(Exception):
    """A formula that SCIP can't read; the text says why."""


@dataclass(frozen=True)
class ScipOptions(Options):
    """When it stops."""

    gap: float = option(1e-8, "distance of its bound from its best value at which it stops, relative to it or to 1", at_least=0)
    feasibility: float = option(1e-9, "violation of a constraint that is tolerated", above=0, at_most=1e-3)
    nodes: int = option(10_000, "nodes of its tree, at most; 0: any number", at_least=0)


def scip(objective: Constrained, x: Point, value: float, options: ScipOptions, accept: Accept) -> Outcome:
    """Search the whole range, with x as a first point if it is feasible; the iterate is its answer.

    Functions that it lacks are written with those that it has, such as max(a, b) = (a + b + |a - b|)/2; where that can't be,
    it says which.
    """
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        import numpy as np

        try:
            text = model_text(objective)
        except (Unwritable, GraphError) as reason:
            return Outcome(False, str(reason).rstrip("."))
        start = [*np.atleast_1d(asked.point(asked.start)).tolist(), value]
        status, found = solved(text, start, options, objective.seconds_left)
        if found is not None:
            found[list(objective.integers)] = np.round(found[list(objective.integers)])
            z = found[asked.free]
            asked.passed_if_new(z, asked.value(z))
        if status not in ("optimal", "gaplimit") or found is None:
            return Outcome(False, FAILED.get(status) or sentence(status))
        return Outcome(True, OPTIMAL)

    return asked.outcome(solve, gradients=False)


def solved(text: str, start: Sequence[float], options: ScipOptions, seconds: float) -> tuple[str, Any]:
    """Return SCIP's word for how it ended, and its best point, shape (n,), or None."""
    import numpy as np
    from pyscipopt import Model

    with silence(), TemporaryDirectory() as folder:
        file = Path(folder) / "problem.cip"
        file.write_text(text, encoding="ascii")
        model = Model()
        model.hideOutput()
        model.readProblem(str(file))
    limits = {
        "limits/gap": options.gap,
        "limits/absgap": options.gap,
        "numerics/feastol": options.feasibility,
        "limits/nodes": options.nodes or -1,
    }
    for name, limit in (limits | ({"limits/time": IN_TIME * seconds} if math.isfinite(seconds) else {})).items():
        model.setParam(name, limit)
    with silence():
        variables = model.getVars()
        first = model.createSol()
        for variable in variables:
            model.setSolVal(first, variable, start[-1] if variable.name == "f" else start[int(variable.name[1:])])
        model.addSol(first)
        model.optimize()
    if not model.getNSols():
        return model.getStatus(), None
    best = {variable.name: model.getVal(variable) for variable in variables}
    return model.getStatus(), np.array([best[f"x{i}"] for i in range(len(start) - 1)])


# ---- its language ----------------------------------------------------------------------------------------------------------


def model_text(objective: Any) -> str:
    """Return the problem in CIP, with the variables x0, x1, ... and f, which is to be least and no less than the function.

    Raise `Unwritable` where SCIP has no such function, or the text would be too long.
    """
    return "\n".join(_lines(objective)) + "\n"


def _lines(objective: Any) -> Iterator[str]:
    import numpy as np

    f, residuals, symbols = objective.formulas()
    integers = set(objective.integers)
    yield "STATISTICS\n  Problem name     : problem\nOBJECTIVE\n  Sense            : minimize\nVARIABLES"
    for i, ends in enumerate(zip(np.atleast_1d(objective.lower), np.atleast_1d(objective.upper), strict=True)):
        kind = "integer" if i in integers else "continuous"
        yield f"  [{kind}] <x{i}>: obj=0, original bounds=[{','.join(_bound(end) for end in ends)}]"
    yield "  [continuous] <f>: obj=1, original bounds=[-inf,+inf]\nCONSTRAINTS"
    texts = _written([f, *residuals], {symbol: f"<x{i}>" for i, symbol in enumerate(symbols)})
    yield f"  [nonlinear] <objective>: {texts[0]} + (-1)*<f> <= 0;"
    for number, (text, equality) in enumerate(zip(texts[1:], objective.equalities, strict=True)):
        yield f"  [nonlinear] <c{number}>: {text} {'==' if equality else '<='} 0;"
    yield "END"


def _bound(end: float) -> str:
    return repr(float(end)) if abs(end) < INFINITE else "-inf" if end < 0 else "+inf"


def _written(roots: Sequence[Node], names: dict[Symbol, str]) -> list[str]:
    """Return scalar expressions in CIP, each in brackets where it needs them; common parts are repeated."""
    done: dict[Node, str] = {}
    for node in topological(*roots):
        if isinstance(node, Call):
            done[node] = _call(node, [done[a] for a in node.args])
        else:
            assert isinstance(node, Symbol | Number)
            done[node] = names[node] if isinstance(node, Symbol) else _number(node)
        if len(done[node]) > LONGEST:
            raise Unwritable("its formulas are too long when their common parts are written out")
    return [done[root] for root in roots]


def _number(node: Number) -> str:
    try:
        return _decimal(float(node.value))
    except OverflowError:
        raise Unwritable("a number in it is greater than any double") from None


def _decimal(value: float) -> str:
    return f"({value!r})"


def _call(node: Call, args: list[str]) -> str:
    if node.function == "power":
        return _power(node, args)
    if node.function not in WRITTEN:
        raise Unwritable(f"SCIP has no {'if' if node.boolean else node.function}")
    return WRITTEN[node.function](*args)


def _power(node: Call, args: list[str]) -> str:
    """A power whose exponent is a number, or whose base is a positive one."""
    base, exponent = node.args
    if isinstance(exponent, Number):
        return f"({args[0]})^{args[1]}"
    if isinstance(base, Number) and base.value > 0:
        return f"exp({_decimal(math.log(base.value))}*{args[1]})"
    raise Unwritable("SCIP has no powers whose exponent varies, unless the base is a positive number")


WRITTEN: dict[str, Callable[..., str]] = {
    "add": lambda *terms: f"({' + '.join(terms)})",
    "multiply": lambda *factors: f"({'*'.join(factors)})",
    "negate": lambda a: f"((-1)*{a})",
    "divide": lambda a, b: f"({a}*({b})^(-1))",
    "sqrt": lambda a: f"({a})^0.5",
    "exp": lambda a: f"exp({a})",
    "log": lambda a: f"log({a})",
    "log2": lambda a: f"({_decimal(1 / math.log(2))}*log({a}))",
    "log10": lambda a: f"({_decimal(1 / math.log(10))}*log({a}))",
    "log1p": lambda a: f"log(1 + {a})",
    "expm1": lambda a: f"(exp({a}) + (-1))",
    "sin": lambda a: f"sin({a})",
    "cos": lambda a: f"cos({a})",
    "tan": lambda a: f"(sin({a})*(cos({a}))^(-1))",
    "sinh": lambda a: f"(0.5*exp({a}) + (-0.5)*exp((-1)*{a}))",
    "cosh": lambda a: f"(0.5*exp({a}) + 0.5*exp((-1)*{a}))",
    "tanh": lambda a: f"(1 + (-2)*(1 + exp(2*{a}))^(-1))",
    "abs": lambda a: f"abs({a})",
    "hypot": lambda a, b: f"(({a})^2 + ({b})^2)^0.5",
    "maximum": lambda *args: reduce(lambda a, b: f"(0.5*({a} + {b} + abs({a} + (-1)*{b})))", args),
    "minimum": lambda *args: reduce(lambda a, b: f"(0.5*({a} + {b} + (-1)*abs({a} + (-1)*{b})))", args),
    "relu": lambda a: f"(0.5*({a} + abs({a})))",
    "sigmoid": lambda a: f"(1 + exp((-1)*{a}))^(-1)",
    "softplus": lambda a: f"log(1 + exp({a}))",
    "pi": lambda: _decimal(math.pi),
}

METHOD = Method(
    name="pyscipopt-scip",
    summary="SCIP through PySCIPOpt: branch and bound over relaxations of the formulas, for constraints, bounds and whole numbers.",
    source="S. Bolusani, M. Besancon, K. Bestuzheva et al. 2024, The SCIP Optimization Suite 9.0; S. Vigerske & A. Gleixner 2018, "
    "Optim. Methods Softw. 33",
    adapter=scip,
    options=ScipOptions,
    constraints=True,
    integers=True,
    scope=Scope.GLOBAL,
    library="pyscipopt",
)
