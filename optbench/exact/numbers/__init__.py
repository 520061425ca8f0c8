"""Numbers given by formulas: normal forms, identities, algebraic numbers, and the proof that one is 0 or has a sign."""
