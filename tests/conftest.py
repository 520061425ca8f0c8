"""For all tests: linear algebra in one thread, as the program sets it, since tests run side by side."""

from __future__ import annotations

import os

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # before anything loads numpy
