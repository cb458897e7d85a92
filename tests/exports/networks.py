"""The networks of the export table, with example inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tests.exports import networks_attention as attention
from tests.exports import networks_conv as conv


@dataclass(frozen=True)
class Network:
    """A torch network and how to call it.

    Attributes:
        make: Makes the module; called under a fixed seed.
        inputs: Example inputs for a batch of the given size.
        batch_inputs: Names of the inputs that have a batch axis (axis 0).
        kind: Family, for the table: convolutional, depthwise, transformer, hybrid, recurrent, message passing.
    """

    make: Callable[[], nn.Module]
    inputs: Callable[[int], tuple[Tensor, ...]]
    kind: str
    batch_inputs: tuple[str, ...] = ("x",)

    def module(self) -> nn.Module:
        """A fresh instance in evaluation mode with weights and statistics as after training.

        Simplifiers merge equal tensors and drop zeros; trained weights are neither equal nor zero.
        """
        torch.manual_seed(0)
        module = self.make().eval()
        with torch.no_grad():
            for weight in module.parameters():
                weight.add_(0.02 * torch.randn_like(weight))
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.normal_()
                part.running_var.uniform_(0.5, 2)
        return module


class LstmClassifier(nn.Module):
    """Embedding, two LSTM layers with zero initial states, last step."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(30, 12)
        self.lstm = nn.LSTM(12, 16, num_layers=2, batch_first=True)
        self.head = nn.Linear(16, 4)

    def forward(self, words: Tensor) -> Tensor:
        return self.head(self.lstm(self.embed(words))[0][:, -1])


class GruClassifier(nn.Module):
    """Bidirectional GRU over a signal; the final states of both directions are joined."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(6, 10, batch_first=True, bidirectional=True)
        self.head = nn.Linear(20, 4)

    def forward(self, signal: Tensor) -> Tensor:
        _, state = self.gru(signal)
        return self.head(torch.cat([state[0], state[1]], 1))


class Gcn(nn.Module):
    """Two rounds of message passing over a dense adjacency matrix, mean over the vertices."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Linear(7, 16), nn.Linear(16, 16, bias=False), nn.Linear(16, 3)

    def forward(self, features: Tensor, adjacency: Tensor) -> Tensor:
        degree = adjacency.sum(-1, keepdim=True)
        h = torch.relu(adjacency @ self.first(features) / (degree + 1))
        h = torch.relu(self.second(adjacency @ h) + h)
        return self.head(h.mean(1))


def image(batch: int) -> tuple[Tensor, ...]:
    return (torch.randn(batch, 3, 32, 32),)


def words(batch: int) -> tuple[Tensor, ...]:
    return (torch.randint(0, 30, (batch, 12)),)


NETWORKS: dict[str, Network] = {
    "vgg": Network(conv.vgg, image, "convolutional"),
    "resnet": Network(conv.ResNet, image, "convolutional"),
    "preact_resnet": Network(conv.PreactResNet, image, "convolutional"),
    "densenet": Network(conv.DenseNet, image, "convolutional"),
    "mobilenet_v2": Network(conv.mobilenet_v2, image, "depthwise"),
    "mobilenet_v3": Network(conv.mobilenet_v3, image, "depthwise"),
    "efficientnet": Network(conv.efficientnet, image, "depthwise"),
    "shufflenet": Network(conv.shufflenet, image, "depthwise"),
    "inception": Network(conv.inception, image, "convolutional"),
    "convnext": Network(conv.ConvNeXt, image, "depthwise"),
    "group_norm": Network(conv.group_norm_net, image, "convolutional"),
    "unet": Network(conv.UNet, image, "convolutional"),
    "csp": Network(conv.CspNet, image, "convolutional"),
    "vit": Network(attention.ViT, image, "transformer"),
    "vit_plain": Network(lambda: attention.ViT(fused=False), image, "transformer"),
    "vit_multihead": Network(attention.MultiheadViT, image, "transformer"),
    "swin": Network(attention.Swin, image, "transformer"),
    "hybrid": Network(attention.Hybrid, image, "hybrid"),
    "mixer": Network(attention.Mixer, image, "transformer"),
    "bert": Network(attention.Bert, lambda b: (*words(b), torch.ones(b, 12, dtype=torch.long)), "transformer",
                    ("words", "mask")),
    "llama": Network(attention.Llama, words, "transformer", ("words",)),
    "lstm": Network(LstmClassifier, words, "recurrent", ("words",)),
    "gru": Network(GruClassifier, lambda b: (torch.randn(b, 9, 6),), "recurrent", ("signal",)),
    "gcn": Network(Gcn, lambda b: (torch.randn(b, 5, 7), torch.rand(b, 5, 5)), "message passing",
                   ("features", "adjacency")),
}  # fmt: skip
