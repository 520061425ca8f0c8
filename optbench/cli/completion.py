"""What the shell offers after a tab: methods and their options, bundled problems, formats.

Each function takes a word as far as it is typed and returns the whole words that begin so. Bash cuts words at @ : and =
before it asks: `reply` puts them together again, and leaves out of what it prints what Bash keeps, all up to the last : or =.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout

_VARIABLE = "_OPTBENCH_COMPLETE"  # that Typer's scripts set


def is_asked() -> bool:
    """Whether the shell asks for completions, and nothing else is to be done."""
    return _VARIABLE in os.environ


def reply(application: Callable[[], object]) -> int:
    """Print what the application offers to the shell; return its exit code, which tells fish whether to offer files."""
    cut = _join_words() if os.environ[_VARIABLE] == "complete_bash" else 0
    offered, code = io.StringIO(), 0
    try:
        with redirect_stdout(offered):
            application()
    except SystemExit as end:
        code = int(end.code or 0)
    sys.stdout.write("".join(line[cut:] for line in offered.getvalue().splitlines(keepends=True)))
    sys.stdout.flush()
    return code


def _join_words() -> int:
    """Make one word again of what Bash has cut in COMP_WORDS: `@`, `ros` become `@ros`; return how much of it Bash keeps."""
    words = os.environ.get("COMP_WORDS", "").split("\n")[: int(os.environ.get("COMP_CWORD") or 0) + 1]
    joined: list[str] = []
    for word in words:
        if joined and word and (word[0] in ":=" or joined[-1][-1:] in ("@", ":", "=")):
            joined[-1] += word
        else:
            joined.append(word)
    os.environ["COMP_WORDS"], os.environ["COMP_CWORD"] = "\n".join(joined), str(len(joined) - 1)
    value = re.sub("^--[^=]+=", "", joined[-1])
    return max(value.rfind(":"), value.rfind("=")) + 1


def methods(incomplete: str) -> list[str]:
    """Names of methods, `auto`, `all`; after `NAME:` its options."""
    from optbench.methods.plugins import all_names

    name, colon, given = incomplete.partition(":")
    if not colon:
        return fitting(incomplete, ["auto", "all", *all_names()])
    if name not in all_names():
        return []
    before = f"{name}:{given[: given.rfind(',') + 1]}"
    return fitting(incomplete, [f"{before}{option}=" for option in _options(name)])


def _options(method: str) -> list[str]:
    from optbench.errors import UsageError
    from optbench.methods.options import describe
    from optbench.methods.registry import get

    try:
        return [row.name for row in describe(get(method))]
    except UsageError:  # of another package, and it can't be used
        return []


def method_names(incomplete: str) -> list[str]:
    """Names of methods, and `probe`."""
    from optbench.methods.plugins import all_names

    return fitting(incomplete, ["probe", *all_names()])


def problems(incomplete: str) -> list[str]:
    """Bundled problems as @NAME; for all else the shell offers files."""
    return fitting(incomplete, [f"@{name}" for name in _problem_names()])


def explained(incomplete: str) -> list[str]:
    """Bundled problems as @NAME, and the words of an answer."""
    from optbench.report.explanation.glossary import names

    return [*problems(incomplete), *fitting(incomplete, names())]


def problem_names(incomplete: str) -> list[str]:
    """Names of bundled problems."""
    return fitting(incomplete, _problem_names())


def _problem_names() -> list[str]:
    from optbench.problem.library import names

    return names()


def formats(incomplete: str) -> list[str]:
    """Formats of the answer."""
    from optbench.report import formats as known

    return fitting(incomplete, known())


def conversions(incomplete: str) -> list[str]:
    """Languages in which a problem can be written."""
    from optbench.convert import formats as known

    return fitting(incomplete, known())


def exports(incomplete: str) -> list[str]:
    """Formats with an equals sign; what follows it is a file."""
    from optbench.report import formats as known

    return fitting(incomplete, [f"{name}=" for name in known()])


def fitting(incomplete: str, words: Iterable[str]) -> list[str]:
    """Return those of the words that begin as typed."""
    return [word for word in words if word.startswith(incomplete)]
