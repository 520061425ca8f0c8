"""Stochastic gradient descent: steps against the gradient's estimate from a mini-batch of the rows of data."""

from __future__ import annotations

from dataclasses import dataclass

from .line_search import first_length
from .method import Iterates, Method, RowSum, settled
from .mini_batches import HeavyBall, Plan, Shuffled, batch_option, descend, epochs_option, schedule_option
from .options import Options, option
from .space import Point

_MOST, _PART = 100, 10  # rows of a batch: so many, or this part of fewer rows
_APART = 1e-4  # how far points lie apart whose gradients give the curvature, for points of length 1
_SEEN, _ROUNDS = 3, 5  # batches whose curvature is estimated, and rounds for each


@dataclass(frozen=True)
class SgdOptions(Options):
    """How long a step is, how many rows it sees, and how long it goes on."""

    step: float = option(0.0, "factor of the gradient in a step; 0 means the reciprocal of the batches' curvature at the start", at_least=0)
    batch: int = batch_option(f"{_MOST}, or a {_PART}th of fewer than {_MOST * _PART:,} rows")
    schedule: str = schedule_option()
    momentum: float = option(0.0, "part of the last step that is kept; the step of 0 is shortened accordingly", at_least=0, below=1)
    average: bool = option(True, "whether an epoch ends at the mean of the iterates in its second half where that is better than the last")
    epochs: int = epochs_option()
    patience: int = option(10, "epochs without progress after which it stops", at_least=1)


def sgd(objective: RowSum, x: Point, value: float, options: SgdOptions) -> Iterates:
    """x_{k+1} = P(x_k - alpha_k g_k), where g_k is the gradient's estimate from a batch; an iterate is an epoch.

    Bottou, Curtis & Nocedal 2018, algorithm 4.1, with rows drawn without replacement. With momentum it is their (7.1), with
    the average that of Polyak & Juditsky 1992, taken over half an epoch: where a constant step has come to its noise, the
    mean of many iterates is far nearer to the minimum than the last. It costs one evaluation of the function an epoch.
    """
    rows = objective.rows
    shuffled = Shuffled(objective, options.batch or min(_MOST, max(1, rows // _PART)))
    step = options.step or (1 - options.momentum) * reciprocal_curvature(objective, x, shuffled)
    if not step:
        gradient = objective.gradient(x)
        if outcome := settled(objective, x, value, gradient):
            return outcome
        step = first_length(objective, x, gradient)
    plan = Plan(options.epochs, options.schedule, options.patience, options.average)
    return (yield from descend(objective, x, value, HeavyBall(step, options.momentum), plan, shuffled))


def reciprocal_curvature(objective: RowSum, x: Point, shuffled: Shuffled) -> float:
    """Return 1/L, where L is the greatest curvature at x seen in a few batches; 0 where none is seen.

    The power method for the greatest eigenvalue of the Hessian, with differences of gradients for its products (LeCun,
    Simard & Pearlmutter 1993, Automatic learning rate maximization by on-line estimation of the Hessian's eigenvectors).
    """
    space = objective.space
    apart = _APART * max(1.0, space.max_abs(x))
    largest = 0.0
    for _ in range(_SEEN):
        rows = shuffled.sample()
        gradient = objective.batch_gradient(x, rows)
        size = space.norm(gradient)
        if not (size and space.is_finite(gradient)):
            continue
        direction = -gradient / size
        for _ in range(_ROUNDS):
            there = objective.project(x + apart * direction)
            moved = space.norm(there - x)
            change = objective.batch_gradient(there, rows) - gradient
            size = space.norm(change)
            if not (moved and size and space.is_finite(change)):
                break
            largest = max(largest, size / moved)
            direction = change / size
    return 1 / largest if largest else 0.0


METHOD = Method(
    name="sgd",
    summary="Stochastic gradient descent: steps with the gradient's estimate from a mini-batch of rows, projected onto the bounds.",
    source="H. Robbins & S. Monro 1951, Ann. Math. Statist. 22(3); L. Bottou, F. E. Curtis & J. Nocedal 2018, SIAM Review 60(2)",
    algorithm=sgd,
    options=SgdOptions,
    uses=frozenset({"value", "gradient", "batches"}),
    random=True,
)
