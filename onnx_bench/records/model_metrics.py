"""The protocol buffer in which NAS-Bench-101 stores the course of a training, described here and parsed by protobuf.

Source: google-research/nasbench, `nasbench/lib/model_metrics.proto` (field numbers and types).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from onnx_bench.errors import MalformedRecordsError

_DOUBLE, _INT32, _STRING, _MESSAGE = 1, 5, 9, 11  # FieldDescriptorProto.Type
_OPTIONAL, _REPEATED = 1, 3  # FieldDescriptorProto.Label
_FIELDS = {
    "EvaluationData": (
        ("current_epoch", _DOUBLE), ("training_time", _DOUBLE), ("train_accuracy", _DOUBLE),
        ("validation_accuracy", _DOUBLE), ("test_accuracy", _DOUBLE), ("checkpoint_path", _STRING),
    ),
    "ModelMetrics": (("evaluation_data", _MESSAGE), ("trainable_parameters", _INT32), ("total_time", _DOUBLE)),
}  # fmt: skip


def _message_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="onnx_bench/model_metrics.proto", package="onnx_bench.nasbench101")
    for message, members in _FIELDS.items():
        described = file.message_type.add(name=message)
        for number, (name, kind) in enumerate(members, start=1):
            label = _REPEATED if kind == _MESSAGE else _OPTIONAL
            added = described.field.add(name=name, number=number, type=kind, label=label)
            if kind == _MESSAGE:
                added.type_name = ".onnx_bench.nasbench101.EvaluationData"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("onnx_bench.nasbench101.ModelMetrics"))


_ModelMetrics = _message_class()


class FinalMetrics(NamedTuple):
    """What a training ended with; accuracies from 0 to 1.

    Attributes:
        epoch: Epochs trained.
        validation_accuracy: On 10,000 images held out from the training set.
        test_accuracy: On the test set.
        params: Trainable parameters.
    """

    epoch: float
    validation_accuracy: float
    test_accuracy: float
    params: int


def read_final_metrics(data: bytes) -> FinalMetrics:
    """The last evaluation of a serialised `ModelMetrics`.

    Raises:
        MalformedRecordsError: It is none, or has no evaluation with both accuracies.
    """
    try:
        metrics = _ModelMetrics.FromString(data)
    except DecodeError as error:
        raise MalformedRecordsError(f"no ModelMetrics message: {error}") from error
    if not metrics.evaluation_data:
        raise MalformedRecordsError("a ModelMetrics message without evaluations")
    last = metrics.evaluation_data[-1]
    accuracies = (last.validation_accuracy, last.test_accuracy)
    if not all(0 < accuracy <= 1 for accuracy in accuracies):  # absent fields read as 0
        raise MalformedRecordsError(f"accuracies {accuracies}, expected two above 0 and up to 1")
    return FinalMetrics(last.current_epoch, *accuracies, metrics.trainable_parameters)
