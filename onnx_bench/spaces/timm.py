"""The models of timm, PyTorch Image Models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from onnx_bench.spaces.zoo import ZooSpace

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Timm(ZooSpace):
    """All models that `timm.list_models()` names, without the tags of trained weights."""

    name: ClassVar[str] = "timm"
    package: ClassVar[str] = "timm"
    title: ClassVar[str] = "timm: the image models of PyTorch Image Models"
    reference: ClassVar[str] = "Wightman, PyTorch Image Models, 2019, doi:10.5281/zenodo.4414861"

    def models(self) -> list[str]:
        return list(self.imported().list_models())

    def builder(self, name: str) -> Callable[..., torch.nn.Module]:
        builder: Callable[..., torch.nn.Module] = self.imported().model_entrypoint(name)
        return builder

    def usual_size(self, name: str) -> int:
        weights = self.imported().get_pretrained_cfg(name)
        return int(weights.input_size[-1]) if weights else self.head().input[-1]

    def create(self, name: str, size: int, outputs: int) -> torch.nn.Module:
        timm = self.imported()
        weights = timm.get_pretrained_cfg(name)
        sized = {"img_size": size} if weights and weights.fixed_input_size else {}
        module: torch.nn.Module = timm.create_model(
            name, pretrained=False, exportable=True, num_classes=outputs, **sized
        )  # fmt: skip
        return module
