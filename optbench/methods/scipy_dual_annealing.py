"""Dual annealing, as SciPy has it: jumps whose length shrinks with a temperature, and a local search at what they find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .method import Accept, Constrained, Method, Outcome, Scope
from .options import Options, option
from .scipy_bridge import Evaluations, box_of, chance, gradient_search, told
from .space import Point

REASONS = {"maximum number of iteration": "its iterations are over"}


@dataclass(frozen=True)
class DualAnnealingOptions(Options):
    """The temperature, the jumps, and how long."""

    iterations: int = option(1000, "temperature steps, after which it ends", at_least=1)
    temperature: float = option(5230.0, "temperature at the start", above=0.01, at_most=5e4)
    restart_ratio: float = option(2e-5, "part of the temperature at which it starts anew", above=0, below=1)
    visit: float = option(2.62, "weight of the tail of the jumps' distribution", above=1, at_most=3)
    accept: float = option(-5.0, "acceptance of ascents, the lower the rarer", above=-1e4, at_most=-5)
    local_search: bool = option(True, "L-BFGS-B from each better point")


def dual_annealing(objective: Constrained, x: Point, value: float, options: DualAnnealingOptions, accept: Accept) -> Outcome:
    """Continue from x with `scipy.optimize.dual_annealing`; its iterates are its records."""
    asked = Evaluations(objective, x, value, accept)

    def record(z: Any, value: float, context: int) -> None:
        asked.passed(z, value)

    def solve() -> Outcome:
        from scipy.optimize import dual_annealing

        result = dual_annealing(
            asked.value_or_inf,
            box_of(asked),
            x0=asked.start,
            maxiter=options.iterations,
            initial_temp=options.temperature,
            restart_temp_ratio=options.restart_ratio,
            visit=options.visit,
            accept=options.accept,
            maxfun=float("inf"),
            no_local_search=not options.local_search,
            minimizer_kwargs=gradient_search(asked),
            callback=record,
            **chance(dual_annealing, asked),
        )
        return told(asked, result, REASONS)

    return asked.outcome(solve)


METHOD = Method(
    name="scipy-dual-annealing",
    summary="SciPy's dual annealing: generalised simulated annealing over the whole range, with L-BFGS-B at each record.",
    source="Y. Xiang, D. Y. Sun, W. Fan & X. G. Gong 1997, Physics Letters A 233; scipy.optimize.dual_annealing",
    adapter=dual_annealing,
    options=DualAnnealingOptions,
    uses=frozenset({"value", "gradient"}),
    needs_box=True,
    largest_dimension=1000,
    scope=Scope.GLOBAL,
    random=True,
    library="scipy.optimize",
)
