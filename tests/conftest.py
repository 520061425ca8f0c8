"""For all tests: linear algebra in one thread, as the program sets it, since tests run side by side; and signals that do
what they do in a terminal, also where the suite runs in the background: a shell starts such a job with Ctrl-C ignored,
`nohup` with the hang-up ignored, and every child inherits that."""

from __future__ import annotations

import os
import signal

for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # before anything loads numpy

for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)
