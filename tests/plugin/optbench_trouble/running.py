"""One method that halves the point, which is right where the minimum is at 0, and others that do what no method should."""

import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from optbench.plugin import Iterates, Method, Outcome, Point

DONE = Outcome(True, "it is near to 0")


def halving(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    for _ in range(60):
        x = objective.project(x / 2)
        yield x, objective.value(x)
    return DONE


def never_returns(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    x = objective.project(x / 2)
    yield x, objective.value(x)
    while True:
        time.sleep(0.1)


def forks(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    for _ in range(3):
        if os.fork() == 0:
            with open(os.environ["OPTBENCH_TROUBLE"], "a", encoding="utf-8") as pids:
                pids.write(f"{os.getpid()}\n")
            time.sleep(1000)
    while not os.path.exists(os.environ["OPTBENCH_TROUBLE"]):
        time.sleep(0.01)
    return (yield from halving(objective, x, value, options))


def prints(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    print("printed by Python")
    print("complained by Python", file=sys.stderr)
    os.write(1, b"printed past Python\n")
    return (yield from halving(objective, x, value, options))


def yields_words(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    yield "here", "low"  # type: ignore[misc]
    return DONE


def yields_another_shape(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    yield [[0.0, 0.0, 0.0]], 0.0
    return DONE


def yields_nan(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    yield x * math.nan, math.nan
    return DONE


def returns_nothing(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    yield x, value
    return None  # type: ignore[return-value]


def exits(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    yield x, value
    os._exit(0)


def raises(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    yield x, value
    raise RuntimeError("no\x1b[31m more")


def lies(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    yield x, value
    return Outcome(True, "the start is as good as any")


def claims_a_value(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    yield x, value - 1000
    return DONE


def leaves_the_box(objective: Any, x: Point, value: float, options: Any) -> Iterates:
    yield x * 0 - 1e6, -1e6
    return DONE


def method(algorithm: Callable[..., Iterates]) -> Method:
    name = algorithm.__name__.replace("_", "-")
    return Method(name=name, summary=f"A method that {name}.", source="nobody", algorithm=algorithm)


HALVING = method(halving)
NEVER_RETURNS = method(never_returns)
FORKS = method(forks)
PRINTS = method(prints)
YIELDS_WORDS = method(yields_words)
YIELDS_ANOTHER_SHAPE = method(yields_another_shape)
YIELDS_NAN = method(yields_nan)
RETURNS_NOTHING = method(returns_nothing)
EXITS = method(exits)
RAISES = method(raises)
LIES = method(lies)
CLAIMS_A_VALUE = method(claims_a_value)
LEAVES_THE_BOX = method(leaves_the_box)
