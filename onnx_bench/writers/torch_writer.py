"""Write a graph as a runnable torch module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onnx_bench.node import Graph
from onnx_bench.writers.source_writer import source_of
from onnx_bench.writers.structure import Structure
from onnx_bench.writers.view import View
from onnx_bench.writers.weights import named_weights

if TYPE_CHECKING:
    import torch


def to_module(graph: Graph, *, blocks: bool = True) -> torch.nn.Module:
    """The network as a torch module in inference mode, with PyTorch's own initialisation.

    It is what the source of `to_source` defines: that text is run, so the two cannot differ. The text is made of our
    own words and of literals; no name or string of a file gets into it.

    Args:
        graph: A graph in canonical form, batch norms and dead branches allowed.
        blocks: Whether repeated parts become submodules. Without them the module is made several times faster, and its
            weights have other names than those of `to_source`.

    Raises:
        UnsupportedGraphError: An operator has no PyTorch form, or a shape is unknown.
        ModelTooLargeError: There are more weights than `weights.MAX_ELEMENTS`.
    """
    view = View.of(graph)
    structure = Structure.of(view) if blocks else Structure.flat(view)
    named_weights(view, structure)
    namespace: dict[str, Any] = {"__name__": "archlm_network"}
    exec(compile(source_of(view, structure, "Network"), "<network>", "exec"), namespace)
    module: torch.nn.Module = namespace["Network"]()
    return module.eval()
