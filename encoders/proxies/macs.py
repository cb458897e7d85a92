"""MACs: multiply-accumulates of the canonical graph for one example."""

from __future__ import annotations

from encoders.proxies.subject import Subject


def score(subject: Subject) -> float:
    """`ArchGraph.macs` of the canonical graph. Reads the graph alone, without torch."""
    return float(subject.graph.macs)
