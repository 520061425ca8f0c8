"""Published functions on which certification is measured, with the boxes that a prototype took for all minimisers.

Sources: L. C. W. Dixon, G. P. Szego, Towards Global Optimisation 2 (1978); B. O. Shubert, SIAM J. Numer. Anal. 9 (1972);
W. Hock, K. Schittkowski, Test Examples for Nonlinear Programming Codes (1981), number 43.
"""

from __future__ import annotations

from typing import NamedTuple

import optbench
from optbench.problem.problem import Problem


class Published(NamedTuple):
    """A problem, and the most boxes and CPU seconds that its certification may take."""

    name: str
    problem: Problem
    most_boxes: int | None = None
    most_seconds: float | None = None


_ALPHA = (1.0, 1.2, 3.0, 3.2)
_A = ((10, 3, 17, 3.5, 1.7, 8), (0.05, 10, 17, 0.1, 8, 14), (3, 3.5, 1.7, 10, 17, 8), (17, 8, 0.05, 10, 0.1, 14))
_P = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)
_GOLDSTEIN_PRICE = (
    "(1 + (x + y + 1)^2*(19 - 14*x + 3*x^2 - 14*y + 6*x*y + 3*y^2))*(30 + (2*x - 3*y)^2*(18 - 32*x + 12*x^2 + 48*y - 36*x*y + 27*y^2))"
)
_SHUBERT = "sum(i*cos((i + 1)*x + i) for i in 1..5)*sum(i*cos((i + 1)*y + i) for i in 1..5)"
_HS43 = (
    "x1^2 + x2^2 + x3^2 + x4^2 + x1 - x2 + x3 - x4 <= 8",
    "x1^2 + 2*x2^2 + x3^2 + 2*x4^2 - x1 - x4 <= 10",
    "2*x1^2 + x2^2 + x3^2 + 2*x1 - x2 - x4 <= 5",
)
CAMEL = "(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2"


def _hartmann() -> str:
    inner = (" + ".join(f"{a}*(x{i} - {p})^2" for i, (a, p) in enumerate(zip(*row, strict=True), 1)) for row in zip(_A, _P, strict=True))
    return f"-({' + '.join(f'{alpha}*exp(-({terms}))' for alpha, terms in zip(_ALPHA, inner, strict=True))})"


def published() -> list[Published]:
    """Return the problems."""
    rastrigin = "sum(x^2 - 10*cos(2*pi*x)) + 100"
    styblinski = "sum(x^4 - 16*x^2 + 5*x)/2"
    hs43 = optbench.define("x1^2 + x2^2 + 2*x3^2 + x4^2 - 5*x1 - 5*x2 - 21*x3 + 7*x4", range=(-10, 10), subject_to=_HS43, name="HS43")
    return [
        Published("Goldstein-Price", optbench.define(_GOLDSTEIN_PRICE, range=(-2, 2)), most_boxes=12_303),
        Published("Shubert", optbench.define(_SHUBERT, range=(-10, 10)), most_boxes=2_451),
        Published("Hartmann 6", optbench.define(_hartmann(), range=(0, 1)), most_boxes=1_067),
        Published("HS43", hs43, most_boxes=1_455),
        Published("Rastrigin 10", optbench.define(rastrigin, variables={"x": {"shape": 10, "range": (-5.12, 5.12)}}), most_seconds=5.0),
        Published("Styblinski-Tang 100", optbench.define(styblinski, variables={"x": {"shape": 100, "range": (-5, 5)}}), most_seconds=1.0),
    ]
