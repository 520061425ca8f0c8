"""The application: its commands, and what happens to errors.

`run` turns every way in which a command can end into an exit code: answers, mistakes of the user (a sentence on
standard error), an interrupt, a reader who has left, and bugs of ours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from optbench.cli.arguments import shielded
from optbench.cli.check import check
from optbench.cli.methods import methods
from optbench.cli.solve import solve
from optbench.errors import ExitCode, OptbenchError, printable

app = typer.Typer(
    name="optbench",
    help="Exact, certified and numerical answers to 'where is the minimum?', side by side.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(solve)
app.command()(check)
app.command()(methods)


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
        code = app(shielded(argv), standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except typer.Abort:
        return ExitCode.INTERRUPTED
    except typer.TyperException as error:
        print(_usage(error), file=sys.stderr)
        return ExitCode.USAGE
    except OptbenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        _leave_quietly()
        return ExitCode.ANSWERED
    except Exception as error:  # a bug of ours: a sentence here, the traceback with --debug
        if "--debug" in argv:
            raise
        print(f"internal error: {type(error).__name__}: {printable(str(error))[:300]} (--debug shows where)", file=sys.stderr)
        return ExitCode.INTERNAL


def _usage(error: typer.TyperException) -> str:
    """The sentence of a mistake in options or arguments; without arguments it is the help text."""
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    return message if message.lstrip().startswith("Usage") else f"error: {message} (optbench --help shows what is accepted)"


def _leave_quietly() -> None:
    """The reader of our output has left: nothing more is written, not even by Python at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
