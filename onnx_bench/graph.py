"""`ArchGraph`: the one architecture type that every floor shares."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from onnx_bench.errors import MalformedModelError
from onnx_bench.fingerprint import fingerprint
from onnx_bench.node import Graph, Node
from onnx_bench.normalise import normalise
from onnx_bench.size_limits import check_sizes

if TYPE_CHECKING:
    import onnx
    import torch

FORMAT = 1
"""Version of the byte form."""


@dataclass(frozen=True)
class ArchGraph(Graph):
    """An architecture: a directed acyclic graph of operators with shapes, without weights.

    Attributes:
        nodes: In topological order, see `onnx_bench.node.Node`.
        outputs: Positions of the graph outputs.
        name: Where it came from (file name, `space:arch`); no part of its identity.
        warnings: What the reader or builder could not represent or had to assume.
        normalised: Whether the normalisation passes have run.
        stored_params: Parameters stored in the file, shared weights counted once, or of the network as it was trained;
            `None` if not known.
        canonical: The canonical graph, where the maker knows it; running the passes takes longer than drawing it.
    """

    name: str = ""
    warnings: tuple[str, ...] = ()
    normalised: bool = False
    stored_params: int | None = None
    canonical: ArchGraph | None = field(default=None, compare=False, repr=False)

    @property
    def num_nodes(self) -> int:
        """Operators, graph inputs included."""
        return len(self.nodes)

    @cached_property
    def params(self) -> int:
        """Learned scalars, shared weights counted per use. On a normalised graph: the effective parameters."""
        return sum(n.params for n in self.nodes)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions, linear maps, matrix products, attention and recurrences, batch 1."""
        return sum(n.macs for n in self.nodes)

    @property
    def inputs(self) -> tuple[int, ...]:
        """Positions of the graph inputs."""
        return tuple(i for i, n in enumerate(self.nodes) if n.op == "Input")

    def normalise(self) -> ArchGraph:
        """The canonical graph (see `onnx_bench.normalise`); itself if it is canonical already."""
        if self.normalised:
            return self
        if self.canonical is not None:
            return self.canonical.renamed(self.name)
        graph, warnings = normalise(self)
        stored = self.params if self.stored_params is None else self.stored_params
        return ArchGraph(graph.nodes, graph.outputs, self.name, self.warnings + warnings, True, stored)

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint(self.normalise())

    def fingerprint(self) -> str:
        """32 hex digits, equal for equal architectures whatever their export, names, weights or batch size."""
        return self._fingerprint

    def renamed(self, name: str) -> ArchGraph:
        """The same architecture under another name."""
        return replace(self, name=name)

    def to_onnx(self, weights: bool = False, seed: int = 0) -> onnx.ModelProto:
        """Write ONNX. See `onnx_bench.writers.onnx_writer`."""
        from onnx_bench.writers.onnx_writer import to_onnx  # onnx: slow to import, and not needed to read or predict

        return to_onnx(self, weights=weights, seed=seed)

    def to_module(self) -> torch.nn.Module:
        """A runnable torch module. See `onnx_bench.writers.torch_writer`. Needs torch."""
        from onnx_bench.writers.torch_writer import to_module

        return to_module(self)

    def to_source(self, class_name: str = "Network") -> str:
        """Readable PyTorch source of the same network. See `onnx_bench.writers.source_writer`."""
        from onnx_bench.writers.source_writer import to_source

        return to_source(self, class_name=class_name)

    def to_bytes(self) -> bytes:
        """Compact JSON, read back by `from_bytes`."""
        body = {
            "format": FORMAT, "nodes": self.nodes, "outputs": self.outputs, "name": self.name,
            "warnings": self.warnings, "normalised": self.normalised, "stored_params": self.stored_params,
        }  # fmt: skip
        return json.dumps(body, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> ArchGraph:
        """Inverse of `to_bytes`.

        Raises:
            MalformedModelError: Not the bytes of an ArchGraph, or of another format version.
            ModelTooLargeError: It exceeds the limits of `onnx_bench.size_limits`.
        """
        try:
            body = json.loads(data)
            if body["format"] != FORMAT:
                raise MalformedModelError(f"ArchGraph bytes of format {body['format']}; this version reads {FORMAT}")
            nodes = tuple(
                Node(op, tuple(inputs), tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in attrs),
                     None if shape is None else tuple(shape), params, macs)
                for op, inputs, attrs, shape, params, macs in body["nodes"]
            )  # fmt: skip
            outputs = tuple(body["outputs"])
            if not all(-1 <= source < place for place, node in enumerate(nodes) for source in node.inputs):
                raise ValueError("a node reads one that does not stand before it")
            if not all(0 <= place < len(nodes) for place in outputs):
                raise ValueError("an output is no node")
            check_sizes(nodes)
            return cls(nodes, outputs, body["name"], tuple(body["warnings"]), body["normalised"], body["stored_params"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise MalformedModelError(f"not the bytes of an ArchGraph: {error}") from error
