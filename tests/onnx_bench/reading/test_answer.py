"""What a reading process answers arrives as it was sent."""

from __future__ import annotations

import pytest

from onnx_bench.errors import MalformedModelError, ModelTooLargeError
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Node
from onnx_bench.reading.answer import decode, encode_error, encode_graph


def test_a_graph_arrives_with_the_types_of_its_attributes() -> None:
    values = (1, 1.0, True, (1,), (1.0,), (True,), "1")
    nodes = [Node("Input", (), (("dtype", "float"),), (1, 3, 8, 8))]
    nodes += [Node("ai.onnx::Odd", (0, -1), (("value", value),), None, 2, 3) for value in values]
    graph = ArchGraph(tuple(nodes), (1, 7), "name", ("a warning",), False, 12)
    assert repr(decode(encode_graph(graph))) == repr(graph)


def test_an_error_arrives_as_what_it_is() -> None:
    with pytest.raises(ModelTooLargeError, match="too much"):
        decode(encode_error(ModelTooLargeError("too much")))


@pytest.mark.parametrize("answer", [b"", b"G", b"G[]", b'G[[],[[3]],[],"",[],true,null]', b"E{}", b"\xff"])
def test_what_is_no_answer_is_refused(answer: bytes) -> None:
    with pytest.raises(MalformedModelError, match="no answer"):
        decode(answer)
