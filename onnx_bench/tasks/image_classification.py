"""Classifying photographs: CIFAR and ImageNet in the sizes that benchmarks use."""

from __future__ import annotations

from typing import Any

from onnx_bench.tasks.small_data import protocols as vision_transformers
from onnx_bench.tasks.task import Protocol, Task

_NB201 = "SGD with Nesterov momentum and a cosine schedule for 200 epochs (NAS-Bench-201)"
_NB201_SEEDS = "the mean of the recorded seeds"
_NATS_SIZE = Protocol("nats_size", "test", 90, 1, "test images, a single run (NATS-Bench)")


def _task(**own: Any) -> Task:
    """A task of the family; what all share is filled in."""
    return Task(modality="image", metric="top-1 accuracy", direction="max", unit="%", **own)


CIFAR10 = _task(
    name="cifar10",
    title="CIFAR-10 accuracy",
    dataset="CIFAR-10",
    classes=10,
    resolution=32,
    split="varies",
    training=f"RMSProp with a cosine schedule for 108 epochs (NAS-Bench-101) or {_NB201}",
    description="Classify 32x32 colour photographs into ten everyday classes (CIFAR-10), trained from scratch; "
    "top-1 accuracy in percent.",
    protocols=(
        Protocol("nasbench101", "validation", 108, 1, "validation images only, a single training run per cell"),
        Protocol("nasbench201", "test", 200, 3, f"test images, {_NB201_SEEDS}"),
        _NATS_SIZE,
        Protocol("darts", "validation", None, 1, "about 100 epochs, a single run (NAS-Bench-301)"),
    ),
)

CIFAR100 = _task(
    name="cifar100",
    title="CIFAR-100 accuracy",
    dataset="CIFAR-100",
    classes=100,
    resolution=32,
    split="test",
    training=_NB201,
    description="Classify 32x32 colour photographs into one hundred classes (CIFAR-100), trained from scratch; "
    "top-1 accuracy in percent.",
    protocols=(
        Protocol("nasbench201", "test", 200, 3, _NB201_SEEDS),
        _NATS_SIZE,
        *vision_transformers("images enlarged to 224x224, a single run (Auto-Prox)"),
    ),
)

IMAGENET16_120 = _task(
    name="imagenet16-120",
    title="ImageNet16-120 accuracy",
    dataset="ImageNet16-120",
    classes=120,
    resolution=16,
    split="test",
    training=_NB201,
    description="Classify ImageNet photographs shrunk to 16x16 pixels into the first 120 classes (ImageNet16-120), "
    "trained from scratch; top-1 accuracy in percent.",
    protocols=(Protocol("nasbench201", "test", 200, 3, _NB201_SEEDS), _NATS_SIZE),
)

IMAGENET = _task(
    name="imagenet-1k",
    title="ImageNet accuracy",
    dataset="ImageNet-1k",
    classes=1000,
    split="validation",
    training="full supervised training on ImageNet-1k alone, each network with its own recipe and input size",
    description="Classify photographs into the thousand classes of ImageNet-1k, trained fully and on ImageNet-1k "
    "alone, each network by its own recipe; top-1 accuracy in percent.",
    protocols=(
        Protocol("timm", "validation", None, 1, "recipes differ between networks and years: the spread between recipes "
                 "is part of the noise"),
        Protocol("torchvision", "validation", None, 1, "recipes differ between networks and years"),
    ),
)  # fmt: skip

IMAGENET_PROXY = _task(
    name="imagenet-1k-proxy",
    title="ImageNet accuracy, short training",
    dataset="ImageNet-1k",
    classes=1000,
    resolution=224,
    split="validation",
    training="a shortened schedule of 16 epochs (Accel-NASBench); about ten points under full training",
    description="Classify photographs into the thousand classes of ImageNet-1k after a shortened training of 16 "
    "epochs; top-1 accuracy in percent, meant for ranking networks.",
    protocols=(Protocol("mnasnet", "validation", 16, 1, "valid for ranking; about ten points under full training"),),
)

IMAGE_CLASSIFICATION = (CIFAR10, CIFAR100, IMAGENET16_120, IMAGENET, IMAGENET_PROXY)
