"""The rules that say "not with radicals", against groups by brute force, SymPy's Galois groups and polynomials that are solvable."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache
from itertools import permutations

import pytest
import sympy
from flint import fmpz_poly
from solvable_groups import DEGREES, CycleType, Permutation, Types, cycle_type, generated, largest
from solvable_polynomials import FAMILIES, X, is_irreducible, solvable
from sympy.combinatorics import Permutation as SympyPermutation
from sympy.combinatorics import PermutationGroup

from optbench.api import define
from optbench.exact.absence import galois, verdict
from optbench.exact.answer import ExactAnswer, ExactSolution, FormulaFacts
from optbench.language.rootof import real_roots
from optbench.result import Assurance, Status


def patterns(types: Iterable[CycleType]) -> list[galois.Pattern]:
    """Cycle types as they would be found modulo primes."""
    return [(2, list(lengths)) for lengths in sorted(types)]


def called_unsolvable(n: int, types: Types) -> bool:
    """Whether a rule applies to elements of a group."""
    found = patterns(types)
    return galois.by_cycle(n, found) is not None or any(galois.by_one_pattern(n, pattern) for pattern in found)


# ---- groups ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", DEGREES)
def test_no_solvable_group_has_the_elements_of_a_rule(n: int) -> None:
    assert not any(called_unsolvable(n, types) for types in largest(n))


@pytest.mark.parametrize("n", [p for p in DEGREES if p >= 5 and all(p % k for k in range(2, p))])
def test_conjugation_in_a_solvable_group_of_prime_degree_fixes_one_root_or_all(n: int) -> None:
    fixed = {lengths.count(1) for types in largest(n) for lengths in types if set(lengths) <= {1, 2}}
    assert fixed == {1, n}


Rule = Callable[..., object]
WRONG_RULES: dict[str, tuple[str, Rule]] = {
    "prime powers are no exception": ("_is_prime_power", lambda n: False),
    "every transitive group is primitive": ("_primitive", lambda n, found: []),
    "a cycle may move all points": ("has_prime_cycle", lambda n, lengths: any(galois._is_prime(q) for q in lengths)),
    "affine maps have one cycle or none": ("_is_affine", lambda n, lengths: lengths in ([n], [1] * n)),
    "affine maps fix a point": ("_is_affine", lambda n, lengths: lengths[0] == 1),
}


@pytest.mark.parametrize("wrong", WRONG_RULES)
def test_groups_refute_a_rule_that_asks_for_less(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(galois, *WRONG_RULES[wrong])
    assert any(called_unsolvable(n, types) for n in DEGREES if n >= 5 for types in largest(n))


@cache
def transitive_groups(n: int) -> frozenset[frozenset[Permutation]]:
    """All transitive groups with two generators, up to conjugation."""
    everything = list(permutations(range(n)))
    first = {cycle_type(g): g for g in everything}.values()  # one of each class of conjugates
    groups = {generated((g, h)) for g in first for h in everything if _are_transitive(n, (g, h))}
    return frozenset(groups)


def _are_transitive(n: int, generators: Iterable[Permutation]) -> bool:
    reached, new = {0}, [0]
    while new:
        new = list({g[k] for k in new for g in generators} - reached)
        reached.update(new)
    return len(reached) == n


def is_solvable(group: frozenset[Permutation]) -> bool:
    """As SymPy decides it, from a few elements that generate the group."""
    generators: list[Permutation] = []
    while (so_far := generated(generators or [min(group)])) != group:
        generators.append(min(group - so_far))
    return bool(PermutationGroup([SympyPermutation(list(g)) for g in generators or [min(group)]]).is_solvable)


def _check_transitive_groups(n: int) -> None:
    kinds: dict[tuple[int, Types], bool] = {}
    for group in transitive_groups(n):
        types = frozenset(map(cycle_type, group))
        if (len(group), types) not in kinds:
            kinds[len(group), types] = is_solvable(group)
    for (_, types), solvable_ in kinds.items():
        assert called_unsolvable(n, types) != solvable_
        assert not solvable_ or any(types <= whole for whole in largest(n))
    assert set(kinds.values()) == {True, False}


def test_the_rules_tell_all_groups_of_degree_5_apart() -> None:
    _check_transitive_groups(5)


@pytest.mark.slow
def test_the_rules_tell_all_groups_of_degree_6_apart() -> None:
    _check_transitive_groups(6)


# ---- polynomials ---------------------------------------------------------------------------------------------------------------


def test_there_are_many_solvable_polynomials() -> None:
    assert len({str(f) for family in FAMILIES for f in solvable(family)}) >= 200


@pytest.mark.parametrize("family", FAMILIES)
def test_a_solvable_polynomial_is_never_called_unsolvable(family: str) -> None:
    for f in solvable(family):
        assert galois.not_solvable(f) is None, f
        assert galois.is_solvable(f) is not False, f
        if f.degree() <= 6:
            assert galois.is_solvable(f), f


@pytest.mark.parametrize("family", FAMILIES)
def test_a_root_of_a_solvable_polynomial_is_never_denied_radicals(family: str) -> None:
    for f in solvable(family)[:6]:
        for k in range(len(real_roots([int(c) for c in f.coeffs()]))):
            facts = judged(f, k)
            assert facts.verdict != "none", f
            assert not facts.none_in, f


def judged(f: fmpz_poly, k: int) -> FormulaFacts:
    """The verdict on the k-th real root, as a minimiser."""
    formula = f"rootof({' + '.join(f'{int(c)}*t^{n}' for n, c in enumerate(f.coeffs()))}, {k})"
    point = ExactSolution(None, {"x": formula}, None, "interior", True, FormulaFacts("found", "algebraic_root"))
    answer = ExactAnswer("univariate", Status.OPTIMAL, Assurance.EXACT, solutions=(point,))
    facts = verdict.judged(define("x^2"), answer).solutions[0].closed_form
    assert facts is not None
    return facts


UNSOLVABLE = {
    "S5": X**5 - X - 1,
    "A5": X**5 + 20 * X + 16,
    "S6": X**6 - X - 1,
    "PSL(2, 7)": X**7 - 7 * X + 3,
    "S8": X**8 - X - 1,
    "S9": X**9 - X - 1,
    "S5 in S10": (X**2) ** 5 - X**2 - 1,
    "S5 and cubic roots": (X**3 + X) ** 5 - (X**3 + X) - 1,
    "M11": fmpz_poly([-90, 2805, 10950, 5075, 1400, 796, 232, 70, 50, -5, 2, 1]),
    "S25": X**25 - X - 1,
    "S50": X**50 - X - 1,
}


@pytest.mark.parametrize("group", UNSOLVABLE)
def test_an_unsolvable_polynomial_is_seen(group: str) -> None:
    f = UNSOLVABLE[group]
    assert is_irreducible(f)
    proof = galois.not_solvable(f)
    assert proof is not None
    if proof.quotient is not None:
        assert fmpz_poly(proof.quotient)(fmpz_poly(proof.inner)) == f


@pytest.mark.parametrize("n", [5, 6])
def test_the_rules_agree_with_the_group_that_sympy_finds(n: int) -> None:
    """Of degree 5 and 6 every unsolvable group has elements of a rule."""
    choose, t = random.Random(n), sympy.Symbol("t")
    seen = {True: 0, False: 0}
    for f in _random_irreducibles(choose, n, 60):
        group, _ = sympy.polys.numberfields.galoisgroups.galois_group(sympy.Poly([int(c) for c in f.coeffs()][::-1], t))
        assert (galois.not_solvable(f) is None) == group.is_solvable, f
        seen[bool(group.is_solvable)] += 1
    assert min(seen.values()) >= (3 if n == 6 else 0)


def _random_irreducibles(choose: random.Random, n: int, count: int) -> list[fmpz_poly]:
    """Monic ones, of which every third has no odd powers, and so a smaller group, where the degree is even."""
    found: list[fmpz_poly] = []
    while len(found) < count:
        step = 2 if n % 2 == 0 and len(found) % 3 == 0 else 1
        f = fmpz_poly([choose.randint(-4, 4) if k % step == 0 else 0 for k in range(n)] + [1])
        if is_irreducible(f):
            found.append(f)
    return found


def test_a_decomposition_is_one() -> None:
    choose = random.Random(1)
    for m, n in ((2, 3), (3, 2), (4, 3), (5, 2)):
        g, h = (fmpz_poly([0, *(choose.randint(-4, 4) for _ in range(k - 1)), 1]) + shift for k, shift in ((m, 7), (n, 0)))
        found = dict.fromkeys((int(outer.degree()), outer(inner) == g(h)) for outer, inner in galois.decompositions(g(h)))
        assert (m, True) in found
        assert all(same for _, same in found)
