"""`optbench verify`: whether proofs in files hold, checked by a program that shares nothing with the one that made them.

A file is a result, whose closed forms and certificate are checked, in a child with limits, or else the file of a certificate.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from optbench.cli.streams import complain
from optbench.errors import ExitCode, OptbenchError, printable

_SECONDS, _BYTES = 300.0, 4 * 2**30  # that the check of a result may take
_LARGEST = 4 * 2**30  # bytes of a file


def verify(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Results of `solve --json`, and certificates that `solve --certificate FILE` writes."),
    ],
    json_: Annotated[bool, typer.Option("--json", help="One line of JSON for each.")] = False,
) -> int:
    """Check proofs step by step, with arithmetic that assumes nothing; exit code 9 where one is refused.

    Of a result, the verdicts on closed forms are checked, and the certificate's file that it names.
    """
    from optbench.cli.answers import first_that_applies

    return first_that_applies([_verified(path, json_) for path in paths])


def _verified(path: str, as_json: bool) -> ExitCode:
    from optbench.problem.regular_file import regular_file
    from optbench.verify import Refused

    try:
        regular_file(path, _LARGEST).close()  # a pipe or a device would never end
        facts, lines = _checked(Path(path))
    except OptbenchError as error:
        complain(str(error))
        return error.exit_code
    except OSError as error:
        complain(f"'{error.filename or path}' can't be read: {(error.strerror or 'it is no file').lower()}.")
        return ExitCode.USAGE
    except Refused as reason:
        if as_json:
            _print_json({"path": path, "accepted": False, "reason": str(reason)})
        else:
            print(f"{printable(path)}: refused: {printable(str(reason))}.")
        return ExitCode.DISAGREEMENT
    if as_json:
        _print_json({"path": path, "accepted": True, **facts})
    else:
        print("\n  ".join(map(printable, [f"{path}: accepted: {lines[0]}", *lines[1:]])))
    return ExitCode.ANSWERED


def _checked(path: Path) -> tuple[dict[str, Any], list[str]]:
    """What the proofs in a file prove, as JSON and in sentences; raises `Refused` and `OSError`."""
    from optbench.verify import check, result_in

    result = result_in(path)
    if result is None:
        accepted = check(path)
        return accepted.facts(), [accepted.sentence()]
    facts = _result_checked(result, path)
    return facts, list(_sentences(facts))


def _result_checked(result: dict[str, Any], path: Path) -> dict[str, Any]:
    """What the proofs in a result prove, found in a child, since a hostile one can take for ever."""
    from optbench.verify import Refused, check_result
    from optbench.workbench.supervisor import Ended, Ending, Limits, Send, Supervisor

    def task(send: Send) -> Any:
        try:
            return {"facts": check_result(result, path).facts()}
        except Refused as reason:
            return {"refused": str(reason)}
        except OSError as error:
            return {"unreadable": [error.errno, error.strerror, error.filename and str(error.filename)]}

    with Supervisor(jobs=1) as supervisor:
        supervisor.submit("check", task, Limits(_SECONDS, _BYTES))
        [ended] = [event for event in supervisor.events() if isinstance(event, Ended)]
    if ended.ending is not Ending.FINISHED:
        raise Refused(f"the check {ended.reason}")
    if "unreadable" in ended.payload:
        raise OSError(*ended.payload["unreadable"])
    if "refused" in ended.payload:
        raise Refused(ended.payload["refused"])
    found: dict[str, Any] = ended.payload["facts"]
    return found


def _sentences(facts: dict[str, Any]) -> list[str]:
    from optbench.report.verdict_words import absence

    count = len(facts["closed_forms"]) + (facts["certificate"] is not None)
    lines = [f"{count} proof{'' if count == 1 else 's'} on {facts['objective'][:200]}."]
    for finding in facts["closed_forms"]:
        at = ", ".join(f"{name} = {value}" for name, value in finding["at"].items())
        none = absence(finding["none_in"], finding["theorem"], finding["assumes"], finding["review"])
        lines.append(f"closed form{f' of {at}' if at else ''}: {none}")
    return lines + ([] if facts["certificate"] is None else [facts["certificate"]["sentence"]])


def _print_json(row: dict[str, object]) -> None:
    import json

    print(json.dumps(row))
