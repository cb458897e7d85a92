"""`TaskHead`: from the vectors of architectures and of tasks to a score for each pair."""

from __future__ import annotations

import torch
from torch import Tensor

from encoders.task_descriptor import SIZE


class TaskHead(torch.nn.Module):
    """The task scales and shifts the architecture's vector (FiLM, Perez et al. 2018), a small network reads the result.

    Shapes:
        embedding: [B, D].
        tasks: [T, K] descriptors, see `encoders.task_descriptor`.
        returns: [B, T] scores; for a task known in training a normal score of quality, higher is better.
    """

    def __init__(self, width: int, hidden: int = 64) -> None:
        super().__init__()
        self.trunk = torch.nn.Sequential(torch.nn.GELU(), torch.nn.Linear(width, hidden), torch.nn.GELU())
        self.film = torch.nn.Sequential(torch.nn.Linear(SIZE, hidden), torch.nn.GELU(),
                                        torch.nn.Linear(hidden, 2 * hidden))  # fmt: skip
        self.score = torch.nn.Sequential(torch.nn.Linear(hidden, hidden), torch.nn.GELU(), torch.nn.Linear(hidden, 1))

    def forward(self, embedding: Tensor, tasks: Tensor) -> Tensor:
        """Score every architecture on every task."""
        scale, shift = self.film(tasks).chunk(2, dim=1)
        mixed = self.trunk(embedding)[:, None] * (1 + scale) + shift
        rows = self.score(mixed.flatten(0, 1))  # two axes, so that an exporter keeps the weights as they are
        return rows.reshape(mixed.shape[:2])
