"""The application: its commands, and what happens to errors.

`run` turns every way in which a command can end into an exit code: answers, mistakes of the user (a sentence on
standard error), an interrupt, a reader who has left, and bugs of ours.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import typer

from optbench.cli import completion, streams
from optbench.cli.batch import batch
from optbench.cli.check import check
from optbench.cli.compare import compare
from optbench.cli.convert import convert
from optbench.cli.explain import explain
from optbench.cli.info import info
from optbench.cli.merge import merge
from optbench.cli.methods import methods
from optbench.cli.plot import plot
from optbench.cli.problems import problems
from optbench.cli.report import report
from optbench.cli.schema import schema
from optbench.cli.solve import solve
from optbench.cli.values import PlainCommand, PlainGroup
from optbench.cli.verify import verify
from optbench.errors import ExitCode, OptbenchError, UsageError, printable

app = typer.Typer(
    name="optbench",
    cls=PlainGroup,
    help="Exact, certified and numerical answers to 'where is the minimum?', side by side.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=PlainCommand)(solve)
app.command(cls=PlainCommand)(batch)
app.command(cls=PlainCommand)(merge)
app.command(cls=PlainCommand)(compare)
app.command(cls=PlainCommand)(report)
app.command(cls=PlainCommand)(explain)
app.command(cls=PlainCommand)(plot)
app.command(cls=PlainCommand)(check)
app.command(cls=PlainCommand)(convert)
app.command(cls=PlainCommand)(verify)
app.command(cls=PlainCommand)(methods)
app.add_typer(problems)
app.command(cls=PlainCommand)(schema)
app.command(cls=PlainCommand)(info)


def _show_version(asked: bool) -> None:
    if asked:
        from optbench import __version__

        typer.echo(f"optbench {__version__}")
        raise typer.Exit


@app.callback()
def _main(version: bool = typer.Option(False, "--version", "-V", callback=_show_version, is_eager=True, help="Show the version.")) -> None:
    pass


def run(argv: Sequence[str]) -> int:
    """Run a command line and return its exit code."""
    try:
        return _invoked(argv)
    except (typer.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except OptbenchError as error:
        streams.complain(error)
        return error.exit_code
    except (BrokenPipeError, SystemExit):  # typer exits where it meets a broken pipe
        streams.leave_quietly()
        return ExitCode.ANSWERED
    except Exception as error:
        return _unexpected(error, "--debug" in argv)


def _invoked(argv: Sequence[str]) -> int:
    streams.prepare()
    if completion.is_asked():
        return completion.reply(lambda: app(prog_name="optbench", standalone_mode=False))
    try:
        code = app(list(argv), prog_name="optbench", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except typer.TyperException as error:
        return _misused(error, argv)


def _unexpected(error: Exception, debug: bool) -> int:
    """Standard output that takes no more, or a bug of ours: a sentence here, the traceback with --debug."""
    if reason := streams.why_unwritable(error):
        streams.leave_quietly()
        streams.complain(f"The answer can't be written to standard output: {reason}.")
        return ExitCode.USAGE
    if debug:
        raise error
    words = printable(f"{type(error).__name__}: {error}"[:300])
    print(f"internal error: {words} (this is a fault of optbench; --debug shows where)", file=sys.stderr)
    return ExitCode.INTERNAL


def _misused(error: typer.TyperException, argv: Sequence[str]) -> int:
    """A mistake in options or arguments: a sentence, for programs as a result as well; without arguments the help text."""
    message = error.format_message()
    if message.lstrip().startswith("Usage"):
        print(message, file=sys.stderr)
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    help_ = f"`{context.command_path if context else 'optbench'} --help` shows what is accepted."
    mistake = UsageError(f"{printable(message)}{'' if message.endswith(('.', '?')) else '.'} {help_}")
    if format_ := _format_for_programs(argv):
        from optbench.cli.answers import invalid
        from optbench.cli.outputs import show, texts

        show(texts(format_, [invalid(mistake)], several=False))
    streams.complain(mistake)
    return ExitCode.USAGE


def _format_for_programs(argv: Sequence[str]) -> str | None:
    """The format in which a program asks for results, by a command line that can't be read."""
    from optbench.cli.outputs import FOR_PROGRAMS

    asked = re.search(rf"\0--(?:(json)|format[=\0]({'|'.join(FOR_PROGRAMS)}))\0", "\0".join([*argv, ""]))
    return asked[1] or asked[2] if asked and argv[0] == "solve" else None
