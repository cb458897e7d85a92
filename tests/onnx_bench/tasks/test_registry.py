"""Tasks can be found by name and say all of what they are."""

from __future__ import annotations

import json

import pytest

from onnx_bench.errors import UnknownNameError
from onnx_bench.tasks import Task, get_task, list_tasks

GRAPHS = ("cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv", "proteins")
GLUE = ("cola", "mnli", "mrpc", "qnli", "qqp", "rte", "sst", "sts", "score")
NAMES = {
    "cifar10", "cifar100", "imagenet16-120", "imagenet-1k", "imagenet-1k-proxy", "imagenet-real", "imagenet-v2",
    "imagenet-sketch", "imagenet-a", "imagenet-r", "flowers102", "chaoyang", "cifar100-distilled",
    "flowers102-distilled", "chaoyang-distilled", "transnas/class_scene", "transnas/class_object", "transnas/jigsaw",
    "transnas/room_layout", "transnas/segmentsemantic", "transnas/normal", "transnas/autoencoder", "wikitext-2", "ptb",
    *(f"graph/{name}" for name in GRAPHS), *(f"glue/{name}" for name in GLUE),
}  # fmt: skip
COSTS = {"latency": 27 + 2 + 20, "throughput": 6}
"""How many devices: HELP, the FPGAs of Accel-NASBench and the benchmark files of timm; the accelerators."""


def test_every_name_that_outsiders_rely_on_is_known() -> None:
    names = {task.name for task in list_tasks()}
    assert {name for name in names if name.partition("/")[0] not in COSTS} == NAMES
    assert all(get_task(name).name == name for name in names)
    assert {family: sum(name.startswith(f"{family}/") for name in names) for family in COSTS} == COSTS


@pytest.mark.parametrize(
    ("name", "offer"),
    [("cifar-10", "cifar10"), ("CIFAR10", "cifar10"), ("class_scene", "transnas/class_scene"),
     ("transnas/jigsw", "transnas/jigsaw"), ("imagenet", "imagenet-1k"), ("cora", "graph/cora"),
     ("zcu102", "latency/zcu102 or throughput/zcu102"), ("latency/raspi", "latency/raspi4"),
     ("latency/rtx5090", "latency/timm_amp_nchw_pt291_cu130_5090 or"), ("12700h", "cpu_i7_12700h_dynamo")],
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
    assert ("lower is better" in task.description) == (task.direction == "min")
    assert task.device in task.description and bool(task.device) == (task.split == "none")
    splits = {protocol.split for protocol in task.protocols}
    assert splits == ({task.split} if task.split != "varies" else {"validation", "test"})
    assert bool(task.training) == bool(task.dataset) == (task.split != "none")


def test_a_task_is_plain_data_and_back() -> None:
    for task in list_tasks():
        assert Task.from_dict(json.loads(json.dumps(task.to_dict()))) == task


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "imagenet16-120", "imagenet-1k", "imagenet-1k-proxy"])
def test_the_first_tasks_keep_their_meaning(name: str) -> None:
    """Shipped weights refer to them."""
    task = get_task(name)
    assert (task.modality, task.metric, task.direction, task.unit) == ("image", "top-1 accuracy", "max", "%")


def test_latencies_tell_devices_and_spaces_apart() -> None:
    task = get_task("latency/1080ti_32")
    assert (task.device, task.unit, task.direction) == ("NVIDIA GTX 1080 Ti, batch 32", "ms", "min")
    assert [protocol.space for protocol in task.protocols] == ["nasbench201"]
