"""`MarginalScheduler`: discrete diffusion whose noise follows the marginals of the data.

Every channel of every place, and every free edge, is a categorical variable. At signal level a it still has its value
with probability a, else one drawn from how often its values occur in the space (Austin et al., D3PM, NeurIPS 2021,
arXiv:2107.03006; Vignac et al., DiGress, ICLR 2023, arXiv:2209.14734). The signal is cos^2(pi t / 2) at time t.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.schedulers.scheduling_utils import SchedulerMixin
from diffusers.utils.outputs import BaseOutput
from torch import Tensor

from generators.codes import Codes
from generators.frame import Frame

_TINY = 1e-12


@dataclass
class MarginalSchedulerOutput(BaseOutput):
    """What a step gives.

    Attributes:
        prev_sample: The codes at the next, less noisy time.
        node_scores: Log-probability of every value there, guidance included. Shapes: [B, N, F].
        edge_scores: Log-odds of every free edge. Shapes: [B, N, N].
    """

    prev_sample: Codes
    node_scores: Tensor
    edge_scores: Tensor


class MarginalScheduler(SchedulerMixin, ConfigMixin):  # type: ignore[misc]  # diffusers ships no types
    """Forward noise and reverse steps over the codes of a space.

    Args:
        num_train_timesteps: Times between clean and noise that are told apart.
    """

    order = 1

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, num_train_timesteps: int = 1000) -> None:
        self.times = num_train_timesteps
        self.timesteps = torch.arange(num_train_timesteps, 0, -1)

    def set_timesteps(self, num_inference_steps: int, device: str | torch.device | None = None) -> None:
        """Choose the times of a reverse pass, evenly spaced from noise to clean.

        Raises:
            ValueError: Fewer than one step, or more than there are times.
        """
        most = self.times
        if not 1 <= num_inference_steps <= most:
            raise ValueError(f"num_inference_steps is {num_inference_steps}; it can be 1 to {most}")
        self.timesteps = torch.linspace(most, 0, num_inference_steps + 1, device=device).round().long()[:-1]

    def signal(self, timesteps: Tensor) -> Tensor:
        """Probability that a variable still has its value. Shapes: as `timesteps`."""
        return torch.cos(timesteps.double() / self.times * torch.pi / 2).square().float()

    def add_noise(
        self, original: Codes, frame: Frame, signal: Tensor, generator: torch.Generator | None = None
    ) -> Codes:
        """Draw codes at a level of signal.

        Shapes:
            original: B graphs; signal: [B].
        """
        keep = torch.rand(*original.nodes.shape[:2], len(frame.channels), generator=generator)
        nodes = original.nodes.clone()
        for place, columns in enumerate(frame.channels):
            drawn = _draw(frame.marginals[:, columns].log().expand(len(nodes), -1, -1), generator)
            fresh = (keep[..., place] > signal[:, None])[..., None]
            nodes[..., columns] = torch.where(fresh, drawn, nodes[..., columns])
        noise = torch.rand(2, *original.edges.shape, generator=generator)
        fresh_edges = (noise[0] > signal[:, None, None]) & frame.free
        edges = torch.where(fresh_edges, (noise[1] < frame.edge_marginals).float(), original.edges)
        return Codes(nodes, edges)

    def noise(self, frame: Frame, batch: int, generator: torch.Generator | None = None) -> Codes:
        """Codes without any signal."""
        nodes = frame.base.expand(batch, -1, -1)
        edges = frame.fixed.float().expand(batch, -1, -1)
        return self.add_noise(Codes(nodes, edges), frame, torch.zeros(batch), generator)

    def step(
        self, node_logits: Tensor, edge_logits: Tensor, timestep: int, previous: int, sample: Codes, frame: Frame,
        *, node_guidance: Tensor | None = None, edge_guidance: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> MarginalSchedulerOutput:  # fmt: skip
        """From time `timestep` to the earlier `previous`.

        Args:
            node_logits: Of the clean values, as the denoiser gives them. Shapes: [B, N, F].
            edge_logits: Log-odds of the clean edges. Shapes: [B, N, N].
            timestep: Where the sample is.
            previous: Where it goes; 0 is clean.
            sample: Codes at `timestep`.
            frame: Of the space.
            node_guidance: Added to the log-probabilities at `previous`. Shapes: [B, N, F].
            edge_guidance: Added to the log-odds at `previous`. Shapes: [B, N, N].
            generator: The only source of randomness.
        """
        now, then = self.signal(torch.tensor([timestep, previous])).tolist()
        ratio = now / then
        scores, nodes = frame.base.log().expand_as(node_logits).clone(), sample.nodes.clone()
        for columns in frame.channels:
            allowed, share = frame.allowed[:, columns], frame.marginals[:, columns]
            clean = node_logits[..., columns].masked_fill(~allowed, -torch.inf).softmax(dim=-1)
            at = sample.nodes[..., columns]
            share_at = (share * at).sum(dim=-1, keepdim=True)
            weight = clean / (now * at + (1 - now) * share_at + _TINY)
            come = then * weight + (1 - then) * share * weight.sum(dim=-1, keepdim=True)
            part = ((ratio * at + (1 - ratio) * share_at) * come + _TINY).log()
            if node_guidance is not None:
                part = part + node_guidance[..., columns]
            part = part.masked_fill(~allowed, -torch.inf).log_softmax(dim=-1)
            scores[..., columns] = part
            nodes[..., columns] = _draw(part, generator)
        odds = self._edge_step(edge_logits, sample.edges, frame, now, then)
        if edge_guidance is not None:
            odds = odds + edge_guidance
        drawn = (torch.rand(odds.shape, generator=generator) < odds.sigmoid()).float()
        edges = torch.where(frame.free, drawn, frame.fixed.float())
        return MarginalSchedulerOutput(Codes(nodes, edges), scores, odds)

    @staticmethod
    def _edge_step(edge_logits: Tensor, at: Tensor, frame: Frame, now: float, then: float) -> Tensor:
        """Log-odds of the free edges at the next time: the same posterior, for two values."""
        ratio = now / then
        on = frame.edge_marginals.clamp(_TINY, 1 - _TINY)
        share_at = torch.where(at > 0, on, 1 - on)
        clean = edge_logits.sigmoid()
        weight_on = clean / (now * at + (1 - now) * share_at + _TINY)
        weight_off = (1 - clean) / (now * (1 - at) + (1 - now) * share_at + _TINY)
        total = weight_on + weight_off
        on_mass = (ratio * at + (1 - ratio) * share_at) * (then * weight_on + (1 - then) * on * total)
        off_mass = (ratio * (1 - at) + (1 - ratio) * share_at) * (then * weight_off + (1 - then) * (1 - on) * total)
        return (on_mass + _TINY).log() - (off_mass + _TINY).log()


def _draw(log_probabilities: Tensor, generator: torch.Generator | None) -> Tensor:
    """One-hot draws along the last axis, by the Gumbel trick."""
    noise = torch.rand(log_probabilities.shape, generator=generator).clamp(1e-20, 1 - 1e-7)
    place = (log_probabilities - (-noise.log()).log()).argmax(dim=-1)
    return torch.nn.functional.one_hot(place, log_probabilities.shape[-1]).float()
