"""What every network's server here has: HTTP, a clock of its own, trouble on demand, a signal."""
