"""Latency on devices: known ones, and new ones from a few measurements."""
