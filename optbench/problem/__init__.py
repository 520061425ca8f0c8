"""Problems: written (`draft`, from a file, flags or the Python API) and validated (`problem`).

`reader` reads files into drafts, `data` reads their columns, `validate` makes the immutable `Problem` that everything
downstream trusts. `library` finds the bundled problems.
"""
