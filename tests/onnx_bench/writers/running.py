"""Run what the writers give: ONNX on onnxruntime, modules on torch, both on the same weights and inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper

from onnx_bench.node import Graph
from onnx_bench.writers.onnx_file import CONSTANT
from onnx_bench.writers.source_writer import index_bound
from onnx_bench.writers.view import View

torch.set_num_threads(1)


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """onnxruntime on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def shuffle_weights(model: onnx.ModelProto, seed: int = 0) -> None:
    """Move every weight of a file, so that no two tensors are alike and none is the identity."""
    rng = np.random.default_rng(seed)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if not tensor.name.startswith(CONSTANT) and values.dtype == np.float32:
            moved = (values + rng.uniform(0.05, 0.3, values.shape)).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(moved, tensor.name))


def read_weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """The weights of a model written by `to_onnx(weights=True)`, by `state_dict` name."""
    return {t.name: numpy_helper.to_array(t) for t in model.graph.initializer if not t.name.startswith(CONSTANT)}


def load_weights(module: torch.nn.Module, weights: dict[str, np.ndarray]) -> torch.nn.Module:
    """Put weights made by `make_weights` or read by `read_weights` into a module of `to_module`; returns the module."""
    module.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    return module


def random_inputs(graph: Graph, batch: int, seed: int = 0) -> list[np.ndarray]:
    """One array for each graph input."""
    view, rng = View.of(graph), np.random.default_rng(seed + batch)
    arrays = []
    for i, node in enumerate(graph.nodes):
        if node.op != "Input":
            continue
        shape = list(node.shape or ())
        if view.batch[i] is not None:
            shape[view.batch[i] or 0] *= batch
        if view.dtypes[i] == "int":
            arrays.append(rng.integers(0, index_bound(view, i), shape))
        else:
            arrays.append(rng.standard_normal(shape).astype(np.float32))
    return arrays


def run_onnx(running: onnxruntime.InferenceSession, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of an ONNX session."""
    names = [i.name for i in running.get_inputs()]
    outputs: list[np.ndarray] = running.run(None, dict(zip(names, inputs, strict=True)))
    return outputs


def run_module(module: torch.nn.Module, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of a module."""
    with torch.no_grad():
        outputs = module(*(torch.from_numpy(x) for x in inputs))
    return [y.numpy() for y in (outputs if isinstance(outputs, tuple) else (outputs,))]


def assert_same(found: Sequence[np.ndarray], wanted: Sequence[np.ndarray], tolerance: float = 1e-4) -> None:
    """Equal types, shapes and, up to `tolerance` times the largest value, values."""
    assert len(found) == len(wanted)
    for number, (a, b) in enumerate(zip(found, wanted, strict=True)):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), f"output {number}"
        finite = b[np.isfinite(b)].astype(np.float64)
        scale = float(np.abs(finite).max(initial=1))
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale, err_msg=f"output {number}")
