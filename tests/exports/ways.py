"""The ways to make an ONNX file of a network that the export table compares."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import onnx
import torch

from tests.exports import rewrites
from tests.exports.networks import Network


class Exports:
    """One network and its exports, each framework export made once however many ways build on it."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._made: dict[Any, onnx.ModelProto] = {}

    def torchscript(
        self, opset: int = 17, *, folding: bool = True, training: str = "EVAL", batch: int = 1, dynamic: bool = False,
    ) -> onnx.ModelProto:  # fmt: skip
        """By the TorchScript exporter; `training` is a name of `torch.onnx.TrainingMode`."""

        def export() -> onnx.ModelProto:
            buffer = io.BytesIO()
            names = list(self.network.batch_inputs)
            module = self.network.module()
            torch.onnx.export(
                module, self.network.inputs(batch), buffer, dynamo=False, opset_version=opset, input_names=names,
                do_constant_folding=folding, training=getattr(torch.onnx.TrainingMode, training),
                dynamic_axes={n: {0: "batch"} for n in names} if dynamic else None,
            )  # fmt: skip
            return onnx.load_model_from_string(buffer.getvalue())

        return self._once(("torchscript", opset, folding, training, batch, dynamic), export)

    def dynamo(self, opset: int, *, dynamic: bool = False) -> onnx.ModelProto:
        """By the exporter on `torch.export`."""

        def export() -> onnx.ModelProto:
            shapes = tuple({0: torch.export.Dim.DYNAMIC} for _ in self.network.batch_inputs) if dynamic else None
            program = torch.onnx.export(self.network.module(), self.network.inputs(2 if dynamic else 1), dynamo=True,
                                        opset_version=opset, dynamic_shapes=shapes, verbose=False)  # fmt: skip
            assert program is not None
            return program.model_proto

        return self._once(("dynamo", opset, dynamic), export)

    def _once(self, key: Any, make: Callable[[], onnx.ModelProto]) -> onnx.ModelProto:
        if key not in self._made:
            with quiet():
                self._made[key] = make()
        copy = onnx.ModelProto()
        copy.CopyFrom(self._made[key])
        return copy


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The exporters print, warn and log at length, some from C++; silence them."""
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        text = io.StringIO()
        with warnings.catch_warnings(), contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for descriptor in (*kept, sink):
            os.close(descriptor)
        logging.disable(previous)


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
    "quantised": lambda e, _: rewrites.quantise(e.torchscript(14)),
    "renamed, reordered": lambda e, _: rewrites.shuffle(e.torchscript(17)),
    "weightless": lambda e, _: rewrites.strip_weights(e.torchscript(17)),
    "identities": lambda e, _: rewrites.sprinkle_identities(e.torchscript(14)),
    "rewritten": lambda e, _: rewrites.rewrite(e.torchscript(17, training="PRESERVE")),
    "functions inlined": lambda e, _: rewrites.inline_functions(e.torchscript(20)),
}

QUICK = tuple(way for way in WAYS if not way.startswith("dynamo"))
"""Ways that take well under a second; the dynamo exporter takes two to five."""
