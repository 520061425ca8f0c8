"""`optbench verify`: whether proofs in files hold, checked by a program that shares nothing with the one that made them."""

from pathlib import Path
from typing import Annotated

import typer

from optbench.cli.streams import complain
from optbench.errors import ExitCode, printable


def verify(
    paths: Annotated[list[str], typer.Argument(metavar="FILE...", help="Certificates, as `solve --certificate FILE` writes them.")],
    json_: Annotated[bool, typer.Option("--json", help="One line of JSON for each.")] = False,
) -> int:
    """Check certificates step by step, with arithmetic that assumes nothing; exit code 9 where one is refused."""
    from optbench.cli.answers import first_that_applies

    return first_that_applies([_verified(path, json_) for path in paths])


def _verified(path: str, as_json: bool) -> ExitCode:
    from optbench.verify import Refused, check

    try:
        accepted = check(Path(path))
    except OSError as error:
        complain(f"'{path}' can't be read: {(error.strerror or 'it is no file').lower()}.")
        return ExitCode.USAGE
    except Refused as reason:
        if as_json:
            _print_json({"path": path, "accepted": False, "reason": str(reason)})
        else:
            print(f"{printable(path)}: refused: {printable(str(reason))}.")
        return ExitCode.DISAGREEMENT
    if as_json:
        _print_json({"path": path, "accepted": True, **accepted.facts()})
    else:
        print(f"{printable(path)}: accepted: {printable(accepted.sentence())}")
    return ExitCode.ANSWERED


def _print_json(row: dict[str, object]) -> None:
    import json

    print(json.dumps(row))
