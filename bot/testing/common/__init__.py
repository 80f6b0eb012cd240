"""What every network's server here has: a clock of its own, trouble on demand, a signal."""
