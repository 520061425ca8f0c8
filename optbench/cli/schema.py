"""`optbench schema`: the JSON Schema of a problem file or of a result, for editors and programs."""

from enum import StrEnum
from typing import Annotated

import typer


class Subject(StrEnum):
    """What there is a schema of."""

    problem = "problem"
    result = "result"


def schema(
    what: Annotated[Subject, typer.Argument(metavar="[problem|result]", help="Of which there is to be a schema.")] = Subject.problem,
) -> int:
    """Print the JSON Schema (draft 2020-12) of a problem file, or of a result."""
    import json

    if what is Subject.problem:
        from optbench.problem.schema import schema as of
    else:
        from optbench.report.result_schema import schema as of
    print(json.dumps(of(), indent=2))
    return 0
