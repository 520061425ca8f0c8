"""`optbench plot`: the function with its stationary points, the enclosures and the paths of methods."""

import os
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from optbench.cli import completion, options
from optbench.errors import ExitCode, UsageError, printable

if TYPE_CHECKING:
    from optbench.problem.problem import Problem
    from optbench.report.picture.known import Known
    from optbench.report.picture.model import Picture

_FILES = (".svg", ".png", ".pdf")
_PLAIN_WIDTH, _PLAIN_HEIGHT = 80, 24  # characters, where no terminal says more
_LEGEND = 6  # lines of a terminal that are left for what stands below
_CHARACTERS = ((20, 1000), (8, 500))  # least and greatest width and height
_PIXELS = ((200, 10_000), (150, 10_000))
_FILE_SIZE = (720, 460)
_NO_METHOD = "No method was run for this picture; --method auto draws what one finds."


def plot(
    what: Annotated[
        str,
        typer.Argument(
            metavar="EXPR|FILE|@NAME|-",
            help="An expression, a .yaml, .json or .nl file, a bundled problem, or - for standard input.",
            autocompletion=completion.problems,
        ),
    ],
    range_: options.Range = None,
    var: options.Var = None,
    integer: options.Integer = None,
    data: options.Data = None,
    maximize: options.Maximize = False,
    subject_to: options.SubjectTo = None,
    param: options.Param = None,
    start: options.Start = None,
    slice_: Annotated[
        list[str] | None,
        typer.Option(
            "--slice",
            metavar="x=1,y=2",
            help="Hold unknowns at values: 'y=2', 'x[2:]=0'; one or two stay free.",
            rich_help_panel=options.PROBLEM,
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:opt=val,...]",
            help="A method whose path is drawn; a pattern, auto or all.",
            rich_help_panel=options.METHODS,
            autocompletion=completion.methods,
        ),
    ] = None,
    no_exact: options.NoExact = False,
    no_certify: options.NoCertify = False,
    seed: options.Seed = 0,
    exact_time: options.ExactTime = 3.0,
    certify_time: options.CertifyTime = 3.0,
    time_limit: options.TimeLimit = 30.0,
    memory_limit: options.MemoryLimit = "4GB",
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write a .svg file; .png and .pdf with the extra `plots`.", rich_help_panel=options.OUTPUT
        ),
    ] = None,
    width: Annotated[int | None, typer.Option(metavar="N", help="Characters; pixels of a file.", rich_help_panel=options.OUTPUT)] = None,
    height: Annotated[int | None, typer.Option(metavar="N", help="Characters; pixels of a file.", rich_help_panel=options.OUTPUT)] = None,
    no_color: options.NoColor = False,
    debug: options.Debug = False,
) -> int:
    """Draw a function of one or two unknowns, with its stationary points, enclosures, constraints, and the paths of methods."""
    from optbench.cli import drawing
    from optbench.cli.arguments import Flags, one_problem
    from optbench.problem.slice import sliced
    from optbench.report.picture.drawn import Detail
    from optbench.workbench.function import Function

    format_ = _format(out)
    size = _size(width, height, format_)
    flags = Flags.given(range_, var, integer, data, maximize, subject_to, param, start)
    problem = sliced(one_problem(what, flags), slice_ or [])
    drawing.check(problem)
    for sentence in problem.warnings:
        print(f"warning: {printable(sentence)}", file=sys.stderr)
    limits = {"exact_time": exact_time, "certify_time": certify_time, "time_limit": time_limit}
    known, code = _known(problem, method or [], not no_exact, not no_certify, limits, memory_limit, seed, debug)
    detail = Detail() if format_ else Detail(size[0], min(size[0], 120), min(2 * size[1], 90), levels=min(max(size[1] // 3, 3), 7))
    _give(drawing.drawn(problem, Function(problem), known, detail), out, format_, size, color=not no_color)
    return code


def _format(out: str | None) -> str | None:
    """The format of the file; None for the terminal."""
    if out is None:
        return None
    ending = os.path.splitext(out)[1].lower()
    if ending not in _FILES:
        raise UsageError(f"--out takes a file that ends in .svg, .png or .pdf, not '{printable(out[-60:])}'.")
    if ending != ".svg":
        from optbench.report.picture import paper

        if not paper.is_possible():
            raise UsageError(f"'{ending}' can't be drawn: {paper.MISSING}. A .svg file needs nothing.")
    return ending[1:]


def _size(width: int | None, height: int | None, format_: str | None) -> tuple[int, int]:
    """Width and height as asked for, or what fits."""
    limits = _PIXELS if format_ else _CHARACTERS
    for option, given, (least, most) in (("--width", width, limits[0]), ("--height", height, limits[1])):
        if given is not None and not least <= given <= most:
            raise UsageError(f"{option} takes {'pixels' if format_ else 'characters'} from {least} to {most:,}, not {given}.")
    if format_:
        return width or _FILE_SIZE[0], height or _FILE_SIZE[1]
    if not sys.stdout.isatty():
        return width or _PLAIN_WIDTH, height or _PLAIN_HEIGHT
    columns, lines = shutil.get_terminal_size((_PLAIN_WIDTH, _PLAIN_HEIGHT))
    fits = min(max(columns, _CHARACTERS[0][0]), _CHARACTERS[0][1]), min(max(lines - _LEGEND, _CHARACTERS[1][0]), _PLAIN_HEIGHT * 2)
    return width or fits[0], height or fits[1]


def _known(
    problem: "Problem", methods: list[str], exact: bool, certify: bool, limits: dict[str, float], memory_limit: str, seed: int, debug: bool
) -> "tuple[Known, ExitCode]":
    """What the exact stage, certification and the methods find, and the exit code that this makes."""
    from optbench.report.picture.known import Known

    if not methods and not exact and not certify:
        return Known(), ExitCode.ANSWERED
    from optbench.cli import answers
    from optbench.report.picture.answer import known
    from optbench.workbench.function import Function

    settings = answers.settings(
        methods=methods,
        memory_limit=memory_limit,
        require="local",
        exact=exact,
        certify=certify,
        certificate=None,
        tolerance=1e-8,
        digits=15,
        seed=seed,
        starts=1,
        trace=True,
        account=exact and problem.dimension == 1,
        numerical=bool(methods),
        debug=debug,
        **limits,
    )
    result, interrupted = answers.solved(problem, settings)
    if interrupted:
        print("interrupted: what was found until then is drawn.", file=sys.stderr)
    code = ExitCode.INTERRUPTED if interrupted else ExitCode.DISAGREEMENT if result.disagreements else ExitCode.ANSWERED
    found = known(result, Function(problem).entry_names())
    if not methods and not result.assurance.is_proof:
        found = replace(found, notes=(*found.notes, _NO_METHOD))
    return found, code


def _give(picture: "Picture", out: str | None, format_: str | None, size: tuple[int, int], color: bool) -> None:
    """Print the picture, or write it to a file and tell its name."""
    if out is None:
        _show(picture, size, color)
        return
    if format_ == "svg":
        from optbench.report.picture import svg

        content = svg.render(picture, *size).encode()
    else:
        from optbench.report.picture import paper

        content = paper.render(picture, format_ or "", *size)
        for note in picture.notes:  # a figure for a paper has no room for them
            print(f"note: {printable(note)}", file=sys.stderr)
    try:
        with open(out, "wb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"'{printable(out)}' can't be written: {os.strerror(error.errno or 0).lower()}.") from None
    print(printable(out))


def _show(picture: "Picture", size: tuple[int, int], color: bool) -> None:
    from optbench.report.picture import braille

    colored = color and sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    signs = braille.BRAILLE if _prints("".join(braille.BRAILLE.all())) else braille.ASCII
    sys.stdout.write("\n".join(braille.render(picture, *size, colored, signs)) + "\n")


def _prints(text: str) -> bool:
    """Whether standard output has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
