"""Functions that numpy lacks, as Python source: our own definitions, with all that they stand on.

>>> print(definitions(["erf"])[0])
_erf = np.vectorize(math.erf, otypes=[float])
"""

from __future__ import annotations

import dis
import inspect
import math
from collections.abc import Iterable
from types import FunctionType, ModuleType
from typing import Any

_OF_MATH = ("erf", "erfc")  # that are `math`'s as they are
_LGAMMA = """def lgamma(x):
    try:
        return math.lgamma(x)
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf"""
_OF_FLOATS = ("lgamma", "gamma", "digamma", "trigamma", "lambertw", "lambertw_lower")
_OF_ARRAYS = {"pad": "_padded", "scatter": "_scattered", "others": "_others"}

LACKING = frozenset([*_OF_MATH, *_OF_FLOATS, *_OF_ARRAYS])


def name(function: str) -> str:
    """Return what a function of the language that numpy lacks is called in the source."""
    return _OF_ARRAYS.get(function) or f"_{function}"


def definitions(functions: Iterable[str]) -> list[str]:
    """Return the source of functions of the language that numpy lacks, each piece after those that it needs."""
    pieces: dict[str, str] = {}
    for function in functions:
        if function in _OF_MATH:
            pieces[name(function)] = f"{name(function)} = np.vectorize(math.{function}, otypes=[float])"
        elif function in _OF_FLOATS:
            from optbench.arithmetic import floats

            if function == "lgamma":
                pieces[function] = _LGAMMA
            else:
                _define(getattr(floats, function), floats, pieces)
            pieces[name(function)] = f"{name(function)} = np.vectorize({function}, otypes=[float])"
        else:
            from optbench.arithmetic import numpy_arrays

            _define(getattr(numpy_arrays, name(function)), numpy_arrays, pieces)
    return list(pieces.values())


def _define(function: FunctionType, module: ModuleType, pieces: dict[str, str]) -> None:
    """Add the source of a function, after that of the functions and constants of its module that it uses."""
    if function.__name__ in pieces:
        return
    pieces[function.__name__] = ""  # it may call itself
    for used in dict.fromkeys(step.argval for step in dis.get_instructions(function) if step.opname == "LOAD_GLOBAL"):
        value = getattr(module, used, None)
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            _define(value, module, pieces)
        elif isinstance(value, int | float | tuple):
            pieces[used] = f"{used} = {_constant(value)}"
    del pieces[function.__name__]
    pieces[function.__name__] = inspect.getsource(function).rstrip()


def _constant(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "math.nan" if math.isnan(value) else "math.inf" if value > 0 else "-math.inf"
    return repr(value)
