"""The Python API: `optbench.solve` takes what the command line takes and returns the typed `Result`.

>>> result = solve("(x - 1)^2 + 3", range=(-5, 5), exact=False, certify=False)
>>> result.status.value, round(result.value, 6)
('locally_optimal', 3.0)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from numbers import Integral, Real
from os import PathLike
from typing import Any

from optbench.errors import UsageError, printable
from optbench.problem.draft import ConstraintDraft, DataDraft, Number, ParameterDraft, ProblemDraft, Scalar, Text, Values, VariableDraft
from optbench.problem.problem import MethodChoice, Problem
from optbench.problem.validate import validated
from optbench.result import Assurance, Result

End = float | int | Fraction | str | None
MOST_STARTS = 1000
LEVELS = ("exact", "certified", "local", "feasible")  # of how well an answer can be required to be known
_WHOLE = {  # the ranges of whole numbers
    "starts": (1, MOST_STARTS, ""),
    "memory_limit": (2**20, 2**50, " of bytes"),
    "digits": (1, 1000, ""),
    "seed": (0, 2**53 - 1, ""),
}


def define(
    objective: str,
    *,
    maximize: bool = False,
    range: tuple[End, End] | None = None,
    variables: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    subject_to: str | Sequence[str] = (),
    start: Mapping[str, Any] | None = None,
    data: str | PathLike[str] | None = None,
    name: str | None = None,
) -> Problem:
    """Return the problem of an expression.

    `range` holds for all variables; `variables` gives single ranges, as pairs or as texts such as "[0, 10)", or mappings
    with the fields of a problem file (range, start, shape, integer, unit); `data` is a CSV file. Numbers are read exactly
    as they print (0.1 is 1/10). Names that are declared nowhere are variables. Raises `ProblemError`.

    >>> define("sum(x^2)", variables={"x": {"range": (-1, 1), "shape": 3}}).dimension
    3
    """
    declared = _declared(variables or {})
    declared.update({v: None for v in start or {} if v not in declared})
    draft = ProblemDraft(
        "maximize" if maximize else "minimize",
        Text(objective),
        name=Text(name) if name else None,
        variables=tuple(_variable(v, given, range, (start or {}).get(v)) for v, given in declared.items()),
        parameters=tuple(ParameterDraft(Text(p), _values(value)) for p, value in (parameters or {}).items()),
        constraints=tuple(ConstraintDraft(Text(text)) for text in ([subject_to] if isinstance(subject_to, str) else subject_to)),
        data=None if data is None else DataDraft(Text(str(data))),
    )
    return validated(draft, open_names=True, default_range=_range(None, range))


def solve(
    what: str | PathLike[str] | Problem,
    *,
    methods: str | Sequence[str] = (),
    starts: int = 1,
    exact: bool = True,
    exact_time: float = 10.0,
    certify: bool = True,
    certify_time: float = 5.0,
    certificate: str | PathLike[str] | None = None,
    time_limit: float = 30.0,
    memory_limit: int = 4 * 2**30,
    tol: float = 1e-8,
    digits: int = 30,
    seed: int = 0,
    require: str = "local",
    trace: bool = False,
    **asked: Any,
) -> Result:
    """Return the result for an expression, a `Problem`, or the path of a problem file (a `pathlib.Path`).

    `asked` goes to `define` where an expression is given. `methods` are names or patterns, one or several, with options as
    on the command line ("gradient-descent:step=0.1"); each begins from so many `starts` (1 to 1000). With `trace` each
    attempt has its iterates. The proof of a certified answer is written to the file `certificate`. Raises `ProblemError` and
    `UsageError` for mistakes of the caller's.
    """
    from optbench.workbench.engine import solve as run
    from optbench.workbench.settings import Settings

    _check_seconds(exact_time=exact_time, certify_time=certify_time, time_limit=time_limit)
    _check_whole(starts=starts, memory_limit=memory_limit, digits=digits, seed=seed)
    _check_tolerance(tol)
    if require not in LEVELS:
        raise UsageError(f"require is one of {', '.join(LEVELS)}, not {printable(str(require))[:60]}.")
    return run(
        _problem(what, asked),
        Settings(
            exact=exact,
            exact_time=float(exact_time),
            certify=certify,
            certify_time=float(certify_time),
            certificate=None if certificate is None else str(certificate),
            time_limit=float(time_limit),
            memory_limit=int(memory_limit),
            tolerance=float(tol),
            digits=int(digits),
            seed=int(seed),
            require=Assurance(require),
            methods=tuple(map(method_choice, [methods] if isinstance(methods, str) else methods)),
            starts=int(starts),
            trace=trace,
        ),
    )


def _check_tolerance(tol: Any) -> None:
    if not isinstance(tol, Real) or not 0 < float(tol) < 1:
        raise UsageError(f"tol is a number between 0 and 1, not {printable(repr(tol))[:60]}.")


def _check_seconds(**given: Any) -> None:
    for name, value in given.items():
        if not isinstance(value, Real) or not 0 <= float(value) < math.inf:
            raise UsageError(f"{name} is a number of seconds from 0, not {printable(repr(value))[:60]}.")


def _check_whole(**given: Any) -> None:
    for name, value in given.items():
        low, high, what = _WHOLE[name]
        if not isinstance(value, Integral) or not low <= int(value) <= high:
            raise UsageError(f"{name} is a whole number{what} from {low} to {high}, not {printable(repr(value))[:60]}.")


def _problem(what: str | PathLike[str] | Problem, asked: Mapping[str, Any]) -> Problem:
    if isinstance(what, str):
        return define(what, **asked)
    if asked:
        raise UsageError(f"{', '.join(asked)} can be given with an expression only.")
    if isinstance(what, Problem):
        return what
    from optbench.problem.reader import read

    return validated(read(str(what)))


def method_choice(text: str) -> MethodChoice:
    """Return the method of "NAME" or "NAME:opt=val,opt=val"."""
    name, colon, rest = text.partition(":")
    options = []
    for part in rest.split(",") if colon else []:
        option, equals, value = part.partition("=")
        if not equals or not option.strip():
            raise UsageError(f"'{printable(text)}' is no method with options; write NAME:option=value,option=value.")
        options.append((option.strip(), value.strip()))
    return MethodChoice(name.strip(), tuple(options))


_FIELDS = ("range", "start", "shape", "integer", "unit")


def _declared(variables: Any) -> dict[str, Any]:
    if not isinstance(variables, Mapping):
        raise UsageError(f"variables are a mapping of names to ranges or fields, not {printable(repr(variables))[:60]}.")
    return dict(variables)


def _variable(name: str, given: Any, default: tuple[End, End] | None, start: Any) -> VariableDraft:
    fields = dict(given) if isinstance(given, Mapping) else {"range": given}
    if unknown := set(fields) - set(_FIELDS):
        raise UsageError(f"The variable {name} has no field {printable(str(min(unknown)))}; its fields are {', '.join(_FIELDS)}.")
    return VariableDraft(
        Text(name),
        _range(fields.get("range"), default),
        _values(fields.get("start") if start is None else start),
        shape=_shape(fields.get("shape"), name),
        integer=bool(fields.get("integer")),
        unit=Text(fields["unit"]) if fields.get("unit") else None,
    )


def _shape(given: Any, name: str) -> tuple[int | Text, ...] | None:
    """The lengths of an array, as whole numbers or as texts in terms of parameters."""
    lengths = (given,) if isinstance(given, int | str) and not isinstance(given, bool) else given
    if lengths is None:
        return None
    if not (isinstance(lengths, Sequence) and lengths and all(isinstance(n, int | str) and not isinstance(n, bool) for n in lengths)):
        raise UsageError(f"The shape of {name} is a length or a sequence of lengths, not {printable(repr(given)[:60])}.")
    return tuple(Text(n) if isinstance(n, str) else n for n in lengths)


def _range(ends: Any, default: tuple[End, End] | None) -> Text | tuple[Values, Values] | None:
    if isinstance(ends, str):
        return Text(ends)
    chosen = default if ends is None else ends
    if chosen is not None and not (isinstance(chosen, Sequence) and len(chosen) == 2):
        raise UsageError(f"A range is a pair of ends, or a text such as '[0, 10)', not {printable(repr(chosen)[:60])}.")
    return None if chosen is None else (_values(chosen[0]), _values(chosen[1]))


def _values(value: Any) -> Values:
    if hasattr(value, "tolist"):
        value = value.tolist()
    return tuple(map(_values, value)) if isinstance(value, list | tuple) else _scalar(value)


def _scalar(value: Any) -> Scalar:
    if value is None or isinstance(value, str):
        return None if value is None else Text(value)
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return Text("inf" if value > 0 else "-inf")
    try:
        return Number(Fraction(repr(value)) if isinstance(value, float) else Fraction(value))
    except (TypeError, ValueError):
        raise UsageError(f"{printable(repr(value)[:60])} is no number; give a number, a text, or a list of them.") from None
