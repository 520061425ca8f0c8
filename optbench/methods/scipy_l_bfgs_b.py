"""L-BFGS-B, as SciPy has it: a quasi-Newton method with the memory of a few steps, for very many variables with bounds."""

from __future__ import annotations

from dataclasses import dataclass

from .method import Accept, Constrained, Method, Outcome
from .options import Options, option
from .scipy_bridge import FALLS_LITTLE, FOREVER, Evaluations, bounds_of, minimized
from .space import Point

REASONS = {
    "pgtol": "the projected gradient is below the tolerance",
    "projected gradient": "the projected gradient is below the tolerance",
    "epsmch": "the function hardly falls any more",
    "reduction of f": "the function hardly falls any more",
    "abnormal": "its line search found no lower point",
}


@dataclass(frozen=True)
class LBfgsBOptions(Options):
    """The memory, the line search, and when it stops."""

    memory: int = option(10, "steps that it remembers", at_least=1)
    line_search: int = option(20, "evaluations of one line search at most", at_least=1)
    gradient_tolerance: float = option(0.0, "projected gradient at which it stops; 0: the tolerance of the run", at_least=0)
    value_tolerance: float = option(FALLS_LITTLE, "relative decrease of the function at which it stops", at_least=0)


def l_bfgs_b(objective: Constrained, x: Point, value: float, options: LBfgsBOptions, accept: Accept) -> Outcome:
    """Continue from x with `scipy.optimize.minimize(method="L-BFGS-B")`."""
    asked = Evaluations(objective, x, value, accept)

    def solve() -> Outcome:
        settings = {
            "maxcor": options.memory,
            "maxls": options.line_search,
            "gtol": options.gradient_tolerance or objective.tolerance,
            "ftol": options.value_tolerance,
            "maxfun": FOREVER,
            "maxiter": FOREVER,
        }
        return minimized(asked, "L-BFGS-B", REASONS, jac=asked.gradient, bounds=bounds_of(asked), options=settings)

    return asked.outcome(solve)


METHOD = Method(
    name="scipy-l-bfgs-b",
    summary="SciPy's L-BFGS-B: a quasi-Newton method of little memory with bounds, for up to very many variables.",
    source="R. H. Byrd, P. Lu, J. Nocedal & C. Zhu 1995, SIAM J. Sci. Comput. 16; scipy.optimize.minimize",
    adapter=l_bfgs_b,
    options=LBfgsBOptions,
    uses=frozenset({"value", "gradient"}),
    library="scipy.optimize",
)
