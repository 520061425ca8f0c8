"""The verdict on a closed form, and the theorem behind it in plain words. Sources and proofs are in docs/closed-forms.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from optbench.report import verdict_words
from optbench.report.explanation.model import LONG, Block, Line, Math, Paragraph, display, say
from optbench.report.explanation.subject import Subject
from optbench.result import Assurance, ClosedForm

_CLASSES = {
    "rational": "a fraction of whole numbers",
    "radicals": "made from whole numbers by + - * / and roots",
    "elementary": "made from whole numbers by + - * /, roots, exp and log (and so by sin, atan, pi, e too)",
    "lambertw": "made from whole numbers by + - * /, roots, exp, log and Lambert's W",
    "algebraic_root": "made with roots of polynomials that are not written with radicals: rootof(polynomial, k) is the k-th real root, "
    "counted from 0",
}
_RULES = {
    "prime-degree": "n is a prime. In a solvable group of that degree an element is one cycle of length n, or moves nothing, or fixes one "
    "root and permutes the others in cycles of equal lengths. These lengths are none of that.",
    "doubly-transitive": "An element that fixes one root and permutes all others in one cycle makes the group doubly transitive. A "
    "solvable group that is so has a power of a prime as its degree, and n is none.",
    "long-prime-cycle": "Among the lengths is a prime q with n/2 < q < n - 2. By Jordan's theorem the group then contains the "
    "alternating group, which is not solvable.",
    "prime-cycle": "The group is primitive, and some power of an element is a single short cycle of prime length. By Jordan's theorem it "
    "then contains the alternating group, which is not solvable.",
    "real-roots": "n is a prime. Of a solvable irreducible equation of that degree one root is real, or all are (Kronecker).",
}
_LISTED = 3
_OF_PARAMETERS = "function_of_parameter"


def closed_form(subject: Subject) -> Iterator[Block]:
    """Yield the blocks on the closed form of the first solution."""
    verdict = subject.result.closed_form
    if verdict is None:
        if subject.result.solutions and subject.result.solutions[0].kind in ("boundary", "kink"):
            yield say("The solution is no stationary point inside of the range, so no equation's closed form is in question.")
        return
    lines = list(verdict_words.lines(verdict, subject.result.assurance is Assurance.EXACT))
    for line in lines or ["closed form: not found, and no published proof excludes one"]:
        yield say(f"{line[:1].upper()}{line[1:]}.")
    yield from _found(verdict)
    if verdict.certificate is not None:
        yield from _theorem(subject, verdict.certificate)
    yield from _own(verdict)


def _found(verdict: ClosedForm) -> Iterator[Block]:
    if verdict.cls in _CLASSES and verdict.verdict != "not_found":
        words = _CLASSES[verdict.cls]
        yield say(f"The formula is {words.replace('numbers', 'numbers and parameters', 1) if verdict.scope == _OF_PARAMETERS else words}.")


def _theorem(subject: Subject, certificate: Mapping[str, Any]) -> Iterator[Block]:
    if certificate["theorem"] == "galois":
        yield from _galois(subject, certificate)
    elif certificate["theorem"] == "lin1983":
        yield from _lin(subject, certificate)
    yield say("The certificate is in the result (optbench solve ... --json), and optbench verify checks it by other means.")


# ---- Galois --------------------------------------------------------------------------------------------------------------------


def _galois(subject: Subject, certificate: Mapping[str, Any]) -> Iterator[Block]:
    degree = len(certificate["polynomial"]) - 1
    yield say(
        "Galois's theorem: a root of an irreducible polynomial can be written with radicals if and only if the group of the "
        f"polynomial, which permutes its n roots, is solvable. Here n = {degree}, and the polynomial is"
    )
    yield display([Line((subject.notation.maths(_polynomial(certificate["polynomial"])),))])
    for p, degrees in certificate["patterns"]:
        yield say(
            f"Modulo the prime {p}, which divides neither its leading coefficient nor its discriminant, it has factors of the degrees "
            f"{', '.join(map(str, degrees))}: by Dedekind's theorem some element of the group has cycles of these lengths."
        )
    if certificate["rule"] == "real-roots":
        yield say(f"{certificate['real_roots']} of its roots are real.")
    if rule := _RULES.get(certificate["rule"]):
        yield say(rule)
    if certificate.get("outer"):
        yield say("This is shown for an outer part g of the polynomial, f = g(h), whose group is a quotient of that of f.")


def _polynomial(coefficients: list[str]) -> str:
    """The polynomial in t, the highest power first."""
    terms = []
    for power in range(len(coefficients) - 1, -1, -1):
        c = int(coefficients[power])
        letter = "" if power == 0 else "t" if power == 1 else f"t^{power}"
        size = str(abs(c)) if abs(c) != 1 or not letter else ""
        if c:
            terms.append(f"{'-' if c < 0 else '+'} {size}{'*' if size and letter else ''}{letter}")
    return " ".join(terms).removeprefix("+ ").replace("- ", "-", 1) if terms[0].startswith("-") else " ".join(terms).removeprefix("+ ")


# ---- Lin -------------------------------------------------------------------------------------------------------------------------


def _lin(subject: Subject, certificate: Mapping[str, Any]) -> Iterator[Block]:
    maths = subject.notation.maths
    name = certificate["number"].get("unknown", subject.unknown)
    if name != "x":
        yield say("In the certificate ", subject.notation.named(name), " is written ", Math("x", "x"), ".")
    yield say(
        "Lin's theorem (1983): let Schanuel's conjecture be true, and P(z, w) be an irreducible polynomial in which both letters occur. "
        "Then P(z, exp(z)) = 0 has no root z in that class of numbers, but for z = 0."
    )
    kernel, x = maths(certificate["kernel"]), Math("x", "x")
    if certificate["z"] == "argument":
        yield say("Here w is ", kernel, ", and z stands inside of the exp; z is in the class if and only if ", x, " is.")
    else:
        yield say("Here z is ", kernel, ", and w = exp(z) stands inside of the log; z is in the class if and only if ", x, " is.")
    if roots := [(root, meaning) for root, meaning in certificate.get("roots", {}).items() if _occurs(root, certificate["kernel"])]:
        yield display(Line((maths(root), "=", maths(meaning))) for root, meaning in roots)
    if _occurs("i", certificate["kernel"]):
        yield say("Here i is the imaginary unit: sines and cosines are made of exp(i*u), arcs of logarithms.")
    yield say("With ", x, " eliminated, the equation becomes")
    yield display(Line((maths(p), "=", maths("0"))) for p in certificate["polynomials"][:_LISTED] if len(p) <= 4 * LONG)
    yield say("It is irreducible, both letters occur in it, and z is not 0.")


def _occurs(name: str, text: str) -> bool:
    """Whether a name stands in a text."""
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _own(verdict: ClosedForm) -> Iterator[Paragraph]:
    if verdict.unreviewed:
        yield say("Arguments of our own are in docs/closed-forms.md with their proofs. Until they are published, read them as conjectures.")
