"""Open sizes of graph inputs."""

from __future__ import annotations

import pytest

from onnx_bench.importing.importer import import_model
from tests.onnx_bench.importing.models import imported, model, output


@pytest.mark.parametrize(
    ("declared", "shape", "assumed"),
    [
        ("float[N,3,224,224] x", (1, 3, 224, 224), 0),
        ("float[N,3,H,W] x", (1, 3, 224, 224), 2),
        ("float[batch,C,H,W] x", (1, 3, 224, 224), 3),
        ("float[N,H,W,3] x", (1, 224, 224, 3), 2),
        ("float[N,1,H,64] x", (1, 1, 64, 64), 1),
        ("int64[batch,sequence] x", (1, 128), 1),
        ("int64[sequence,batch] x", (128, 1), 1),
        ("float[batch,length,80] x", (1, 128, 80), 1),
        ("float[batch,8,past_length,64] x", (1, 8, 128, 64), 1),
        ("float[M,16] x", (1, 16), 0),
    ],
)
def test_open_sizes(declared: str, shape: tuple[int, ...], assumed: int) -> None:
    graph = imported("y = Abs (x)", inputs=declared)
    assert graph.nodes[0].shape == shape
    assert len(graph.warnings) == assumed


def test_one_name_is_one_size() -> None:
    graph = imported("s = Add (x, z) y = Relu (s)", inputs="int64[batch,length] x, int64[length,batch] z")
    assert [n.shape for n in graph.nodes[:2]] == [(1, 128), (128, 1)]


def test_sums_of_names() -> None:
    graph = imported("y = Abs (m)", inputs='float[batch,4,"past",8] x, float[batch,"past + length"] m')
    assert output(graph).shape == (1, 256)


@pytest.mark.parametrize("side", [32, 28, 64, 224])
def test_an_image_size_that_fits_is_found(side: int) -> None:
    body = "p = MaxPool <kernel_shape = [2,2], strides = [2,2]> (x) f = Flatten (p) y = MatMul (f, w)"
    graph = imported(body, inputs="float[N,3,H,W] x", stored=f"float[{3 * side * side // 4},10] w")
    assert graph.nodes[0].shape == (1, 3, side, side)
    assert output(graph).shape == (1, 10)


def test_an_input_of_unknown_rank_is_a_warning() -> None:
    proto = model("h = Relu (x) y = MatMul (h, w)", stored="float[4,4] w")
    proto.graph.input[0].type.tensor_type.ClearField("shape")
    graph = import_model(proto)
    assert [n.shape for n in graph.nodes if n.op != "Parameter"] == [None, None, None]
    (warning,) = graph.warnings
    assert warning.startswith("shapes unknown")
