"""Whether methods of other packages may take part: each is imported in a child first, as an import may do anything.

What ends the child, whether it raises, hangs, exits or crashes, is the reason why the method does not run; the others do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from optbench.methods.method import Method
from optbench.methods.plugins import Plugin, Unusable, found, load
from optbench.workbench.supervisor import Ended, Ending, Limits, Send, Supervisor

SECONDS = 20.0  # that an import may take
_MEMORY = 4 * 2**30
_known: dict[str, str | Method] = {}  # what became of those that were asked for


def examine(names: Sequence[str]) -> None:
    """Import each method in a child, two at a time, and those that this did no harm to here; each once only."""
    plugins = [found()[name] for name in names if name not in _known]
    reasons: dict[str, str | None] = {}
    with Supervisor() as supervisor:
        for plugin in plugins:
            supervisor.submit(plugin.name, partial(_reason, plugin), Limits(SECONDS, _MEMORY))
        for event in supervisor.events():
            if isinstance(event, Ended):
                reasons[event.key] = event.payload if event.ending is Ending.FINISHED else f"importing it {event.reason}"
    for plugin in plugins:
        _known[plugin.name] = reasons[plugin.name] or _loaded(plugin)


def admitted(name: str) -> tuple[Method, str | None]:
    """Return a method, and the reason why it can't be used, if there is one: then it has no algorithm."""
    examine([name])
    known, package = _known[name], found()[name].package
    if isinstance(known, Method):
        return known, None
    return Method(name, "It can't be used.", "unknown", origin=package), f"can't be used: {known} (it comes from {package})"


def _reason(plugin: Plugin, send: Send) -> str | None:
    """Return why a plug-in can't be used, as far as its import and its declaration tell."""
    loaded = _loaded(plugin)
    return loaded if isinstance(loaded, str) else None


def _loaded(plugin: Plugin) -> str | Method:
    try:
        return load(plugin)
    except Unusable as reason:
        return str(reason)
