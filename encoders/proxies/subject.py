"""`Subject`: one network under test, in the form that every proxy sees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from encoders.proxies.batch_norms import with_batch_norms
from onnx_bench.canonical_order import canonical_order
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Graph
from onnx_bench.writers.attach import attached
from onnx_bench.writers.view import View


@dataclass(frozen=True)
class Subject:
    """A network with the batch and the seed it is measured with.

    What runs is made of the nodes in canonical order, so a proxy is a function of the fingerprint, the batch
    and the seed, whatever form or order the graph came in.

    Attributes:
        graph: The canonical graph.
        batch: Examples in the random batch.
        seed: Decides weights, inputs and labels.
    """

    graph: ArchGraph
    batch: int
    seed: int

    @cached_property
    def trainable(self) -> Graph:
        """The graph in canonical order, its batch norms put back (see `encoders.proxies.batch_norms`)."""
        return attached(with_batch_norms(canonical_order(self.graph)))

    @cached_property
    def view(self) -> View:
        """The inputs of `trainable`, and where their batch axis is."""
        return View.of(self.trainable)

    @property
    def fixed(self) -> bool:
        """Whether the network takes one example at a time."""
        return bool(self.view.fixed_because)
