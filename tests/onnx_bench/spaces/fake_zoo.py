"""Small stand-ins for timm and torchvision: the functions that the zoo spaces call, with their real signatures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

from torch import Tensor, nn

Builder = Callable[..., nn.Module]


class TokenNet(nn.Module):
    """A vision transformer without attention: its position embedding fixes the size of the image."""

    def __init__(self, size: int, classes: int) -> None:
        super().__init__()
        self.size = size
        self.patches = nn.Conv2d(3, 8, 8, 8)
        self.positions = nn.Parameter(Tensor(1, (size // 8) ** 2, 8))
        self.head = nn.Linear(8, classes)

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-1] == self.size, f"input size {x.shape[-1]} is not {self.size}"
        return self.head((self.patches(x).flatten(2).transpose(1, 2) + self.positions).mean(1))


def conv_net(width: int, classes: int) -> nn.Module:
    conv = nn.Conv2d(3, width, 3, 2, bias=False)
    return nn.Sequential(
        conv, nn.BatchNorm2d(width), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(),
        nn.Linear(width, classes),
    )  # fmt: skip


def _placed(builder: Builder, name: str, module: str) -> Builder:
    """As if `builder` had been written in `module`."""
    builder.__module__, builder.__name__ = module, name
    return builder


@dataclass
class PretrainedCfg:
    input_size: tuple[int, int, int]
    fixed_input_size: bool = False


def timm() -> ModuleType:
    """A timm of three models: two convolutional ones of a family, and one whose input size is fixed."""

    def small(width: int) -> Builder:
        return lambda num_classes=1000, exportable=None: conv_net(width, num_classes)

    def vit(num_classes: int = 1000, img_size: int = 32, exportable: bool | None = None) -> nn.Module:
        return TokenNet(img_size, num_classes)

    builders = {
        "convy_tiny": _placed(small(4), "convy_tiny", "timm.models.convy"),
        "convy_wide": _placed(small(6), "convy_wide", "timm.models.convy"),
        "vit_mini": _placed(vit, "vit_mini", "timm.models.vision_transformer"),
    }
    configs = {"convy_tiny": PretrainedCfg((3, 40, 40)), "vit_mini": PretrainedCfg((3, 32, 32), fixed_input_size=True)}

    def create_model(model_name: str, pretrained: bool = False, **kwargs: Any) -> nn.Module:
        assert pretrained is False, "weights would be fetched"
        return builders[model_name](**kwargs)

    package = ModuleType("timm")
    vars(package).update(
        list_models=lambda: sorted(builders), model_entrypoint=builders.__getitem__,
        get_pretrained_cfg=configs.get, create_model=create_model,
    )  # fmt: skip
    return package


def _weights(size: int) -> Any:
    class Weights(Enum):
        DEFAULT = SimpleNamespace(transforms=partial(dict, crop_size=size))

        @property
        def transforms(self) -> Any:
            return self.value.transforms

    return Weights


def torchvision() -> dict[str, ModuleType]:
    """A torchvision of three classifiers, one of them of another family, and a detector that is no classifier."""

    def small(width: int) -> Builder:
        def build(*, weights: object = None, num_classes: int = 1000) -> nn.Module:
            assert weights is None, "weights would be fetched"
            return conv_net(width, num_classes)

        return build

    def vit(*, weights: object = None, num_classes: int = 1000, image_size: int = 224) -> nn.Module:
        return TokenNet(image_size, num_classes)

    builders = {
        "convy_small": _placed(small(4), "convy_small", "torchvision.models.convy"),
        "convy_large": _placed(small(6), "convy_large", "torchvision.models.convy"),
        "vit_mini": _placed(vit, "vit_mini", "torchvision.models.vision_transformer"),
        "finder": _placed(small(5), "finder", "torchvision.models.detection.finder"),
    }
    models = ModuleType("torchvision.models")

    def list_models(module: ModuleType | None = None) -> list[str]:
        return sorted(
            n for n, b in builders.items() if not module or b.__module__.rpartition(".")[0] == module.__name__
        )

    vars(models).update(
        list_models=list_models, get_model_builder=builders.__getitem__,
        get_model_weights=lambda name: _weights(48 if name == "convy_large" else 32),
    )  # fmt: skip
    package = ModuleType("torchvision")
    vars(package).update(models=models)
    return {"torchvision": package, "torchvision.models": models}
