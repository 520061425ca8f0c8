"""Whether a stationary point has a closed form: found, proved to have none in a class of numbers, or not known.

`judged` in `verdict` is the way in. `stationary` brings the point's equation, `field` reads it as a fraction of polynomials in
the unknown, roots, and kernels (exponentials and logarithms), `elimination` leaves polynomials in z and exp(z), about which
Lin's theorem speaks, `galois` proves that roots of polynomials can't be written with radicals, `radicals` writes those that
can. docs/closed-forms.md has the theorems and their sources.
"""
