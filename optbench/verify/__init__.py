"""Checking proofs that optbench wrote: `check` reads a certificate's file and says whether it holds, and why not; so does
`check_result` for what `result_in` finds in a file, a result with verdicts on closed forms.

Nothing of this imports what made the proof. Enclosures are of python-flint's balls, which assume nothing of the processor or
of libraries of elementary functions; expressions are read, and derived, by `optbench.language`; polynomials are SymPy's, whose
factors and resultants are a second way to those of the search.
"""

from optbench.verify.certificate import Accepted, check
from optbench.verify.ranges import Refused
from optbench.verify.result_file import AcceptedResult, check_result, result_in

__all__ = ["Accepted", "AcceptedResult", "Refused", "check", "check_result", "result_in"]
