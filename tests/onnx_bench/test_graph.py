"""The bytes of a graph: read back as they were written, or refused."""

from __future__ import annotations

import json

import pytest

from onnx_bench.errors import MalformedModelError
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Node

GRAPH = ArchGraph(
    (Node("Input", attrs=(("dtype", "float"),), shape=(1, 8)), Node("Relu", (0,), shape=(1, 8)),
     Node("Clip", (1, -1), shape=(1, 8))),
    (2,), name="three", warnings=("a",), stored_params=7,
)  # fmt: skip


def test_read_back_as_written() -> None:
    assert ArchGraph.from_bytes(GRAPH.to_bytes()) == GRAPH


@pytest.mark.parametrize("sources", [[1], [2], [-2], ["0"], [[]]])
def test_a_node_reads_what_stands_before_it(sources: list[object]) -> None:
    body = json.loads(GRAPH.to_bytes())
    body["nodes"][1][1] = sources
    with pytest.raises(MalformedModelError, match="not the bytes of an ArchGraph"):
        ArchGraph.from_bytes(json.dumps(body).encode())


@pytest.mark.parametrize("outputs", [[3], [-1], ["0"], 2])
def test_outputs_are_nodes(outputs: object) -> None:
    body = json.loads(GRAPH.to_bytes()) | {"outputs": outputs}
    with pytest.raises(MalformedModelError, match="not the bytes of an ArchGraph"):
        ArchGraph.from_bytes(json.dumps(body).encode())


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"format": 99}', b'{"format": 1}'])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedModelError):
        ArchGraph.from_bytes(data)
