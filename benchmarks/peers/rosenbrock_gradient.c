/* The gradient of the chained Rosenbrock function, as one would write it by hand. */
void gradient(const double *x, double *g, long n) {
    g[0] = 0.0;
    for (long i = 0; i + 1 < n; i++) {
        double r = x[i + 1] - x[i] * x[i];
        g[i] += -400.0 * x[i] * r - 2.0 * (1.0 - x[i]);
        g[i + 1] = 200.0 * r;
    }
}
