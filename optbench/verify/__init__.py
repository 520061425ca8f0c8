"""Checking proofs that optbench wrote: `check` reads a file and says whether it holds, and why not.

Nothing of this imports what made the proof. Enclosures are of python-flint's balls, which assume nothing of the processor or
of libraries of elementary functions; expressions are read, and derived, by `optbench.language`.
"""

from optbench.verify.certificate import Accepted, check
from optbench.verify.ranges import Refused

__all__ = ["Accepted", "Refused", "check"]
