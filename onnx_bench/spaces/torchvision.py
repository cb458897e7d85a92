"""The image classifiers of torchvision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from onnx_bench.spaces.zoo import ZooSpace

if TYPE_CHECKING:
    import torch

_AS_PUBLISHED: dict[str, dict[str, Any]] = {
    "googlenet": {"aux_logits": False, "init_weights": False},  # its published weights have no auxiliary heads
    "inception_v3": {"init_weights": False},
}
"""Arguments without which a model would differ from the one whose weights are published, or be slow to make."""


@dataclass(frozen=True)
class Torchvision(ZooSpace):
    """All models that `torchvision.models.list_models(module=torchvision.models)` names: those that classify images."""

    name: ClassVar[str] = "torchvision"
    package: ClassVar[str] = "torchvision"
    title: ClassVar[str] = "torchvision: its image classifiers"
    reference: ClassVar[str] = "TorchVision maintainers and contributors, TorchVision, 2016"

    def models(self) -> list[str]:
        models = self.imported("torchvision.models")
        return list(models.list_models(module=models))

    def builder(self, name: str) -> Callable[..., torch.nn.Module]:
        builder: Callable[..., torch.nn.Module] = self.imported("torchvision.models").get_model_builder(name)
        return builder

    def usual_size(self, name: str) -> int:
        weights = self.imported("torchvision.models").get_model_weights(name).DEFAULT
        return int(weights.transforms.keywords["crop_size"])

    def create(self, name: str, size: int, outputs: int) -> torch.nn.Module:
        family = self.builder(name).__module__.rpartition(".")[2]
        # These families fix the size of their input when they are made.
        sized: dict[str, Any] = {"vision_transformer": {"image_size": size}, "maxvit": {"input_size": (size, size)}}
        arguments = {**_AS_PUBLISHED.get(name, {}), **sized.get(family, {})}
        module: torch.nn.Module = self.builder(name)(weights=None, num_classes=outputs, **arguments)
        return module
