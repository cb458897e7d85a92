"""Parameters: learned scalars of the canonical graph, shared weights counted per use."""

from __future__ import annotations

from encoders.proxies.subject import Subject


def score(subject: Subject) -> float:
    """The effective parameters (`ArchGraph.params` of the canonical graph). Reads the graph alone, without torch."""
    return float(subject.graph.params)
