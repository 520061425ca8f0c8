"""optbench: exact, certified and numerical answers to "where is the minimum?", side by side.

>>> import optbench
>>> result = optbench.solve("x*log(x) - sqrt(x)", range=(0, 10))  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optbench.api import define, solve
    from optbench.errors import OptbenchError

__version__ = "0.1.0"
__all__ = ["OptbenchError", "__version__", "define", "solve"]


def __getattr__(name: str) -> Any:
    """Import the Python API when it is first used, so that `optbench --version` imports nothing."""
    if name in ("solve", "define"):
        from optbench import api

        return getattr(api, name)
    if name == "OptbenchError":
        from optbench.errors import OptbenchError

        return OptbenchError
    raise AttributeError(f"module 'optbench' has no attribute '{name}'")
