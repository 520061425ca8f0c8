"""COBYQA, as SciPy has it: a trust region on quadratic models of values alone, for constraints and bounds."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import FOREVER, Evaluations, bounds_of, constraint_of, minimized
from .space import Point

REASONS = {
    "lower bound for the trust-region radius": "its trust region is as small as it may become",
    "linear algebra": "its models have become singular",
}


@dataclass(frozen=True)
class CobyqaOptions(Options):
    """The trust region, and what counts as feasible."""

    initial_radius: float = option(1.0, "trust region at the start: a tenth of the expected change of a variable", above=0)
    final_radius: float = option(1e-8, "trust region at which it stops", above=0)
    feasibility: float = option(1e-8, "violation of a constraint that is tolerated", at_least=0)
    scale: bool = option(False, "scale the variables by their ranges, where all are finite")


def cobyqa(objective: Constrained, x: Point, value: float, options: CobyqaOptions, accept: Accept) -> Outcome:
    """Continue from x with `scipy.optimize.minimize(method="COBYQA")`; its iterates are the best points so far."""
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        settings = {
            "initial_tr_radius": max(options.initial_radius, options.final_radius),
            "final_tr_radius": options.final_radius,
            "feasibility_tol": options.feasibility,
            "scale": options.scale,
            "maxfev": FOREVER,
            "maxiter": FOREVER,
        }
        given = {"bounds": bounds_of(asked), "constraints": constraint_of(asked), "callback": asked.called_with_best()}
        return minimized(asked, "COBYQA", REASONS, options=settings, **given)

    return asked.outcome(solve, gradients=False)


METHOD = Method(
    name="scipy-cobyqa",
    summary="SciPy's COBYQA: a trust region on interpolated quadratic models, for constraints and bounds without derivatives.",
    source="T. M. Ragonneau 2022, Model-based derivative-free optimization methods and software, thesis, Hong Kong Polytechnic University; "
    "scipy.optimize.minimize",
    adapter=cobyqa,
    options=CobyqaOptions,
    constraints=True,
    largest_dimension=100,
    library="scipy.optimize",
)
