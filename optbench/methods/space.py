"""The operations on points and matrices that methods need, in one variable and in several.

In one variable points and matrices are Python floats, and numpy is not imported; in several they are numpy arrays of
floats. Sums and multiples are written with `+`, `-` and `*` in both; the rest is a `Space`:

>>> Line().dot(2.0, 3.0), Line().cholesky_solve(4.0, 2.0), Line().cholesky_solve(-4.0, 2.0)
(6.0, 0.5, None)
>>> space = Euclidean(2)
>>> space.times(space.identity(), space.point([1, 2]))
array([1., 2.])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

Point = Any  # a float in one variable, else an array of floats with shape (n,)
Matrix = Any  # a float in one variable, else an array of floats with shape (n, n)
Mask = Any  # a bool in one variable, else an array of bools with shape (n,)

EPSILON = 2.0**-52  # the distance from 1 to the next float


class Space(Protocol):
    """Vector operations on the points of a problem."""

    @property
    def dimension(self) -> int:
        """The number n of variables."""

    def point(self, values: Sequence[float]) -> Point:
        """Return the point with these n coordinates."""

    def coordinates(self, x: Point) -> list[float]:
        """Return the n coordinates of x."""

    def copy(self, x: Point) -> Point:
        """Return a point that no later change of x in place reaches."""

    def full(self, value: float) -> Point:
        """Return the point whose entries are all `value`."""

    def unit(self, i: int) -> Point:
        """Return the i-th unit vector."""

    def mean(self, points: Sequence[Point]) -> Point:
        """Return the centroid of the points."""

    def dot(self, a: Point, b: Point) -> float:
        """Return the inner product."""

    def norm(self, a: Point) -> float:
        """Return the 2-norm, without overflow on the way."""

    def max_abs(self, a: Point) -> float:
        """Return the largest absolute entry of a point or matrix (nan if any is)."""

    def is_finite(self, a: Point) -> bool:
        """Return whether no entry of a point or matrix is nan or infinite."""

    def equal(self, a: Point, b: Point) -> bool:
        """Return whether all entries agree."""

    def minimum(self, a: Point, b: Point) -> Point:
        """Return the entrywise minimum."""

    def maximum(self, a: Point, b: Point) -> Point:
        """Return the entrywise maximum."""

    def clip(self, x: Point, lower: Point, upper: Point) -> Point:
        """Return x with each entry moved into its bounds."""

    def identity(self) -> Matrix:
        """Return the identity matrix."""

    def outer(self, a: Point, b: Point) -> Matrix:
        """Return the matrix of all products a_i b_j."""

    def times(self, H: Matrix, x: Point) -> Point:
        """Return H x."""

    def smallest_diagonal(self, H: Matrix) -> float:
        """Return the smallest entry of the diagonal."""

    def add_to_diagonal(self, H: Matrix, tau: float) -> Matrix:
        """Return H + tau I."""

    def cholesky_solve(self, H: Matrix, b: Point) -> Point | None:
        """Return the solution of H x = b, or None when the symmetric H is not numerically positive definite."""

    def bfgs_update(self, H: Matrix, s: Point, y: Point, sy: float) -> Matrix:
        """Return the inverse Hessian H after the BFGS update by s and y with s'y = sy > 0; H may be changed in place."""

    def free(self, x: Point, gradient: Point, lower: Point, upper: Point, margin: float = 0.0) -> Mask:
        """Return which entries are free: all but those within `margin` of a bound towards which -gradient points.

        Entries whose bounds are equal are never free.
        """

    def all(self, mask: Mask) -> bool:
        """Return whether every entry is set."""

    def masked(self, x: Point, mask: Mask) -> Point:
        """Return x with 0 in the entries that are not set."""

    def restricted(self, H: Matrix, mask: Mask, diagonal: float = 1.0) -> Matrix:
        """Return H with the rows and columns that are not set replaced by those of `diagonal` times the identity."""


class Line:
    """One variable: points and matrices are floats."""

    dimension = 1

    def point(self, values: Sequence[float]) -> float:
        (x,) = values
        return float(x)

    def coordinates(self, x: float) -> list[float]:
        return [x]

    def copy(self, x: float) -> float:
        return x

    def full(self, value: float) -> float:
        return value

    def unit(self, i: int) -> float:
        return 1.0

    def mean(self, points: Sequence[float]) -> float:
        return sum(points) / len(points)

    def dot(self, a: float, b: float) -> float:
        return a * b

    def norm(self, a: float) -> float:
        return abs(a)

    def max_abs(self, a: float) -> float:
        return abs(a)

    def is_finite(self, a: float) -> bool:
        return math.isfinite(a)

    def equal(self, a: float, b: float) -> bool:
        return a == b

    def minimum(self, a: float, b: float) -> float:
        return min(a, b)

    def maximum(self, a: float, b: float) -> float:
        return max(a, b)

    def clip(self, x: float, lower: float, upper: float) -> float:
        return min(max(x, lower), upper)

    def identity(self) -> float:
        return 1.0

    def outer(self, a: float, b: float) -> float:
        return a * b

    def times(self, H: float, x: float) -> float:
        return H * x

    def smallest_diagonal(self, H: float) -> float:
        return H

    def add_to_diagonal(self, H: float, tau: float) -> float:
        return H + tau

    def cholesky_solve(self, H: float, b: float) -> float | None:
        return b / H if 0 < H < math.inf else None

    def bfgs_update(self, H: float, s: float, y: float, sy: float) -> float:
        return s / y

    def free(self, x: float, gradient: float, lower: float, upper: float, margin: float = 0.0) -> bool:
        return not ((x <= lower + margin and gradient > 0) or (x >= upper - margin and gradient < 0) or lower == upper)

    def all(self, mask: bool) -> bool:
        return mask

    def masked(self, x: float, mask: bool) -> float:
        return x if mask else 0.0

    def restricted(self, H: float, mask: bool, diagonal: float = 1.0) -> float:
        return H if mask else diagonal


