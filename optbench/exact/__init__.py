"""Exact answers: formulas for the minimum, with a proof that they are all there is, or the reason why there is none.

`stage.solve` tries the strategies in order of cost; each is a file of this folder, with its proof at its head. A strategy
turns a problem into an `ExactAnswer`; what is claimed is proved, by enclosures, by polynomial algebra, or by identities.
What strategies stand on is in folders:

- `numbers`: formulas for numbers, their normal forms, signs, and the proof that one is 0
- `line`: zeros of functions of one unknown, and limits
- `region`: signs of expressions of several unknowns, and unknowns isolated in conditions
- `polynomials`: systems of polynomials, their real solutions, and whether a minimum exists
- `programs`: linear, quadratic and convex programs in exact arithmetic
- `parameters`: problems with parameters that have no values
- `absence`: verdicts on closed forms
"""
