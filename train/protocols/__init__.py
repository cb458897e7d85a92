"""The protocols of `TARGETS`: each a command that writes one table to train/results."""
