"""Exact answers: formulas for the minimum, with a proof that they are all there is, or the reason why there is none.

`stage.solve` tries the strategies in order of cost. A strategy turns a problem into an `ExactAnswer`: `univariate` cuts
the range into pieces on which the function is smooth (`pieces`), solves f' = 0 on each (`equation`, one file a solver),
proves that no root is missing (`zeros`), takes the limits at open ends (`limits`) and compares the values (`candidates`).
What is claimed is proved: by enclosures, by polynomial algebra, or by identities (`identities`, `algebraic`).
"""
