"""Losses of the denoiser and of the noise-aware score."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from generators.codes import Codes
from generators.frame import Frame
from generators.scheduler import MarginalScheduler
from generators.targets import is_quality
from onnx_bench.tasks.latency import PREFIX as LATENCY

_CLEAN = 0.25
"""Share of the score's training on graphs without noise: there it must tell near neighbours apart."""
_ALL_UNKNOWN, _TOLD = 0.15, 0.4
"""How often no condition is told at all, and else each cost."""
_SLACK = 0.3
"""Mean distance of a cost below the budget that is told for it, in units of the scale."""


def denoising_loss(node_logits: Tensor, edge_logits: Tensor, clean: Codes, frame: Frame) -> Tensor:
    """Cross-entropy over all values that are open, in nats for each graph.

    Shapes:
        node_logits: [B, N, F]; edge_logits: [B, N, N]; returns [].
    """
    loss = torch.zeros(())
    for columns in frame.channels:
        allowed = frame.allowed[:, columns]
        logits = node_logits[..., columns].masked_fill(~allowed, -torch.inf).log_softmax(dim=-1)
        loss = loss - torch.where(clean.nodes[..., columns] > 0, logits, 0.0).sum(dim=(1, 2)).mean()
    if frame.free.any():
        edges = functional.binary_cross_entropy_with_logits(
            edge_logits[:, frame.free], clean.edges[:, frame.free], reduction="none"
        )
        loss = loss + edges.sum(dim=1).mean()
    return loss


def draw_noise(
    clean: Codes, frame: Frame, scheduler: MarginalScheduler, generator: torch.Generator, clean_share: float
) -> tuple[Codes, Tensor]:
    """Graphs at random levels of signal, and the levels. Shapes: [B]."""
    draws = torch.rand(2, len(clean.nodes), generator=generator)
    signal = scheduler.signal(draws[0] * scheduler.times)
    signal = torch.where(draws[1] < clean_share, 1.0, signal)
    return scheduler.add_noise(clean, frame, signal, generator), signal


def score_noise(
    clean: Codes, frame: Frame, scheduler: MarginalScheduler, generator: torch.Generator
) -> tuple[Codes, Tensor]:
    """What the score is trained on."""
    return draw_noise(clean, frame, scheduler, generator, _CLEAN)


def score_loss(predicted: Tensor, values: Tensor, groups: Sequence[Tensor] = ()) -> Tensor:
    """Squared error over the targets that are known.

    Args:
        predicted: Expected values. Shapes: [B, T].
        values: NaN where a target is not known. Shapes: [B, T].
        groups: Masks of targets that count the same together, whatever their number; all targets alike if left out.
            Shapes: [T] each.
    """
    known = ~values.isnan()
    error = torch.where(known, predicted - values.nan_to_num(), 0.0).square()
    parts = [
        error[:, group].sum() / count
        for group in groups or (torch.ones(values.shape[1], dtype=torch.bool),)
        if (count := known[:, group].sum()) > 0
    ]
    return torch.stack(parts).mean()


def target_groups(targets: Sequence[str]) -> tuple[Tensor, ...]:
    """Qualities, twice, for they are what guides; costs of the graph; latencies. Shapes: [T] each."""
    quality = torch.tensor([is_quality(target) for target in targets])
    latency = torch.tensor([target.startswith(LATENCY) for target in targets])
    return quality, quality, ~(quality | latency), latency


def told_conditions(values: Tensor, is_quality: Tensor, generator: torch.Generator) -> Tensor:
    """A random part of what is known: one quality, some costs. Costs are told as budgets, with some room above them.

    Shapes:
        values: [B, T], NaN where unknown; is_quality: [T]; returns [B, T], NaN where it is not told.
    """
    draws = torch.rand(values.shape, generator=generator)
    known = ~values.isnan()
    lottery = torch.where(known & is_quality, draws, 2.0)
    quality = (lottery == lottery.min(dim=1, keepdim=True).values) & (lottery < 2)
    costs = known & ~is_quality & (draws < _TOLD * 3 / max(3, int((~is_quality).sum())) ** 0.5)
    some = torch.rand(len(values), 2, generator=generator)
    told = (quality & (some[:, :1] > _ALL_UNKNOWN)) | costs
    told &= some[:, 1:] > _ALL_UNKNOWN
    slack = torch.empty(values.shape).exponential_(1 / _SLACK, generator=generator)
    return torch.where(told, values + torch.where(is_quality, 0.0, slack), torch.nan)
