"""`read_graph`, `read_many`: sources, names, order, trust."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from onnx_bench.errors import MalformedModelError, ModelTooLargeError
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import ReaderPool, read_graph, read_many
from onnx_bench.reading.limits import LOCAL_BYTES
from tests import hostile


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "little.net.onnx"
    path.write_bytes(hostile.convolution().SerializeToString())
    return path


def test_trusted_and_untrusted_agree(model_file: Path) -> None:
    for normalised in (False, True):
        here = read_graph(model_file, trusted=True, normalised=normalised)
        there = read_graph(str(model_file), normalised=normalised)
        assert here == there
        assert here.name == "little.net"
        assert here.normalised is normalised
        assert here.params == 108
    assert here.stored_params == 108


def test_bytes_have_no_name() -> None:
    assert read_graph(hostile.convolution().SerializeToString()).name == ""


def test_a_link_to_a_file_is_that_file(model_file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.onnx"
    link.symlink_to(model_file)
    assert read_graph(link).name == "link"


@pytest.mark.parametrize("trusted", [False, True])
def test_sources_that_are_no_file(tmp_path: Path, trusted: bool) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / "empty.onnx").touch()
    for source, message in {
        str(tmp_path): "is a directory; give the .onnx file inside",
        str(tmp_path / "pipe.onnx"): "is a pipe, socket or device; give a regular file",
        "/dev/zero": "'/dev/zero' is a pipe, socket or device; give a regular file",
        str(tmp_path / "missing.onnx"): "cannot be opened: No such file or directory",
        "8:8:8:8:8": "No such file or directory; if it is an architecture string, name its search space beside it",
        "Genotype(" * 99: "File name too long; if it is an architecture string, name its search space beside it",
        "a\x00b": "'a\\x00b' cannot be opened: embedded null byte",
        str(tmp_path / "empty.onnx"): "not an ONNX model: this is an empty file",
    }.items():
        with pytest.raises(MalformedModelError) as caught:
            read_graph(source, trusted=trusted)
        assert message in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(model_file: Path) -> None:
    model_file.chmod(0)
    with pytest.raises(MalformedModelError, match="cannot be opened: Permission denied"):
        read_graph(model_file)


def test_file_of_2_gb_of_zeros(tmp_path: Path) -> None:
    path = tmp_path / "zeros.onnx"
    with path.open("wb") as stream:
        stream.truncate(LOCAL_BYTES)
    with pytest.raises(MalformedModelError, match="nothing but zeros"):
        read_graph(path)
    with path.open("ab") as stream:
        stream.truncate(LOCAL_BYTES + 1)
    with pytest.raises(ModelTooLargeError, match="has 2,147,483,649 bytes; the limit is 2048 MiB"):
        read_graph(path)


def test_weights_of_a_large_file_are_not_read(tmp_path: Path) -> None:
    """The weights are a hole of 1.9 GB in the file; a worker with 300 MB beside the mapping reads the network."""
    made = hostile.model(
        [hostile.node("MatMul", ["x", "w"], ["y"])], [hostile.value("x", [1, 1000])],
        initialisers=[TensorProto(name="w", data_type=hostile.FLOAT, dims=[1000, 475_000])],
    )  # fmt: skip
    tensor, hole = made.graph.initializer[0].SerializeToString(), 1000 * 475_000 * 4
    del made.graph.initializer[:]
    graph = made.graph.SerializeToString()
    made.ClearField("graph")
    payload_head = b"\x4a" + _varint(hole)
    tensor_head = b"\x2a" + _varint(len(tensor) + len(payload_head) + hole)
    graph_size = len(graph) + len(tensor_head) + len(tensor) + len(payload_head) + hole
    head = made.SerializeToString() + b"\x3a" + _varint(graph_size) + graph + tensor_head + tensor + payload_head
    path = tmp_path / "large.onnx"
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(len(head) + hole)
    with ReaderPool(1, memory=300 << 20) as pool:
        assert pool.read(path).params == 475_000_000


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


@pytest.mark.parametrize("options", [{"trusted": True}, {}, {"workers": 2}])
def test_read_many_keeps_order_and_survives_errors(model_file: Path, options: dict[str, int]) -> None:
    sources = [model_file, b"", "no such file", hostile.chain(5).SerializeToString(), model_file] * 3
    results = list(read_many(sources, **options))  # type: ignore[arg-type]
    kinds = [ArchGraph, MalformedModelError, MalformedModelError, ArchGraph, ArchGraph] * 3
    assert [type(r) for r in results] == kinds


@pytest.mark.parametrize(("gate", "left_out"), [(0.0, True), (0.5, False)])
def test_it_is_said_where_most_weights_are_multiplied_by_zero(gate: float, left_out: bool) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "inner"], ["inside"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Mul", ["inside", "gate"], ["gated"]),
        helper.make_node("Add", ["x", "gated"], ["sum"]),
        helper.make_node("Conv", ["sum", "last"], ["y"]),
    ]
    held = [
        helper.make_tensor(name, TensorProto.FLOAT, shape, [value] * int(np.prod(shape)))
        for name, shape, value in (("inner", (8, 8, 3, 3), 0.1), ("gate", (), gate), ("last", (2, 8, 1, 1), 0.1))
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, (1, c, 6, 6)) for n, c in (("x", 8), ("y", 2))]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:], held))
    graph = read_graph(model.SerializeToString())
    said = [note for note in graph.warnings if "576 of 592 parameters were left out" in note]
    assert bool(said) == left_out and (graph.params == 16) == left_out
