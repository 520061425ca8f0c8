"""Runs of batches as people and programs read them: one in figures, or two compared.

`words` says both in sentences and tables, `text`, `markdown` and `json` write them: each has `render(found) -> str` for a
`Summary` and for a `Comparison`. `profile_plot` draws profiles with characters.
"""
