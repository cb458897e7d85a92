"""Measured networks as text, in the form in which they were measured, so that they can be fitted again with more."""

from __future__ import annotations

from encoders import text
from onnx_bench.graph import ArchGraph


def write(graph: ArchGraph) -> str:
    """The canonical text of a normalised graph; of a network as it was trained the text with all that it runs."""
    return text.encode(graph) if graph.normalised else text.write(graph)


def read(written: str) -> ArchGraph:
    """Inverse of `write`: a text that is not canonical is of a network as it was trained.

    Raises:
        MalformedModelError: It is no text of a network.
    """
    graph = text.decode(written)
    canonical = graph.normalise()
    return canonical if text.encode(canonical) == written else graph
