"""The closed set of words that may describe a network: operators, attributes and attribute strings.

Files bring names of their own: custom operators, their attributes, string values. None of those enters a text, a
fingerprint or a tensor as it is; a name outside the lists below becomes one of `BUCKETS` numbered tokens.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from zlib import crc32

from onnx_bench.node import Attrs, AttrValue, Scalar
from onnx_bench.ops import OPS

BUCKETS = 1024
"""Tokens that stand for unknown names. Two unknown names share a token with probability 1/1024."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Operators of the ONNX standard that have no canonical form and stay what they are.
ONNX_OPERATORS = _words("""
    AffineGrid ArgMax ArgMin BatchNormalization Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor
    BlackmanWindow CastLike CausalConvWithState CenterCropPad Col2Im Compress ConcatFromSequence ConstantOfShape
    ConvInteger CumProd CumSum DFT DeformConv DequantizeLinear Det Dropout DynamicQuantizeLinear EyeLike Flatten
    GatherElements GatherND Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample GroupNormalization
    HammingWindow HannWindow Hardmax Identity If ImageDecoder InstanceNormalization LRN LayerNormalization
    LinearAttention Loop LpNormalization MatMulInteger MaxRoiPool MaxUnpool Mean MeanVarianceNormalization
    MelWeightMatrix Multinomial NegativeLogLikelihoodLoss NonMaxSuppression NonZero OneHot Optional OptionalGetElement
    OptionalHasElement QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RandomNormal RandomNormalLike
    RandomUniform RandomUniformLike Range RegexFullMatch ReverseSequence RoiAlign RotaryEmbedding STFT Scan Scatter
    ScatterElements ScatterND SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength
    SequenceMap Shape Shrink Size SoftmaxCrossEntropyLoss Split SplitToSequence Squeeze StringConcat StringNormalizer
    StringSplit Sum SwiGLU Swish TensorScatter TfIdfVectorizer TopK Trilu Unique Unsqueeze Upsample
""")  # fmt: skip

ATTRIBUTES = _words("""
    activation activation_alpha activation_beta activations align_corners allowzero approximate auto_pad axis
    batch_axis batch_dims beta bias block_size blocksize case_change_action ceil_mode center_point_box chunk_size clip
    coordinate_transformation_mode count_include_pad cubic_coeff_a delimiter detect_negative detect_positive dilations
    direction directions dtype end ends epsilon exclude_outside exclusive extrapolation_value fmod gamma group
    hidden_size high ignore_index input_forget interleaved inverse is_case_sensitive is_causal k
    keep_aspect_ratio_policy keepdims kernel_shape kv_num_heads lambd largest layout left_window_size
    linear_before_reset low max max_gram_length max_skip_count maxsplit mean min min_gram_length mode momentum
    nearest_mode noop_with_empty_axes num_groups num_heads num_outputs num_scan_inputs offset_group onesided
    output_dtype output_height output_padding output_shape output_width p padding_mode pads periodic perm pooled_shape
    precision q_num_heads qk_matmul_output_mode reduction reverse right_window_size rotary_embedding_dim round_mode
    sample_size sampling_ratio saturate scale scales scan_input_axes scan_input_directions scan_output_axes
    scan_output_directions seed select_last_index shape size softcap softmax_precision sorted spatial_scale split
    start starts stash_type storage_order strides time_axis to training_mode transA transB type upper value
    value_float value_floats value_int value_ints weights
""") | {name for entry in OPS.values() for name in entry.defaults}  # fmt: skip

STRINGS = _words("""
    float int bool string NOTSET VALID SAME_UPPER SAME_LOWER constant reflect edge wrap nearest linear bilinear cubic
    bicubic trilinear half_pixel half_pixel_symmetric pytorch_half_pixel align_corners asymmetric tf_crop_and_resize
    tf_half_pixel_for_nn round_prefer_floor round_prefer_ceil floor ceil zeros border reflection stretch not_larger
    not_smaller none tanh forward reverse bidirectional LEFT RIGHT DCR CRD avg max min add mul sum mean
    output_half_pixel Relu Tanh Sigmoid Affine LeakyRelu ThresholdedRelu ScaledTanh HardSigmoid Elu Softsign Softplus
    TF IDF TFIDF up down gated_delta delta gated silu NONE LOWER UPPER RGB BGR Grayscale circular
""")  # fmt: skip

_CUSTOM = re.compile(r"(?:Custom|attribute|string)#\d{1,4}")
_EQUATION = re.compile(r"[A-Za-z,.\->]{1,200}")


def is_attribute(name: str) -> bool:
    """Whether `name` is an attribute of the closed vocabulary."""
    return name in ATTRIBUTES or name.startswith("attribute#")


def bucket(name: str) -> int:
    """The number that stands for an unknown name."""
    return crc32(name.encode(errors="replace")) % BUCKETS


def _closed(name: str, known: frozenset[str], kind: str) -> str:
    return name if name in known or _CUSTOM.fullmatch(name) else f"{kind}#{bucket(name)}"


RAW = "ai.onnx::"
"""Before an operator of the standard that kept attributes its canonical form does not know."""


@lru_cache(maxsize=4096)
def closed_operator(op: str) -> str:
    """`op` if it is canonical or of the ONNX standard, else `Custom#<bucket>`."""
    return op if op in OPS or op.removeprefix(RAW) in OPS else _closed(op, ONNX_OPERATORS, "Custom")


def closed_equation(equation: str) -> str:
    """An Einsum equation with its letters renamed in order of appearance: `bqd,bkd->bqk` is `abc,adc->abd`."""
    equation = equation.replace(" ", "")
    if not _EQUATION.fullmatch(equation):
        return _closed(equation, frozenset(), "string")
    letters = dict.fromkeys(c for c in equation if c.isalpha())
    fresh = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return equation.translate({ord(old): new for old, new in zip(letters, fresh, strict=False)})


def closed_attrs(op: str, attrs: Attrs) -> Attrs:
    """`attrs` with every name and string taken from the closed vocabulary, sorted again. Idempotent.

    The numbers of canonical operators get the type that the operator table prescribes (a `Clip` at 6 is one at 6.0).
    """
    if op in OPS:
        dtype = str(dict(attrs).get("dtype"))
        return tuple([(name, _typed(op, name, value, dtype)) for name, value in attrs])
    closed = [(_closed(name, ATTRIBUTES, "attribute"), _closed_value(value)) for name, value in attrs]
    return tuple(sorted(closed, key=lambda pair: (pair[0], repr(pair[1]))))


def _closed_value(value: AttrValue) -> AttrValue:
    if isinstance(value, tuple):
        return tuple([_closed_scalar(v) for v in value])
    return _closed_scalar(value)


def _closed_scalar(value: Scalar) -> Scalar:
    return _closed(value, STRINGS, "string") if isinstance(value, str) else value


_FLOATS = frozenset((("Clip", "min"), ("Clip", "max"), ("Attention", "scale")))


def _typed(op: str, name: str, value: Any, dtype: str) -> Any:
    if isinstance(value, tuple):
        return tuple([_typed(op, name, v, dtype) for v in value])
    if isinstance(value, str):
        return closed_equation(value) if op == "Einsum" else _closed_scalar(value)
    default = OPS[op].defaults.get(name)
    if (op == "Constant" and dtype == "bool") or isinstance(default, bool):
        return bool(value)
    if (op == "Constant" and dtype == "float") or isinstance(default, float) or (op, name) in _FLOATS:
        return float(value) + 0.0  # -0.0 becomes 0.0
    return value
