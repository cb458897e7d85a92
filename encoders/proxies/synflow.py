"""Synflow: the log of what all paths together carry through the absolute weights."""

from __future__ import annotations

from math import isfinite, log

import torch

from encoders.proxies.inputs import unit_inputs
from encoders.proxies.layers import layer_weights
from encoders.proxies.network import build, run
from encoders.proxies.readout import readouts
from encoders.proxies.subject import Subject
from onnx_bench.errors import UndefinedProxyError


def score(subject: Subject) -> float:
    """log sum |w * dR/dw| over all layer weights, R = sum of the logits for an input of ones, all parameters absolute.

    Batch norms are in evaluation mode, which before training is the identity. In double precision. The log keeps deep
    networks in the range of a float and does not change ranks. Outputs that are no logits: see `readout`.

    Source: Tanaka et al., Pruning neural networks without any data by iteratively conserving synaptic flow, NeurIPS
    2020, arXiv:2006.05467, equation 2; summed over the network by Abdelfattah et al., Zero-Cost Proxies for
    Lightweight NAS, ICLR 2021, arXiv:2101.08134, section 3.2.

    Raises:
        UndefinedProxyError: No layer weight carries anything to an output, or the sum leaves the range of a double.
    """
    module = build(subject).double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_()
    outputs = readouts(subject, run(module, unit_inputs(subject.view)), positive=True)
    if outputs:
        torch.autograd.backward(outputs)
    flow = sum(float((w.detach() * w.grad).abs().sum()) for w in layer_weights(module) if w.grad is not None)
    if flow == 0 or not isfinite(flow):
        raise UndefinedProxyError(f"the synaptic flow is {flow}, which has no finite logarithm")
    return log(flow)
