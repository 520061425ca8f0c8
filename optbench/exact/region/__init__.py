"""Signs of expressions on regions of several unknowns, and unknowns that are isolated in a condition."""
