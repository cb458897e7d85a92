"""Shapes, types and folded values agree with the 1,884 node cases of the ONNX standard."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from onnx_bench.importing import tensor
from onnx_bench.importing.importer import File, import_model

# Random, or not decided by the inputs' shapes alone.
RANDOM = {"test_training_dropout", "test_training_dropout_default"}
UNTYPED = {"uint4", "int4", "float4e2m1", "uint2", "int2"}


def _with_stored_inputs(case: Any, first: int) -> tuple[onnx.ModelProto, list[tuple[int, ...] | None]] | None:
    """The model of a case with its inputs from `first` on made initialisers, and the shapes of the other inputs."""
    inputs = case.data_sets[0][0] if case.data_sets else [None]
    if not all(isinstance(x, (np.ndarray, np.generic)) for x in inputs):
        return None
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    shapes: list[tuple[int, ...] | None] = []
    for i, (info, x) in enumerate(zip(list(model.graph.input), inputs, strict=False)):
        if i >= first and np.asarray(x).dtype.kind in "fiub" and np.size(x):
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(x), info.name))
            model.graph.input.remove(info)
        else:
            shapes.append(np.shape(x))
    return model, shapes


def _mismatches(case: Any, first: int, seen: Counter[str]) -> list[str]:
    prepared = _with_stored_inputs(case, first)
    if prepared is None:
        return []
    model, shapes = prepared
    with np.errstate(all="ignore"):
        _, scope = File(model).evaluate(shapes)
    found = []
    for info, expected in zip(model.graph.output, case.data_sets[0][1], strict=True):
        got = scope[info.name]
        if not isinstance(expected, np.ndarray) or got.shape is None:
            seen["unknown"] += isinstance(expected, np.ndarray)
            continue
        seen["known"] += 1
        kind = {"f": "float", "i": "int", "u": "int", "b": "bool"}.get(expected.dtype.kind, got.dtype)
        if got.shape != expected.shape:
            found.append(f"{case.name}: shape {got.shape}, not {expected.shape}")
        elif got.dtype != kind and str(expected.dtype) not in UNTYPED:
            found.append(f"{case.name}: {got.dtype}, not {expected.dtype}")
        elif got.value is not None and not case.name.startswith(tuple(RANDOM)):
            seen["value"] += 1
            if not np.allclose(got.value.astype(float), expected.astype(float), 1e-2, 1e-3, equal_nan=True):
                found.append(f"{case.name}: wrong values")
    return found


def test_every_case_is_imported(node_cases: list[Any]) -> None:
    assert len(node_cases) >= 1884
    for case in node_cases:
        graph = import_model(case.model, case.name)
        assert len(graph.outputs) == len(case.model.graph.output)


@pytest.mark.parametrize(("first", "known", "values"), [(99, 1940, 0), (1, 1965, 20), (0, 1945, 600)])
def test_shapes_types_and_values(
    node_cases: list[Any], monkeypatch: pytest.MonkeyPatch, first: int, known: int, values: int
) -> None:
    """With all inputs open, with all but the first one stored, and with all of them stored."""
    monkeypatch.setattr(tensor, "MAX_SCALES", 64)  # so that more values are computed and compared
    seen: Counter[str] = Counter()
    assert [m for case in node_cases for m in _mismatches(case, first, seen)] == []
    assert seen["known"] >= known, seen
    assert seen["unknown"] <= 70, seen
    assert seen["value"] >= values, seen
