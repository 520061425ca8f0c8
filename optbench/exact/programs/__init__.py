"""Linear, quadratic and convex programs in exact arithmetic, and the recognition of numerical points as formulas."""
