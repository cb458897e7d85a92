"""The protocols that measure archlm: each a command that writes one table to train/results."""
