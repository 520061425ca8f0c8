"""What `optbench plot` needs before it draws: the command line, the problem, its function, one value; with `solved` the answer, too."""

import sys

import optbench.cli.app  # noqa: F401
from optbench.cli.arguments import Flags, problem_of
from optbench.workbench.function import Function

text, low, high, *more = sys.argv[1:]
problem = problem_of(text, Flags(range=(low, high)))
function = Function(problem)
function.value(function.space.point([float(high)] * problem.dimension))
if more == ["solved"]:
    from optbench.workbench.engine import solve
    from optbench.workbench.settings import Settings

    solve(problem, Settings(exact_time=3.0, certify_time=3.0, numerical=False, trace=True, account=problem.dimension == 1, digits=15))
