"""The ways to make an ONNX file of a network that the export table compares."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import onnx
import torch

from tests.exports import rewrites
from tests.exports.exporters import Exports, quiet


def slim(model: onnx.ModelProto) -> onnx.ModelProto:
    import onnxslim

    with quiet():
        return onnxslim.slim(model)


def simplify(model: onnx.ModelProto) -> onnx.ModelProto:
    import onnxsim

    with quiet():
        simplified, _ = onnxsim.simplify(model, check_n=0)
    return simplified


def onnxruntime(model: onnx.ModelProto, level: str, folder: str) -> onnx.ModelProto:
    """The graph as onnxruntime has optimised it; `level` is BASIC or EXTENDED."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, f"ORT_ENABLE_{level}")
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    options.optimized_model_filepath = os.path.join(folder, "optimised.onnx")
    ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    with open(options.optimized_model_filepath, "rb") as file:
        return onnx.load_model_from_string(file.read())


UNREACHED = ("mobilenet_v2",)
"""Untrained networks in which nothing grows as large as their ReLU6 clips: quantised, they are those with ReLU."""


def quantised(exports: Exports, folder: str, dynamic: bool = False) -> onnx.ModelProto:
    """The network as onnxruntime quantises it: weights alone, or activations too, by what they are on a few inputs."""
    from onnxruntime import quantization

    if exports.name in UNREACHED and not dynamic:
        raise ValueError("what clips nothing is not in the file")
    source, target = (os.path.join(folder, name) for name in ("plain.onnx", "quantised.onnx"))
    model = exports.torchscript(17)
    onnx.save_model(model, source)

    class Inputs(quantization.CalibrationDataReader):
        """Large ones of either sign: they reach where a ReLU6 clips, and what is not clipped becomes negative."""

        def __init__(self) -> None:
            torch.manual_seed(0)
            plain, names = exports.network.inputs(1), [i.name for i in model.graph.input]
            sizes = [[t * size if t.is_floating_point() else t for t in plain] for size in (30, -30)]
            self.feeds = iter([{n: t.numpy() for n, t in zip(names, inputs, strict=True)} for inputs in sizes])

        def get_next(self) -> dict[str, Any] | None:
            return next(self.feeds, None)

    with quiet():
        if dynamic:
            quantization.quantize_dynamic(source, target)
        else:
            quantization.quantize_static(source, target, Inputs())
    with open(target, "rb") as file:
        return onnx.load_model_from_string(file.read())


Way = Callable[[Exports, str], onnx.ModelProto]
"""From the exports of a network and a scratch folder to a model."""

WAYS: dict[str, Way] = {
    "ts9": lambda e, _: e.torchscript(9),
    "ts11": lambda e, _: e.torchscript(11),
    "ts13": lambda e, _: e.torchscript(13),
    "ts17": lambda e, _: e.torchscript(17),
    "ts20": lambda e, _: e.torchscript(20),
    "ts17 unfolded": lambda e, _: e.torchscript(17, folding=False),
    "ts14 preserve": lambda e, _: e.torchscript(14, training="PRESERVE"),
    "ts17 training": lambda e, _: e.torchscript(17, training="TRAINING", folding=False),
    "ts17 dynamic batch": lambda e, _: e.torchscript(17, dynamic=True),
    "ts17 batch 4": lambda e, _: e.torchscript(17, batch=4),
    "ts15 training dynamic": lambda e, _: e.torchscript(15, training="TRAINING", folding=False, dynamic=True),
    "dynamo18": lambda e, _: e.dynamo(18),
    "dynamo23": lambda e, _: e.dynamo(23),
    "dynamo20 dynamic batch": lambda e, _: e.dynamo(20, dynamic=True),
    "onnxslim": lambda e, _: slim(e.torchscript(17)),
    "onnxslim of training": lambda e, _: slim(e.torchscript(17, training="PRESERVE", folding=False)),
    "onnxsim": lambda e, _: simplify(e.torchscript(14)),
    "onnxruntime basic": lambda e, d: onnxruntime(e.torchscript(17), "BASIC", d),
    "onnxruntime extended": lambda e, d: onnxruntime(e.torchscript(17), "EXTENDED", d),
    "float16": lambda e, _: rewrites.half(e.torchscript(17)),
    "float16 throughout": lambda e, _: rewrites.half_throughout(e.torchscript(17)),
    "quantised": lambda e, _: rewrites.quantise(e.torchscript(14)),
    "onnxruntime quantised": quantised,
    "onnxruntime quantised dynamically": lambda e, d: quantised(e, d, dynamic=True),
    "renamed, reordered": lambda e, _: rewrites.shuffle(e.torchscript(17)),
    "weightless": lambda e, _: rewrites.strip_weights(e.torchscript(17)),
    "identities": lambda e, _: rewrites.sprinkle_identities(e.torchscript(14)),
    "rewritten": lambda e, _: rewrites.rewrite(e.torchscript(17, training="PRESERVE")),
    "functions inlined": lambda e, _: rewrites.inline_functions(e.torchscript(20)),
}

QUICK = tuple(way for way in WAYS if not way.startswith("dynamo"))
"""Ways that take well under a second; the dynamo exporter takes two to five."""
