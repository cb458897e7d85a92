"""The fused patterns, in the order in which they are tried at a node."""

from __future__ import annotations

from onnx_bench.passes.base import Pass
from onnx_bench.passes.expand_attention import ExpandAttention
from onnx_bench.passes.expand_einsum import ExpandEinsum
from onnx_bench.passes.fuse_activation import FuseActivation
from onnx_bench.passes.fuse_attention import FuseAttention
from onnx_bench.passes.fuse_group_norm import FuseGroupNorm
from onnx_bench.passes.fuse_layer_norm import FuseLayerNorm
from onnx_bench.passes.fuse_norm_weights import FuseNormWeights
from onnx_bench.passes.fuse_rms_norm import FuseRmsNorm

FUSE_PASSES: tuple[Pass, ...] = (
    FuseRmsNorm(),
    FuseLayerNorm(),
    FuseNormWeights(),
    FuseGroupNorm(),
    ExpandEinsum(),
    ExpandAttention(),
    FuseAttention(),
    FuseActivation(),
)
