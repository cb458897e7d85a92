"""Numbers for operators, fixed for good: models are trained on them."""

from __future__ import annotations

from functools import lru_cache

from onnx_bench.vocabulary import bucket, closed_operator

VERSION = 1
"""Goes up when the meaning of a number changes. Appending operators before the buckets does that too."""

OPERATORS: tuple[str, ...] = tuple(
    """
    Input Parameter Constant Output Conv ConvTranspose Linear MatMul Attention Einsum BatchNorm LayerNorm RMSNorm
    GroupNorm InstanceNorm Softmax LogSoftmax PRelu MaxPool AveragePool LpPool Add Mul Max Min And Or Xor Equal Concat
    Slice Reshape Transpose Expand Tile Pad Resize DepthToSpace SpaceToDepth Gather Embedding Cast Where LSTM GRU RNN
    ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp
    Sub Div Pow Mod Greater GreaterOrEqual Less LessOrEqual Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Exp Floor
    IsInf IsNaN Log Neg Not Reciprocal Round Sign Sin Sinh Sqrt Tan Relu Sigmoid Tanh Silu HardSwish Mish Selu Softplus
    Softsign Erf Gelu LeakyRelu Elu Celu HardSigmoid Clip ThresholdedRelu
    """.split()  # noqa: SIM905 - a list of names reads best as text
)
BUCKETS = 16
"""Numbers that all other operators share."""
COUNT = len(OPERATORS) + BUCKETS
"""All numbers are below this."""

_IDS = {op: number for number, op in enumerate(OPERATORS)}


@lru_cache(maxsize=4096)
def operator_id(op: str) -> int:
    """The number of `op`, below `COUNT`."""
    known = _IDS.get(op)
    return len(OPERATORS) + bucket(closed_operator(op)) % BUCKETS if known is None else known
