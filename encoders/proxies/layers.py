"""The weights that gradient proxies sum over: those of convolutions, linear maps and recurrent layers."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

_AFFINE = (
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d,
)  # fmt: skip


def layer_weights(module: nn.Module) -> Iterator[torch.Tensor]:
    """Weight matrices and kernels; biases, norms and embeddings are left out, as in the reference implementations."""
    for layer in module.modules():
        if isinstance(layer, _AFFINE):
            yield layer.weight
        elif isinstance(layer, nn.RNNBase):
            yield from (weight for name, weight in layer.named_parameters() if name.startswith("weight"))
