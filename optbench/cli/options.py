"""What several commands take, each option said once; `Flags` of `arguments` holds what those that describe the problem give."""

from typing import Annotated, TypeAlias

import typer

from optbench.cli import completion

PROBLEM = "The problem"
METHODS = "How it is solved"
LIMITS = "Limits"
OUTPUT = "The answer"

Range: TypeAlias = Annotated[
    tuple[str, str] | None, typer.Option("--range", metavar="LO HI", help="The range of all variables.", rich_help_panel=PROBLEM)
]
Var: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="x=LO..HI", help="A range: 'x=[0, 10)', 'x[100]=-5..5'; or a shape: 'x[100]'.", rich_help_panel=PROBLEM),
]
Integer: TypeAlias = Annotated[
    list[str] | None, typer.Option("--integer", metavar="x", help="A variable that takes whole numbers only.", rich_help_panel=PROBLEM)
]
Data: TypeAlias = Annotated[
    str | None, typer.Option("--data", metavar="FILE", help="A CSV file whose columns are arrays.", rich_help_panel=PROBLEM)
]
Maximize: TypeAlias = Annotated[bool, typer.Option("--maximize", help="Look for the maximum.", rich_help_panel=PROBLEM)]
SubjectTo: TypeAlias = Annotated[
    list[str] | None, typer.Option("--subject-to", metavar="TEXT", help="A constraint, such as 'x + y <= 1'.", rich_help_panel=PROBLEM)
]
Param: TypeAlias = Annotated[list[str] | None, typer.Option("--param", metavar="a=2", help="A parameter.", rich_help_panel=PROBLEM)]
Start: TypeAlias = Annotated[list[str] | None, typer.Option("--start", metavar="x=1", help="Where methods begin.", rich_help_panel=PROBLEM)]
Method: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        metavar="NAME[:opt=val,...]",
        help="A method to run; a pattern, auto or all. Without it those of the problem, or a small panel.",
        rich_help_panel=METHODS,
        autocompletion=completion.methods,
    ),
]
Starts: TypeAlias = Annotated[
    int, typer.Option("--starts", metavar="N", help="From how many points each method begins.", rich_help_panel=METHODS)
]
NoExact: TypeAlias = Annotated[bool, typer.Option("--no-exact", help="No closed forms.", rich_help_panel=METHODS)]
NoCertify: TypeAlias = Annotated[bool, typer.Option("--no-certify", help="No certificate.", rich_help_panel=METHODS)]
Tolerance: TypeAlias = Annotated[float, typer.Option("--tol", help="Relative tolerance of the methods.", rich_help_panel=METHODS)]
ExactTime: TypeAlias = Annotated[
    float, typer.Option("--exact-time", metavar="SECONDS", help="Limit of the exact stage.", rich_help_panel=LIMITS)
]
CertifyTime: TypeAlias = Annotated[
    float, typer.Option("--certify-time", metavar="SECONDS", help="Limit of certification.", rich_help_panel=LIMITS)
]
TimeLimit: TypeAlias = Annotated[
    float, typer.Option("--time-limit", metavar="SECONDS", help="Limit of everything.", rich_help_panel=LIMITS)
]
MemoryLimit: TypeAlias = Annotated[
    str, typer.Option("--memory-limit", metavar="SIZE", help="What one attempt may use: 512MB, 4GB.", rich_help_panel=LIMITS)
]
Seed: TypeAlias = Annotated[int, typer.Option("--seed", help="The seed all others derive from.", rich_help_panel=METHODS)]
NoColor: TypeAlias = Annotated[bool, typer.Option("--no-color", help="No colours.", rich_help_panel=OUTPUT)]
Debug: TypeAlias = Annotated[bool, typer.Option("--debug", help="Show where an internal error happened.", rich_help_panel=OUTPUT)]
