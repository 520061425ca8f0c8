"""Compiling what a method will ask for before its time begins: it is set-up, as it is for any other solver of our functions.

>>> from optbench import define
>>> from optbench.methods.registry import get
>>> method = get("scipy-slsqp")
>>> wanted(Function(define("x^2 + y^2", subject_to=["x*y >= 1"])), method, method.options())
['constraints', 'jacobian']
"""

from __future__ import annotations

from optbench.methods.method import Method
from optbench.methods.options import Options
from optbench.workbench.function import Function


def prepare(function: Function, method: Method, options: Options) -> None:
    """Compile the derivatives that the method uses; values and gradients of the minimand have been before."""
    function.reading.prepare(wanted(function, method, options))
    if "residuals" in method.uses:
        function.least_squares.prepare(["constraints", "jacobian"])
    if uses_batches(method, options):
        function.batch_gradient.prepare()


def uses_batches(method: Method, options: Options) -> bool:
    """Return whether the method will ask for gradients on batches of rows."""
    return "batches" in method.uses or options.uses_batches


def wanted(function: Function, method: Method, options: Options) -> list[str]:
    """Return what a method asks of the function's reading, beside values and gradients.

    What depends on the size, as with methods for constraints where there are none, is left until it is asked for.
    """
    bends = "hessian" in method.uses and getattr(options, "hessian", "exact") == "exact"
    if not method.constraints:
        return ["hessian"] if bends else []
    if not function.constraint_count:
        return []
    slopes = ["jacobian"] if "gradient" in method.uses else []
    return ["constraints", *slopes, *(["lagrangian_hessian"] if bends else [])]
