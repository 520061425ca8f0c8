"""The verdict on a closed form in words: what was found, what is proved not to exist, by which theorem, and assuming what.

No sentence says more than its theorem: "none" always names the class of numbers, and the conjecture where there is one.

>>> from optbench.result import ClosedForm
>>> list(lines(ClosedForm("none", none_in=["L"], theorem="lin1983", assumes=["Schanuel"]), True))[0]
"closed form: none from integers by + - * /, roots of polynomials, exp and log: proved, if Schanuel's conjecture is true (Lin 1983)"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from optbench.result import ClosedForm

CLASSES = {
    "EL": "as a function of the parameters with + - * /, roots, exp and log",
    "radicals": "with radicals",
    "L": "from integers by + - * /, roots of polynomials, exp and log",
    "L_W": "from integers by + - * /, roots of polynomials, exp, log and Lambert's W",
}
THEOREMS = {
    "galois": "Galois",
    "lin1983": "Lin 1983",
    "kernels": "our own theorem on several kernels",
    "kernel-lambertw": "our own theorem on one kernel",
    "function": "our own theorem on functions of parameters, from Ax 1971",
}
CONJECTURES = {"Schanuel": "Schanuel's conjecture is true"}


def lines(verdict: ClosedForm, proved: bool) -> Iterator[str]:
    """Yield sentences on a verdict; `proved`: the formula is proved to be the global optimum."""
    kind = f" ({verdict.cls.replace('_', ' ')})" if verdict.cls else ""
    if verdict.verdict == "found":
        yield f"closed form: found{kind}, {'verified exactly' if proved else 'not proved to be the global one'}"
        if verdict.reason:
            yield f"note: {verdict.reason}"
        if verdict.none_in:
            yield f"there is none {_classes(verdict.none_in)}: {_proof(verdict.theorem, verdict.assumes)}"
    elif verdict.verdict == "none":
        yield f"closed form: none {_classes(verdict.none_in)}: {_proof(verdict.theorem, verdict.assumes)}"
        yield from _galois(verdict.certificate)
    elif verdict.reason or verdict.unreviewed:
        yield f"closed form: not found, and no published proof excludes one{f': {verdict.reason}' if verdict.reason else ''}"
    if verdict.unreviewed:
        yield absence(verdict.unreviewed["none_in"], verdict.unreviewed["theorem"], verdict.unreviewed["assumes"], None)


def absence(none_in: Sequence[str], theorem: str, assumes: Sequence[str], review: str | None) -> str:
    """Return the sentence that there is no formula in some classes; without a review, as an argument that is not published."""
    if review is None:
        return f"an argument of ours, not yet published, says: none {_classes(none_in)}{_if(assumes)}"
    return f"none {_classes(none_in)}: {_proof(theorem, assumes)}"


def _classes(names: Sequence[str]) -> str:
    return " or ".join(CLASSES.get(name, name) for name in names)


def _proof(theorem: str | None, assumes: Sequence[str]) -> str:
    condition = _if(assumes)
    return f"proved{condition} ({THEOREMS.get(theorem or '', theorem or '')})"


def _if(assumes: Sequence[str]) -> str:
    return f", if {' and '.join(CONJECTURES.get(a, a) for a in assumes)}" if assumes else ""


def _galois(certificate: Any) -> Iterator[str]:
    if not certificate or certificate.get("theorem") != "galois":
        return
    degree = len(certificate["polynomial"]) - 1
    seen = [f"{'+'.join(map(str, degrees))} modulo {p}" for p, degrees in certificate["patterns"]]
    if certificate["rule"] == "real-roots":
        yield f"certificate: {certificate['real_roots']} of the {degree} roots of its polynomial are real, and {degree} is prime"
    elif seen:
        yield f"certificate: its polynomial of degree {degree} has factors of degrees {', '.join(seen)}"
