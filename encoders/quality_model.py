"""`QualityModel`: an encoder of architectures with the head that scores them on described tasks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from encoders.task_head import TaskHead


class QualityModel(torch.nn.Module):
    """Any encoder (graph network, text encoder) and a `TaskHead`.

    Attributes:
        encoder: A module whose forward takes the inputs of one kind by name and gives [B, D].
        head: Gives [B, T].
    """

    def __init__(self, encoder: torch.nn.Module, width: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = TaskHead(width)

    def forward(self, tasks: Tensor, **inputs: Any) -> tuple[Tensor, Tensor]:
        """Scores of B architectures on T tasks, and their vectors.

        Shapes:
            tasks: [T, K].
            inputs: What the encoder takes.
            returns: [B, T] and [B, D].
        """
        embedding = self.encoder(**inputs)
        return self.head(embedding, tasks), embedding
