"""Polynomials in several unknowns over the rational numbers: systems, their real solutions, and when a minimum exists."""
