"""Which networks a task cannot be asked of, and that no network of a known space is one of them."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from archlm import Predictor
from archlm.task_fit import lost_norms, misfits, remarks
from encoders.features import NAMES, compute_many
from onnx_bench import spaces
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph
from onnx_bench.tasks import get_task
from onnx_bench.torch_export import export_module

CIFAR, IMAGENET, MNLI = map(get_task, ("cifar10", "imagenet-1k", "glue/mnli"))
BUILT_HERE = [name for name in spaces.list_spaces() if name not in ("timm", "torchvision")]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.from_pretrained()


class Language(nn.Module):
    """A causal language model: token ids to logits at every position."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(800, 64), nn.Parameter(torch.zeros(1, 32, 64))
        self.block = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
        self.head = nn.Linear(64, 800)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        mask = torch.full((32, 32), float("-inf")).triu(1)
        return self.head(self.block(self.words(ids) + self.places, mask))


def exported(module: nn.Module, example: torch.Tensor) -> ArchGraph:
    return read_graph(export_module(module, (example,)))


@pytest.fixture(scope="module")
def language() -> ArchGraph:
    return exported(Language(), torch.zeros(1, 32, dtype=torch.int64))


@pytest.fixture(scope="module")
def sound() -> ArchGraph:
    layers = (nn.Conv1d(1, 32, 9, 4), nn.BatchNorm1d(32), nn.ReLU(), nn.Conv1d(32, 64, 9, 4), nn.ReLU(),
              nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, 10))  # fmt: skip
    return exported(nn.Sequential(*layers), torch.zeros(1, 1, 4000))


@pytest.mark.parametrize("name", BUILT_HERE)
def test_networks_of_a_known_space_fit_its_tasks_however_they_are_built(name: str) -> None:
    space, rng = spaces.get(name), random.Random(0)
    for task in map(get_task, space.tasks):
        for built in (None, task.name):
            for _ in range(3):
                graph = space.build(space.sample(rng), task=built)
                assert misfits(graph, task) == remarks(graph, task) == [], (name, task.name, built)


def test_networks_of_another_modality_are_strangers(
    predictor: Predictor, language: ArchGraph, sound: ArchGraph
) -> None:
    table = predictor.predict([language, sound], ["imagenet-1k", "cifar10"])
    assert (table.in_distribution == 0).all()
    assert table.warnings[0][0] == "its input is int 1x32: no image, as a network for imagenet-1k reads"
    assert table.warnings[3][0] == "its input is float 1x1x4000: no image, as a network for cifar10 reads"
    assert all(any("unlike the networks" in note for note in notes) for notes in table.warnings)
    part = predictor.weights.task("cifar10")
    low, _, high = part.cross.interval(table.score[3:].to_numpy(), part.model.scale)
    assert table.q05[3] == pytest.approx(low[0]) and table.q95[3] == pytest.approx(high[0]), "as of unknown spaces"


def test_an_image_network_reads_no_text_and_a_text_network_no_images(predictor: Predictor) -> None:
    bert = spaces.get("bert")
    text = bert.build(bert.sample(random.Random(1)))
    image = spaces.get("nats_size").build("64:64:64:64:64")
    table = predictor.predict([text, image], ["cifar10", "glue/mnli"])
    assert table.in_distribution[0] == table.in_distribution[3] == 0
    assert "no image" in table.warnings[0][0] and "no token ids" in table.warnings[3][0]
    assert misfits(text, MNLI) == misfits(image, CIFAR) == []
    assert "no features of nodes" in misfits(image, get_task("graph/cora"))[0]


def test_the_head_explains_what_it_answers(predictor: Predictor, language: ArchGraph) -> None:
    found = predictor.explain(language, "imagenet-1k")["features"]
    moved = predictor.weights.head.contributions(compute_many([language]))[0]
    assert {one["name"] for one in found} <= {NAMES[i] for i in moved.nonzero()[0]}


def test_a_described_task_is_asked_with_the_same_doubts(predictor: Predictor, language: ArchGraph) -> None:
    food = replace(CIFAR, name="food-101", dataset="Food-101", classes=101, protocols=())
    row = predictor.predict([language], [food]).iloc[0]
    assert row.in_distribution == 0 and "no image" in row.warnings[0] and "nobody has measured" in row.warnings[-1]


@pytest.mark.parametrize("kind", [TensorProto.UINT8, TensorProto.FLOAT16])
def test_bytes_and_halves_are_images_too(kind: int) -> None:
    nodes = [helper.make_node("Cast", ["x"], ["f"], to=1), helper.make_node("GlobalAveragePool", ["f"], ["y"])]
    values = [helper.make_tensor_value_info(n, t, [1, 3, 8, 8]) for n, t in (("x", kind), ("y", 1))]
    graph = helper.make_graph(nodes, "g", values[:1], [helper.make_empty_tensor_value_info("y")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    found = misfits(read_graph(model.SerializeToString()), CIFAR)
    assert found == ["it has no layers with weights, so there is nothing to judge"]


def test_a_network_without_layers_is_a_stranger(predictor: Predictor) -> None:
    nothing = exported(nn.Identity(), torch.zeros(1, 3, 32, 32))
    row = predictor.predict([nothing], ["cifar10"]).iloc[0]
    assert row.in_distribution == 0 and row.error is None
    assert row.warnings[0] == "it has no layers with weights, so there is nothing to judge"
    dead = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    assert predictor.predict([("nasbench201", dead)], ["cifar10"]).in_distribution[0] > 0


def test_maps_are_no_class_scores(predictor: Predictor) -> None:
    layers = (nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 3, 3, 1, 1), nn.Upsample(scale_factor=2))
    maps = exported(nn.Sequential(*layers), torch.zeros(1, 3, 64, 64))
    assert remarks(maps, IMAGENET) == ["its output is 1x3x64x64: no class scores, which imagenet-1k is about"]
    assert remarks(maps, get_task("transnas/normal")) == []
    assert predictor.predict([maps], ["cifar10"]).warnings[0][0].startswith("its output is 1x3x64x64")
    pooled = exported(nn.Sequential(*layers[:3], nn.AdaptiveAvgPool2d(1)), torch.zeros(1, 3, 64, 64))
    assert remarks(pooled, IMAGENET) == []


def convolutions(norm: bool, bias: bool) -> nn.Sequential:
    torch.manual_seed(0)
    sizes = ((3, 8), (8, 16), (16, 16))
    body = [layer for a, b in sizes for layer in
            (nn.Conv2d(a, b, 3, bias=bias), nn.BatchNorm2d(b) if norm else nn.Identity(), nn.ReLU())]  # fmt: skip
    return nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))


def test_convolutions_without_norm_and_bias_are_doubted() -> None:
    example = torch.zeros(1, 3, 32, 32)
    assert "dynamo" in lost_norms(exported(convolutions(norm=False, bias=False), example))
    for norm, bias in ((True, False), (False, True), (True, True)):
        assert lost_norms(exported(convolutions(norm, bias), example)) == ""
