"""Tasks can be found by name and say all of what they are."""

from __future__ import annotations

import json

import pytest

from onnx_bench.errors import UnknownNameError
from onnx_bench.tasks import get_task, list_tasks

NAMES = {
    "cifar10", "cifar100", "imagenet16-120", "imagenet-1k", "imagenet-1k-proxy", "transnas/class_scene",
    "transnas/class_object", "transnas/jigsaw", "transnas/room_layout", "transnas/segmentsemantic", "transnas/normal",
    "transnas/autoencoder",
}  # fmt: skip


def test_every_name_that_outsiders_rely_on_is_known() -> None:
    assert {task.name for task in list_tasks()} == NAMES
    assert all(get_task(name).name == name for name in NAMES)


@pytest.mark.parametrize(
    ("name", "offer"),
    [("cifar-10", "cifar10"), ("CIFAR10", "cifar10"), ("class_scene", "transnas/class_scene"),
     ("transnas/jigsw", "transnas/jigsaw"), ("imagenet", "imagenet-1k")],
)  # fmt: skip
def test_a_near_miss_is_answered_with_the_right_name(name: str, offer: str) -> None:
    with pytest.raises(UnknownNameError, match=f"did you mean .*{offer}"):
        get_task(name)


def test_a_far_miss_is_answered_with_all_names() -> None:
    with pytest.raises(UnknownNameError, match=r"known tasks: cifar10, .*transnas/autoencoder"):
        get_task("zzz")


def test_cifar10_tells_its_two_protocols_apart() -> None:
    task = get_task("cifar10")
    first, second = task.protocol("nasbench101"), task.protocol("nasbench201")
    assert first is not None and second is not None
    assert (first.split, first.epochs, first.runs) == ("validation", 108, 1)
    assert (second.split, second.epochs) == ("test", 200)
    assert task.split == "varies" and task.protocol("timm") is None


@pytest.mark.parametrize("task", list_tasks(), ids=lambda task: task.name)
def test_a_description_is_one_sentence_that_stands_alone(task) -> None:
    assert task.description[0].isupper() and task.description.endswith(".") and "\n" not in task.description
    assert task.metric in task.description
    splits = {protocol.split for protocol in task.protocols}
    assert splits == ({task.split} if task.split != "varies" else {"validation", "test"})


def test_a_task_is_plain_data() -> None:
    for task in list_tasks():
        assert json.loads(json.dumps(task.to_dict()))["name"] == task.name
