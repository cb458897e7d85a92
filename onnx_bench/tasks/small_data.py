"""Vision transformers trained from scratch on small data sets, plain or distilled from a convolutional teacher.

Source: Wei et al., "Auto-Prox: Training-Free Vision Transformer Architecture Search", AAAI 2024. The plain CIFAR-100
values are of the task `cifar100`.
"""

from __future__ import annotations

from onnx_bench.tasks.task import Protocol, Task

PLAIN_TRAINING = "from scratch on images enlarged to 224x224 (Auto-Prox)"
_DISTILLED_TRAINING = f"{PLAIN_TRAINING}, distilled from a convolutional teacher"
_SPACES = ("autoformer", "pit")


def protocols(note: str) -> tuple[Protocol, ...]:
    """How both spaces of vision transformers were measured."""
    return tuple(Protocol(space, "test", None, 1, note) for space in _SPACES)


def _task(name: str, dataset: str, classes: int, images: str, distilled: bool) -> Task:
    training = _DISTILLED_TRAINING if distilled else PLAIN_TRAINING
    teacher = " with a convolutional network as teacher" if distilled else ""
    return Task(
        name=f"{name}-distilled" if distilled else name,
        title=f"{dataset} accuracy{', distilled' if distilled else ''}", dataset=dataset, modality="image",
        classes=classes, resolution=224, metric="top-1 accuracy", direction="max", unit="%", split="test",
        training=training,
        description=f"Classify {images} ({dataset}), trained from scratch{teacher}; top-1 accuracy in percent.",
        protocols=protocols("a single run of the published training"),
    )  # fmt: skip


_FLOWERS = ("flowers102", "Flowers-102", 102, "photographs of flowers into 102 species")
_CHAOYANG = ("chaoyang", "Chaoyang", 4, "microscope images of colon tissue into four findings")
_CIFAR100 = ("cifar100", "CIFAR-100", 100, "small colour photographs into one hundred classes")

SMALL_DATA = (
    _task(*_FLOWERS, distilled=False),
    _task(*_CHAOYANG, distilled=False),
    _task(*_CIFAR100, distilled=True),
    _task(*_FLOWERS, distilled=True),
    _task(*_CHAOYANG, distilled=True),
)
