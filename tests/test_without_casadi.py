"""Without CasADi everything but `casadi-*` works, on numpy, with the same answers."""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "casadi":
            raise ImportError("blocked by the test")
        return None

sys.meta_path.insert(0, Blocked())
import optbench
from optbench.workbench.function import Function

chained = "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"
large = optbench.define(chained, variables={"x": {"shape": 300, "range": (-3, 3), "start": 0.9}})
results = {
    "large": optbench.solve(large, exact=False, certify=False, methods=["lbfgs", "casadi-ipopt"]),
    "constrained": optbench.solve("x^2 + y^2", subject_to=["x + y >= 1"], exact=False, certify=False),
    "data": optbench.solve(__import__("pathlib").Path(sys.argv[1]), exact=False, certify=False),
}
assert "casadi" not in sys.modules
rows = {name: {a.method: [a.status.value, a.reason] for a in r.attempts} for name, r in results.items()}
print(json.dumps({name: [r.value, r.assurance.value, rows[name]] for name, r in results.items()}))
"""


def test_everything_but_casadi_works_without_casadi() -> None:
    from optbench.problem.library import path

    done = subprocess.run([sys.executable, "-c", CODE, str(path("iris_logistic"))], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    value, assurance, rows = found["large"]
    assert value < 1e-12
    assert assurance == "local"
    assert rows["casadi-ipopt"] == ["not_applicable", "needs casadi, which can't be imported here"]
    value, assurance, rows = found["constrained"]
    assert (round(value, 9), assurance) == (0.5, "local")
    assert rows["scipy-slsqp"][0] == "converged"
    assert rows["casadi-sqpmethod"][0] == "not_applicable"
    value, assurance, _ = found["data"]
    assert abs(value - 8.92120782175257572) < 1e-8
    assert assurance == "local"
