"""The seven tasks of TransNAS-Bench-101: one set of indoor photographs, seven questions about each.

Source: Duan et al., "TransNAS-Bench-101", CVPR 2021; the images are a part of Taskonomy.
"""

from __future__ import annotations

from onnx_bench.tasks.task import Protocol, Task


def _task(
    name: str, title: str, metric: str, unit: str, training: str, sentence: str,
    classes: int | None = None, note: str = "",
) -> Task:  # fmt: skip
    """A task of the family; what all seven share is filled in."""
    protocols = tuple(
        Protocol(space, "validation", None, 1, "; ".join(filter(None, ("value of the last epoch", note))))
        for space in ("transnas_micro", "transnas_macro")
    )
    return Task(
        name=f"transnas/{name}", title=title, dataset="Taskonomy (TransNAS-Bench-101)", modality="image",
        resolution=256, metric=metric, direction="max", unit=unit, split="validation", classes=classes,
        training=training,
        description=f"{sentence} from a 256x256 indoor photograph (Taskonomy), trained from scratch; {metric}"
        f"{' in percent' if unit == '%' else ''}, higher is better.",
        protocols=protocols,
    )  # fmt: skip


CLASS_SCENE = _task(
    "class_scene", "Scene classification", "top-1 accuracy", "%",
    "cross-entropy against soft labels; the head has 63 outputs",
    "Say which kind of room or scene is shown", classes=63,
)  # fmt: skip
CLASS_OBJECT = _task(
    "class_object", "Object classification", "top-1 accuracy", "%",
    "cross-entropy against soft labels; the head has 100 outputs",
    "Say which object is shown", classes=100,
)  # fmt: skip
JIGSAW = _task(
    "jigsaw", "Jigsaw puzzle", "top-1 accuracy", "%",
    "self-supervised: nine tiles pass through one shared backbone, the head names one of 1,000 permutations",
    "Say in which of a thousand orders nine tiles were shuffled", classes=1000,
)  # fmt: skip
ROOM_LAYOUT = _task(
    "room_layout", "Room layout", "negative regression loss", "",
    "regression of nine numbers that describe the camera pose and a bounding box of the room",
    "Estimate the nine numbers of the room's bounding box", note="recorded as a negative loss",
)  # fmt: skip
SEGMENT_SEMANTIC = _task(
    "segmentsemantic", "Semantic segmentation", "pixel accuracy", "%",
    "a decoder of transposed convolutions labels every pixel",
    "Name the class of every pixel", note="pixel accuracy, not mean IoU; all networks lie close together",
)  # fmt: skip
NORMAL = _task(
    "normal", "Surface normals", "structural similarity (SSIM)", "",
    "an image decoder trained with an L1 and an adversarial loss",
    "Estimate the direction of the surface at every pixel",
)  # fmt: skip
AUTOENCODER = _task(
    "autoencoder", "Autoencoding", "structural similarity (SSIM)", "",
    "an image decoder trained with an L1 and an adversarial loss",
    "Reconstruct the image through a narrow code", note="ranks networks unlike the other six tasks",
)  # fmt: skip

TRANSNAS = (CLASS_SCENE, CLASS_OBJECT, JIGSAW, ROOM_LAYOUT, SEGMENT_SEMANTIC, NORMAL, AUTOENCODER)
