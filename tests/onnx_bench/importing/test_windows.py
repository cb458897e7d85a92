"""Windows that reach beyond what they slide over."""

from __future__ import annotations

import numpy as np
import pytest

from tests.onnx_bench.importing.models import imported, model, the
from tests.onnx_bench.writers.running import session


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize(("kernel", "stride", "pad", "cut"), [(1280, 1280, 0, 8), (9, 4, 0, 8), (11, 4, 1, 10)])
def test_a_window_larger_than_the_plane_is_cut_to_it(op: str, kernel: int, stride: int, pad: int, cut: int) -> None:
    """transformers pools EfficientNets by windows as long as they have channels."""
    attrs = f"kernel_shape = [{kernel}, {kernel}], strides = [{stride}, {stride}], pads = [{pad}, {pad}, {pad}, {pad}]"
    body = f"y = {op} <ceil_mode = 1, {attrs}> (x)"
    node = the(imported(body), op)
    assert (node.get("kernel_shape"), node.shape) == ((cut, cut), (1, 3, 1, 1))
    cut_body = body.replace(str(kernel), str(cut)).replace("ceil_mode = 1", "ceil_mode = 0")
    x = np.random.default_rng(0).normal(size=(1, 3, 8, 8)).astype(np.float32)
    given, same = (session(model(b, opset=19)).run(None, {"x": x})[0] for b in (body, cut_body))
    np.testing.assert_allclose(given, same, rtol=1e-5)


def test_pooling_by_a_window_larger_than_the_plane_is_global_pooling() -> None:
    windows = imported("y = AveragePool <ceil_mode = 1, kernel_shape = [1280, 1280], strides = [1280, 1280]> (x)")
    assert windows.fingerprint() == imported("y = GlobalAveragePool (x)").fingerprint()


def test_without_ceil_mode_there_is_no_such_window() -> None:
    graph = imported("y = MaxPool <kernel_shape = [9, 9], strides = [9, 9]> (x)")
    assert the(graph, "MaxPool").shape is None and "plane of [8, 8]" in graph.warnings[0]
