"""Other test images for classifiers of ImageNet-1k: new labels, new photographs, sketches, renditions, hard ones.

No network is trained for these; the weights that were scored on ImageNet-1k are scored again.
"""

from __future__ import annotations

from typing import Literal

from onnx_bench.tasks.task import Protocol, Task

_TRAINING = "weights trained on ImageNet-1k by each network's own recipe, scored without further training"
_NOTE = "recipes differ between networks; compare weights of one pretraining class"


def _task(
    suffix: str, title: str, classes: int, images: str, split: Literal["validation", "test"] = "test"
) -> Task:  # fmt: skip
    return Task(
        name=f"imagenet-{suffix}", title=f"{title} accuracy", dataset=title, modality="image", classes=classes,
        metric="top-1 accuracy", direction="max", unit="%", split=split, training=_TRAINING,
        description=f"Classify {images} ({title}) with a network trained on ImageNet-1k; top-1 accuracy in percent.",
        protocols=(Protocol("timm", split, None, 1, _NOTE),),
    )  # fmt: skip


IMAGENET_VARIANTS = (
    _task("real", "ImageNet-ReaL", 1000, "the validation photographs of ImageNet-1k by reassessed labels",
          "validation"),
    _task("v2", "ImageNet-V2", 1000, "newly gathered photographs of the thousand ImageNet classes"),
    _task("sketch", "ImageNet-Sketch", 1000, "black-and-white sketches of the thousand ImageNet classes"),
    _task("a", "ImageNet-A", 200, "natural photographs that fool ResNet-50, of 200 ImageNet classes"),
    _task("r", "ImageNet-R", 200, "paintings, toys and other renditions of 200 ImageNet classes"),
)  # fmt: skip
