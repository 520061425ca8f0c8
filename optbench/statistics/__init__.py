"""Statistics over the journals of batches: pure functions on lists of records, in plain Python.

`records` reads journals, `truth` says what each problem's optimum is and whether an attempt has it, `outcomes` brings the
repeats of an attempt together. On these stand `profiles` (performance and data profiles, ECDF, ERT), `summary` (a line a
method) and `change` (what differs between two runs, beyond the noise).
"""
