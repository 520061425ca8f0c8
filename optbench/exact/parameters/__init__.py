"""Parameters that have no values: signs under assumptions, and minimisation that holds for all of their values."""
