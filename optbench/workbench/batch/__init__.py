"""Batches: many problems by many methods, with limits that kill, a journal that loses nothing, and results of any number of workers.

`plan` says what is to be done, `executor` what does it: `pool` on this machine. `performer` is what happens in a worker,
`journal` keeps every record, and `run` brings them together.
"""
