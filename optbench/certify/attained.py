"""Whether there is a minimum at all: the infimum of a continuous function on a closed and bounded set is attained.

Everything but the boxes that are left was excluded; so it is enough that each of them is bounded, that all functions are
continuous on the closed part of it where they are defined, and that no end of the range and no constraint is open there.
"""

from __future__ import annotations

import numpy as np

from optbench.arithmetic.interval_reading import CLOSED
from optbench.certify.boxes import Batch
from optbench.certify.examination import widened
from optbench.certify.model import Model


def attained(model: Model, left: Batch) -> bool:
    """Return whether it is proved that the infimum is attained, given the boxes in which it is approached."""
    if not left.count or not np.isfinite(left.box).all():
        return False
    values = model.values(widened(model, left))
    open_low = model.open_lower[:, None] & (left.box[0] == model.lower[:, None])
    open_high = model.open_upper[:, None] & (left.box[1] == model.upper[:, None])
    lax = values.bounds[1, 1:] < 0
    strict = model.strict[:, None] & ~lax
    return bool((values.state <= CLOSED).all() and not open_low.any() and not open_high.any() and not strict.any())
