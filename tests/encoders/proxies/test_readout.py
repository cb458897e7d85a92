"""What is differentiated: the sum of logits, a random mixture of everything else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from encoders.proxies.network import build, calls, run
from encoders.proxies.readout import readouts
from encoders.proxies.subject import Subject
from onnx_bench.builder import GraphBuilder
from onnx_bench.graph import ArchGraph
from tests.encoders.proxies.networks import chain, network

End = Callable[[GraphBuilder, int], int]


def ending(end: End) -> ArchGraph:
    """A linear map of 7 tokens of width 6, then `end`."""
    return network(lambda pen: end(pen, pen.add("Linear", pen.input((1, 7, 6)), features=5, bias=True)))


def answer(subject: Subject) -> tuple[torch.Tensor, torch.Tensor]:
    """The output of the random batch and what is read off it."""
    (output,) = run(build(subject), calls(subject)[0])
    (value,) = readouts(subject, [output])
    return output.detach(), value.detach()


def test_logits_are_summed() -> None:
    output, value = answer(Subject(chain(4, 3), batch=5, seed=0))
    assert float(value) == pytest.approx(float(output.sum()), rel=1e-5)


@pytest.mark.parametrize(
    "end",
    [
        lambda pen, x: pen.add("LayerNorm", x),
        lambda pen, x: pen.add("LayerNorm", pen.add("ReduceMean", x, axes=(1,), keepdims=False)),
        lambda pen, x: pen.add("Softmax", pen.add("ReduceMean", x, axes=(1,), keepdims=False), axis=1),
    ],
    ids=["tokens", "pooled", "softmax"],
)
def test_a_sum_that_is_constant_is_not_what_is_read(end: End) -> None:
    subject = Subject(ending(end), batch=5, seed=0)
    module = build(subject)
    (output,) = run(module, calls(subject)[0])
    weight = next(iter(module.parameters()))
    (of_sum,) = torch.autograd.grad(output.sum(), weight, retain_graph=True)
    (of_readout,) = torch.autograd.grad(readouts(subject, [output]), weight)
    assert of_readout.norm() > 1e3 * of_sum.norm()


def test_every_example_is_read_alike() -> None:
    subject = Subject(ending(lambda pen, x: pen.add("LayerNorm", x)), batch=4, seed=0)
    output = answer(subject)[0].requires_grad_()
    same = output[:1].expand(4, -1, -1)
    (one,), (four,) = readouts(subject, [output[:1]]), readouts(subject, [same])
    assert four.item() == pytest.approx(4 * one.item(), rel=1e-5)


def test_outputs_of_constants_are_left_out() -> None:
    subject = Subject(chain(4, 3), batch=2, seed=0)
    assert readouts(subject, [torch.ones(2, 3)]) == []
