"""The application: its commands, and what happens to errors.

`run` turns every way in which a command can end into an exit code: answers, mistakes of the user (a sentence on
standard error), an interrupt, a reader who has left, and bugs of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from optbench.cli import streams
from optbench.cli.check import check
from optbench.cli.dashes import shielded
from optbench.cli.methods import methods
from optbench.cli.solve import solve
from optbench.cli.values import PlainCommand, PlainGroup
from optbench.errors import ExitCode, OptbenchError, printable

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
app.command(cls=PlainCommand)(check)
app.command(cls=PlainCommand)(methods)


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
        streams.prepare()
        code = app(shielded(argv), standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except (typer.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except typer.TyperException as error:
        print(_usage(error, argv), file=sys.stderr)
        return ExitCode.USAGE
    except OptbenchError as error:
        streams.complain(error)
        return error.exit_code
    except (BrokenPipeError, SystemExit):  # typer exits where it meets a broken pipe
        streams.leave_quietly()
        return ExitCode.ANSWERED
    except Exception as error:
        return _unexpected(error, "--debug" in argv)


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


def _usage(error: typer.TyperException, argv: Sequence[str]) -> str:
    """The sentence of a mistake in options or arguments; without arguments it is the help text."""
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    if message.lstrip().startswith("Usage"):
        return message
    command = "".join(f" {word}" for word in argv[:1] if word in ("solve", "check", "methods"))
    return f"error: {printable(message)}{'' if message.endswith(('.', '?')) else '.'} `optbench{command} --help` shows what is accepted."
