"""Declarations that are wrong."""

from dataclasses import dataclass, replace

from optbench.plugin import Options, option
from optbench_trouble.running import HALVING


@dataclass(frozen=True)
class Plain(Options):
    step: float = 1.0


@dataclass(frozen=True)
class OutOfRange(Options):
    step: float = option(-1.0, "a length", above=0)


WRONG_TYPE = {"name": "wrong-type"}
OTHER_NAME = HALVING
NO_ALGORITHM = replace(HALVING, name="no-algorithm", algorithm=None)
WRONG_USES = replace(HALVING, name="wrong-uses", uses=frozenset({"values"}))
NO_SUMMARY = replace(HALVING, name="no-summary", summary=None)  # type: ignore[arg-type]
BARE_OPTIONS = replace(HALVING, name="bare-options", options=int)  # type: ignore[arg-type]
PLAIN_OPTION = replace(HALVING, name="plain-option", options=Plain)
WRONG_DEFAULT = replace(HALVING, name="wrong-default", options=OutOfRange)
NEEDS_LIBRARY = replace(HALVING, name="needs-library", library="no_such_library_here.part")
