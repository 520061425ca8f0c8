"""SHGO, as SciPy has it: samples joined to a simplicial complex, and a local search from each of its minima."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .method import Accept, Constrained, Method, Outcome, Scope
from .options import Options, option
from .scipy_bridge import STEEPEST, Evaluations, box_of, separate_constraints, told
from .space import Point

REASONS = {
    "terminated successfully": "a local search ended from each minimum of the samples",
    "failed to find a feasible": "no sample that satisfies the constraints was lower than its neighbours",
}
VALUE_TOLERANCE = 1e-4  # of its local search, times the tolerance of the run


@dataclass(frozen=True)
class ShgoOptions(Options):
    """The samples."""

    samples: int = option(256, "samples in a round", at_least=2)
    rounds: int = option(1, "rounds of samples", at_least=1)
    sampling: str = option(
        "halton",
        "where the samples lie; on those of the other two, functions with a symmetry have equal neighbours",
        choices=("halton", "sobol", "simplicial"),
    )


def shgo(objective: Constrained, x: Point, value: float, options: ShgoOptions, accept: Accept) -> Outcome:
    """Run `scipy.optimize.shgo`, which makes no use of a start; its local searches are those of SLSQP, with our gradients."""
    asked = Evaluations(objective, x, value, accept)

    def iterate(z: Any) -> None:
        asked.passed(z)

    def solve() -> Outcome:
        from scipy.optimize import shgo

        result = shgo(
            asked.value,
            box_of(asked),
            constraints=separate_constraints(asked) or None,
            n=options.samples,
            iters=options.rounds,
            sampling_method=options.sampling,
            callback=iterate,
            minimizer_kwargs={
                "method": "SLSQP",
                "jac": asked.gradient,
                "options": {"ftol": VALUE_TOLERANCE * objective.tolerance},
            },
        )
        return told(asked, result, REASONS)

    return asked.outcome(solve, steepest=STEEPEST)


METHOD = Method(
    name="scipy-shgo",
    summary="SciPy's SHGO: samples of the whole range joined to a simplicial complex, and SLSQP from each of its minima.",
    source="S. C. Endres, C. Sandrock & W. W. Focke 2018, J. Global Optimization 72; scipy.optimize.shgo",
    adapter=shgo,
    options=ShgoOptions,
    uses=frozenset({"value", "gradient"}),
    constraints=True,
    needs_box=True,
    largest_dimension=6,
    scope=Scope.GLOBAL,
    library="scipy.optimize",
)