class Euclidean:
    """n variables: points are numpy arrays of floats. numpy is imported when the first space is made."""

    def __init__(self, dimension: int) -> None:
        import numpy

        self.dimension = dimension
        self._np = numpy
        self._zero = numpy.zeros(dimension)
        self._diagonal = slice(None, None, dimension + 1)  # of a flattened matrix
        self._min, self._max = numpy.minimum.reduce, numpy.maximum.reduce  # twice as fast as the methods of arrays
        self._sum, self._all = numpy.add.reduce, numpy.logical_and.reduce

    def point(self, values: Sequence[float]) -> Point:
        x = self._np.array(values, dtype=float)
        assert x.shape == (self.dimension,)
        return x

    def coordinates(self, x: Point) -> list[float]:
        found: list[float] = x.tolist()
        return found

    def copy(self, x: Point) -> Point:
        return x.copy()

    def full(self, value: float) -> Point:
        return self._np.full(self.dimension, float(value))

    def unit(self, i: int) -> Point:
        e = self._np.zeros(self.dimension)
        e[i] = 1.0
        return e

    def mean(self, points: Sequence[Point]) -> Point:
        return self._sum(points) / len(points)

    def dot(self, a: Point, b: Point) -> float:
        return float(a.dot(b))

    def norm(self, a: Point) -> float:
        square = float(a.dot(a))
        if 1e-290 < square < math.inf:
            return math.sqrt(square)
        largest = self.max_abs(a)
        if largest == 0 or not math.isfinite(largest):
            return largest
        scaled = a / largest
        return largest * math.sqrt(float(scaled.dot(scaled)))

    def max_abs(self, a: Point) -> float:
        return float(self._max(abs(a), axis=None))

    def is_finite(self, a: Point) -> bool:
        if a.ndim == 1:
            return float(a.dot(self._zero)) == 0  # inf * 0 and nan * 0 are nan
        return math.isfinite(self._sum(a, axis=None)) or bool(self._np.isfinite(a).all())

    def equal(self, a: Point, b: Point) -> bool:
        return bool(self._all(a == b))

    def minimum(self, a: Point, b: Point) -> Point:
        return self._np.minimum(a, b)

    def maximum(self, a: Point, b: Point) -> Point:
        return self._np.maximum(a, b)

    def clip(self, x: Point, lower: Point, upper: Point) -> Point:
        return self._np.minimum(self._np.maximum(x, lower), upper)

    def identity(self) -> Matrix:
        return self._np.eye(self.dimension)

    def outer(self, a: Point, b: Point) -> Matrix:
        return a[:, None] * b

    def times(self, H: Matrix, x: Point) -> Point:
        return H.dot(x)

    def smallest_diagonal(self, H: Matrix) -> float:
        return float(self._min(H.diagonal()))

    def add_to_diagonal(self, H: Matrix, tau: float) -> Matrix:
        H = H.copy()
        H.ravel()[self._diagonal] += tau
        return H

    def cholesky_solve(self, H: Matrix, b: Point) -> Point | None:
        try:
            L = self._np.linalg.cholesky(H)
        except self._np.linalg.LinAlgError:
            return None
        smallest_pivot = float(self._min(L.diagonal())) ** 2
        if not smallest_pivot > self.dimension * EPSILON * float(self._max(H.diagonal())):  # also where there is nan
            return None
        return self._np.linalg.solve(H, b)  # numpy has no triangular solver, and this costs less than two general ones

    def bfgs_update(self, H: Matrix, s: Point, y: Point, sy: float) -> Matrix:
        # Nocedal & Wright 2006, (6.17), multiplied out so that it costs one product H y and one sum of rank two:
        # H + half s' + s half' with half = (1 + y'Hy / s'y) / (2 s'y) s - Hy / s'y
        Hy = H.dot(y)
        half = s * (0.5 * (1.0 + float(y.dot(Hy)) / sy) / sy) - Hy / sy
        H += self._np.array((half, s)).T @ self._np.array((s, half))
        return H

    def free(self, x: Point, gradient: Point, lower: Point, upper: Point, margin: float = 0.0) -> Mask:
        at_lower = (x <= lower + margin) & (gradient > 0)
        at_upper = (x >= upper - margin) & (gradient < 0)
        return ~(at_lower | at_upper | (lower == upper))

    def all(self, mask: Mask) -> bool:
        return bool(self._all(mask))

    def masked(self, x: Point, mask: Mask) -> Point:
        return self._np.where(mask, x, 0.0)

    def restricted(self, H: Matrix, mask: Mask, diagonal: float = 1.0) -> Matrix:
        H = self._np.where(mask[:, None] & mask, H, 0.0)
        H.ravel()[self._diagonal][~mask] = diagonal
        return H
