"""What a batch says of itself on standard error while it runs: one line on a terminal, lines at intervals elsewhere, or JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

from optbench.cli.batch import Form
from optbench.errors import printable
from optbench.workbench.batch.run import Listener, Progress

_ON_TERMINAL, _ELSEWHERE, _AS_JSON = 0.2, 5.0, 1.0  # seconds between two reports
_FAILURES = 20  # that are told one by one; then the reports count them
_LONGEST = 300  # characters of a reason


class Teller(Listener):
    """Tells how a batch goes on; `failing` are the statuses that count as failed."""

    def __init__(self, form: Form, failing: Iterable[str]) -> None:
        self.failing = frozenset(failing)
        self.form = form
        self.on_terminal = form is Form.auto and sys.stderr.isatty()
        self.interval = _AS_JSON if form is Form.json else _ON_TERMINAL if self.on_terminal else _ELSEWHERE
        self.told_at = time.monotonic()
        self.failures = 0

    def recorded(self, record: Mapping[str, Any], progress: Progress) -> None:
        """Tell of a failure."""
        if record["status"] not in self.failing or self.form is Form.none:
            return
        self.failures += 1
        reason = printable(str(record["reason"] or "").partition("\n")[0][:_LONGEST])
        if self.form is Form.json:
            names = ("key", "problem", "file", "method", "status")
            self._print_json("failure", {name: record[name] for name in names} | {"reason": reason})
        elif self.failures <= _FAILURES:
            who = f"{record['method']} on " if record["method"] else ""
            last = "; further ones are counted only" if self.failures == _FAILURES else ""
            self._line(f"{record['status']}: {who}{printable(record['file'] or record['problem'])}: {reason}{last}")

    def told(self, sentence: str) -> None:
        """Tell what is no record."""
        if self.form is Form.json:
            self._print_json("note", {"sentence": sentence})
        elif self.form is Form.auto:
            self._line(sentence)

    def waited(self, progress: Progress) -> None:
        """Tell how far it has come, from time to time."""
        if self.form is Form.none or time.monotonic() - self.told_at < self.interval:
            return
        self.told_at = time.monotonic()
        if self.form is Form.json:
            self._print_json("progress", self.figures(progress))
        elif self.on_terminal:
            print(f"\r\x1b[K{self.sentence(progress)}", end="", file=sys.stderr, flush=True)
        else:
            self._line(self.sentence(progress))

    def ended(self, progress: Progress) -> None:
        """Tell what came of it."""
        if self.form is Form.json:
            self._print_json("interrupted" if progress.interrupted else "end", self.figures(progress))
        elif self.form is Form.auto:
            kinds = ", ".join(f"{count:,} {status}" for status, count in progress.statuses.most_common())
            kept = f" ({progress.kept:,} were there before)" if progress.kept else ""
            seconds = time.monotonic() - progress.started
            self._line(f"{progress.done:,} {_records(progress.done)} in {seconds:.1f} s{kept}: {kinds or 'nothing to be done'}")

    def sentence(self, progress: Progress) -> str:
        """Return done/total, rate, time left and failures as a line."""
        about = "" if progress.is_exact else "about "
        left = progress.seconds_left
        remaining = "" if left is None else f", {duration(left)} left"
        failed = progress.failures(self.failing)
        done = progress.done + progress.kept
        return f"{done:,} of {about}{progress.total:,} done, {progress.rate:.3g} a second{remaining}, {failed:,} failed"

    def figures(self, progress: Progress) -> dict[str, Any]:
        """Return the same for programs."""
        left = progress.seconds_left
        return {
            "done": progress.done,
            "kept": progress.kept,
            "total": progress.total,
            "total_is_exact": progress.is_exact,
            "rate": round(progress.rate, 3),
            "seconds_left": None if left is None else round(left, 1),
            "failures": progress.failures(self.failing),
            "statuses": dict(progress.statuses),
        }

    def _print_json(self, event: str, facts: Mapping[str, Any]) -> None:
        print(json.dumps({"event": event, **facts}), file=sys.stderr, flush=True)

    def _line(self, text: str) -> None:
        clear = "\r\x1b[K" if self.on_terminal else ""
        print(f"{clear}{text}", file=sys.stderr, flush=True)


def _records(count: int) -> str:
    return "record" if count == 1 else "records"


def duration(seconds: float) -> str:
    """Return a time as people say it.

    >>> duration(0.2), duration(75), duration(7300), duration(200_000)
    ('1 s', '1 min 15 s', '2 h 1 min', '2 d 7 h')
    """
    whole = max(1, round(seconds))
    for name, size, below, unit in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // unit
            return f"{whole // size} {name}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"
