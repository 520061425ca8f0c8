"""One rule a function of the table: intervals of the arguments in, intervals of the values out, many boxes at once.

`RULES` maps the name in the table's column `intervals` to the rule; powers and constants are the reading's own. A rule
takes and returns the ends and states of `interval_values`, and never changes what it is given.

>>> from optbench.arithmetic.interval_values import SIGNS, ends_of
>>> RULES["exp"]((ends_of([0.0], [float("inf")]), None))[0] * SIGNS > 0.99
array([[ True],
       [ True]])
"""

from __future__ import annotations

from optbench.arithmetic.interval_lambert import lambertw, lambertw_lower
from optbench.arithmetic.interval_monotone import MONOTONE
from optbench.arithmetic.interval_operators import absolute, add, divide, floor, mod, multiply, negate
from optbench.arithmetic.interval_pieces import (
    all_of,
    any_of,
    ceil,
    choose,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    maximum,
    minimum,
    not_equal,
    not_so,
    relu,
    sign,
)
from optbench.arithmetic.interval_turning import atan2, cos, cosh, hypot, sin, tan
from optbench.arithmetic.interval_values import Rule

RULES: dict[str, Rule] = MONOTONE | {
    "add": add,
    "multiply": multiply,
    "negate": negate,
    "divide": divide,
    "mod": mod,
    "abs": absolute,
    "relu": relu,
    "floor": floor,
    "ceil": ceil,
    "sign": sign,
    "minimum": minimum,
    "maximum": maximum,
    "if": choose,
    "sin": sin,
    "cos": cos,
    "tan": tan,
    "cosh": cosh,
    "hypot": hypot,
    "atan2": atan2,
    "lambertw": lambertw,
    "lambertw_lower": lambertw_lower,
    "less": less,
    "less_equal": less_equal,
    "greater": greater,
    "greater_equal": greater_equal,
    "equal": equal,
    "not_equal": not_equal,
    "not": not_so,
    "or": any_of,
    "and": all_of,
}
