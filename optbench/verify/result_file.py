"""Checking the proofs in a result, as `optbench solve --format json` writes it: verdicts on closed forms, and a certificate's file.

Of each solution the verdict is checked (see `closed_forms`), and where the result names the file of a certificate of its
minimum, that file too, and that it is of this problem and says what the result says.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from flint import ctx

from optbench.errors import ProblemError
from optbench.language.derivative import NotDifferentiable
from optbench.language.graph import GraphError
from optbench.verify import certificate
from optbench.verify.certificate import Accepted
from optbench.verify.ranges import Refused, fraction
from optbench.verify.stationary import Asked

if TYPE_CHECKING:
    from optbench.verify.closed_forms import Finding

SCHEMA = "optbench/result/1"
MAX_BYTES = 50_000_000
PRECISION = 300  # bits


class AcceptedResult(NamedTuple):
    """What the proofs in a result prove."""

    objective: str
    closed_forms: list[Finding]
    certificate: Accepted | None

    def facts(self) -> dict[str, Any]:
        """Return what was checked, as plain JSON values."""
        return {
            "objective": self.objective,
            "closed_forms": [finding._asdict() for finding in self.closed_forms],
            "certificate": None if self.certificate is None else {**self.certificate.facts(), "sentence": self.certificate.sentence()},
        }


def result_in(path: Path) -> dict[str, Any] | None:
    """Return the result in a file, as JSON; None if there is none. Raises `OSError` where the file can't be read."""
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_BYTES:
        return None
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("schema") == SCHEMA else None


def check_result(result: Mapping[str, Any], path: Path) -> AcceptedResult:
    """Return what the proofs in a result prove, which was read from a file; raise `Refused` where one does not hold.

    Raises `OSError` where the certificate's file can't be read. The time is not limited.
    """
    from optbench.verify.closed_forms import findings  # it loads SymPy

    try:
        with ctx.workprec(PRECISION):
            asked = Asked.of(result["problem"])
            found = [finding for solution, form in _verdicts(result) for finding in findings(asked, solution, form)]
        checked = None if result["certificate"] is None else _certificate(result, path)
    except (ProblemError, GraphError, NotDifferentiable) as error:
        raise Refused(f"an expression can't be read: {error}") from None
    except certificate.BROKEN as error:
        raise Refused(f"a proof is not as it must be ({type(error).__name__}: {error})") from None
    if not found and checked is None:
        raise Refused("there is no proof in this result that can be checked")
    return AcceptedResult(asked.objective, found, checked)


def _verdicts(result: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any] | None, Mapping[str, Any]]]:
    """Yield each verdict, and the solution that it is about, if it is about one."""
    solutions, own = result["solutions"], result["closed_form"]
    if solutions and solutions[0]["closed_form"] != own:
        raise Refused("the verdict of the result is not that of its first solution")
    if not solutions and own is not None:
        yield None, own
    for solution in solutions:
        if solution["closed_form"] is not None:
            yield solution, solution["closed_form"]


# ---- the certificate's file ------------------------------------------------------------------------------------------------------


def _certificate(result: Mapping[str, Any], path: Path) -> Accepted | None:
    """What the certificate's file proves, if the result names one."""
    name = result["certificate"]["file"]
    if name is None:
        return None
    file = path.parent / name if (path.parent / name).is_file() else Path(name)
    if file.exists() and not file.is_file():
        raise Refused("what should be the file of its certificate is none")
    accepted = certificate.check(file)
    with open(file, "rb") as opened:
        _check_same_problem(json.loads(opened.readline())["problem"], result["problem"])
    if accepted.objective != result["problem"]["objective"]:
        raise Refused("it is not seen that the certificate is of this objective")
    _check_same_answer(accepted.claim, result)
    return accepted


def _check_same_problem(certified: Mapping[str, Any], problem: Mapping[str, Any]) -> None:
    ranges = {v["name"]: v for v in certified["unknowns"]}
    same = all(certified[name] == problem[name] for name in ("hash", "sense", "objective")) and set(ranges) == set(problem["variables"])
    if not same or any(_range_text(ranges[name]) != v["range"] for name, v in problem["variables"].items()):
        raise Refused("it is not seen that the certificate is of this problem")


def _range_text(unknown: Mapping[str, Any]) -> str:
    brackets = "[" if unknown["lower_closed"] else "(", "]" if unknown["upper_closed"] else ")"
    return f"{brackets[0]}{unknown['lower']}, {unknown['upper']}{brackets[1]}"


def _check_same_answer(claim: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    """Demand that a certified result is what the certificate claims, and that another one does not contradict it."""
    claimed, said = claim["value_enclosure"], result["value_enclosure"]
    if result["assurance"] == "certified" and (claim["status"], claimed) != (result["status"], said):
        raise Refused("the result is not what its certificate proves")
    if claimed and said and (fraction(claimed[1]) < fraction(said[0]) or fraction(said[1]) < fraction(claimed[0])):
        raise Refused("the value of the result is not the one that its certificate proves")
