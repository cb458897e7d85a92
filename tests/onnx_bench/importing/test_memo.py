"""What a call is remembered under tells apart all that its outcome may depend on."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from onnx_bench.importing.file_node import Form
from onnx_bench.importing.memo import key_of
from onnx_bench.importing.tensor import Tensor, constant, filled, learned_tensor

FORM = Form(())


def test_orders_of_computed_held_and_omitted_inputs() -> None:
    kinds = [Tensor((2, 3), node=4), learned_tensor((2, 3)), filled(np.float32(1), (2, 3)), Tensor(None, node=5), None]
    keys = [key_of(FORM, 18, ins) for ins in permutations(kinds)]
    assert None not in keys
    assert len(set(keys)) == len(keys)


def test_single_values_are_told_apart_by_type_and_bits() -> None:
    computed = Tensor((2,), node=1)
    values = [np.float32(0), np.float32(-0.0), np.float64(0), np.int32(0), np.int64(0), np.bool_(False), np.float32(1)]
    tensors = [held for value in values for held in (constant(np.asarray(value)), filled(value, (2, 3)))]
    keys = [key_of(FORM, 18, [computed, t]) for t in tensors]
    assert len(set(keys)) == len(tensors)
    assert key_of(FORM, 18, [computed, constant(np.asarray(np.float32(1)))]) == keys[-2]


def test_other_values_and_calls_that_compute_nothing_have_no_key() -> None:
    assert key_of(FORM, 18, [Tensor((2,), node=1), constant(np.array([1, 2]))]) is None
    assert key_of(FORM, 18, [learned_tensor((2,)), filled(np.float32(1), (2,))]) is None
    sequence = Tensor(None)
    sequence.items = []
    assert key_of(FORM, 18, [Tensor((2,), node=1), sequence]) is None
    assert key_of(FORM, 17, [Tensor((2,), node=1)]) != key_of(FORM, 18, [Tensor((2,), node=1)])
    assert key_of(Form(()), 18, [Tensor((2,), node=1)]) != key_of(FORM, 18, [Tensor((2,), node=1)])
