"""What every search space promises."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from onnx_bench import spaces
from onnx_bench.errors import UnknownNameError
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Graph
from onnx_bench.ops import make_node

NAMES = spaces.list_spaces()
SIZES = {
    "nasbench101": 423_624, "nasbench201": 15_625, "nats_size": 32_768, "transnas_micro": 4_096,
    "transnas_macro": 3_256, "mnasnet": 36**6 * 48,
}  # fmt: skip


@pytest.fixture(params=NAMES)
def space(request: pytest.FixtureRequest) -> spaces.SearchSpace[Any]:
    return spaces.get(request.param)


def samples(space: spaces.SearchSpace[Any], number: int, seed: int = 0) -> Iterator[str]:
    rng = random.Random(seed)
    return islice(iter(lambda: space.sample(rng), None), number)


def check_is_recounted(graph: Graph) -> None:
    """Rebuilding every node from its attributes and inputs gives the same shape, parameters and MACs."""
    for node in graph.nodes:
        shapes = [graph.nodes[i].shape for i in node.inputs]
        given = node.shape if node.op in ("Input", "Constant", "Reshape") else None
        assert make_node(node.op, node.inputs, shapes, given, **dict(node.attrs)) == node  # type: ignore[arg-type]


def test_the_listing() -> None:
    assert set(NAMES) == set(SIZES)
    for name in NAMES:
        space = spaces.get(name)
        assert space.name == name
        assert space.default_task in space.tasks
        assert space.title
        assert space.reference


def test_an_unknown_space_is_told_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match="nasbench201"):
        spaces.get("nasbench2")
    with pytest.raises(UnknownNameError, match="stem_channels"):
        spaces.get("nasbench201", width=3)


def test_size(space: spaces.SearchSpace[Any]) -> None:
    assert space.size() == SIZES[space.name]


def test_both_forms_of_random_networks(space: spaces.SearchSpace[Any]) -> None:
    for arch in samples(space, 20):
        trained, canonical = space.build(arch, normalised=False), space.build(arch)
        for graph in (trained, canonical):
            check_is_recounted(graph)
            assert graph.name == f"{space.name}:{arch}"
            assert graph.stored_params == trained.params
            assert [graph.nodes[i].shape for i in graph.inputs] == [space.head().input]
        assert canonical.normalised
        assert not trained.normalised
        assert canonical.params <= trained.params
        assert canonical.num_nodes < trained.num_nodes


def test_every_task_has_its_input_and_output(space: spaces.SearchSpace[Any]) -> None:
    arch = next(samples(space, 1, seed=1))
    for task, head in space.tasks.items():
        graph = space.build(arch, task=task)
        check_is_recounted(graph)
        assert [graph.nodes[i].shape for i in graph.inputs] == [head.input]
        if head.outputs:
            assert graph.nodes[graph.outputs[0]].shape == (1, head.outputs)
        assert space.build(arch, task=task.rpartition("/")[2]) == graph


def test_an_unknown_task_is_told_what_there_is(space: spaces.SearchSpace[Any]) -> None:
    with pytest.raises(UnknownNameError, match=space.default_task):
        space.build(next(samples(space, 1)), task="chess")


def test_samples_come_from_the_generator_alone_and_differ(space: spaces.SearchSpace[Any]) -> None:
    first = list(samples(space, 50))
    assert first == list(samples(space, 50))
    assert len(set(first)) > 35


def test_neighbours_are_other_architectures_of_the_space(space: spaces.SearchSpace[Any]) -> None:
    for arch in samples(space, 5, seed=2):
        neighbours = space.neighbours(arch)
        assert neighbours
        assert arch not in neighbours
        assert len(set(neighbours)) == len(neighbours)
        parsed = [space.parse(n) for n in neighbours]
        assert space.parse(arch) not in parsed


@pytest.mark.parametrize("name", [n for n in NAMES if n != "nasbench101"])
def test_neighbourhood_is_mutual(name: str) -> None:
    space = spaces.get(name)
    arch = next(samples(space, 1, seed=3))
    assert all(arch in space.neighbours(n) for n in space.neighbours(arch))


def test_the_skeleton_is_a_parameter(space: spaces.SearchSpace[Any]) -> None:
    name, value = next((k, v) for k, v in space.skeleton().items() if isinstance(v, int))
    other = spaces.get(space.name, **{name: 2 * value})
    assert other.skeleton()[name] == 2 * value
    assert other != space
    if not space.name.startswith("transnas"):  # there the architecture names its base width
        arch = next(samples(space, 1, seed=4))
        assert other.build(arch).params > space.build(arch).params


BAD = {
    "nasbench101": [
        "", "[]", "{}", "[" * 100_000, '{"matrix":["01","00"],"ops":["input","input"]}',
        '{"matrix":["01"],"ops":["input","output"]}', '{"matrix":["00","00"],"ops":["input","output"]}',
        '{"matrix":["01","10"],"ops":["input","output"]}', '{"matrix":["02","00"],"ops":["input","output"]}',
        '{"matrix":["010","001","000"],"ops":["input","conv7x7","output"]}', '{"matrix":7,"ops":7}',
        '{"matrix":[[0,[1]],[0,0]],"ops":["input","output"]}', '{"matrix":["01","00"],"ops":[["input"],"output"]}',
        '{"matrix":["01111","00111","00011","00001","00000"],"ops":["input",'
        '"conv1x1-bn-relu","conv1x1-bn-relu","conv1x1-bn-relu","output"]}',
    ],
    "nasbench201": ["", "|none~0|", "|none~0|+|none~0|none~1|+|none~0|none~1|dil_conv~2|",
                    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|\n"],
    "nats_size": ["", "8:8:8:8", "8:8:8:8:9", "8:8:8:8:8:8", "8:8:8:8:72", "-8:8:8:8:8"],
    "transnas_micro": ["", "64-41414", "64-41414-basic", "32-41414-1_11_111", "64-41424-1_11_111", "64-41414-1_11_114"],
    "transnas_macro": ["", "64-1111-basic", "64-444-basic", "64-4444444-basic", "64-4444-basic", "64-1235-basic",
                       "64-11112-1_11_111", "64-11112-basic"],
    "mnasnet": ["", "{}", "[]", "null", "[" * 100_000, '{"block0_e": 6}'],
}  # fmt: skip


@pytest.mark.parametrize(("name", "arch"), [(name, arch) for name, archs in BAD.items() for arch in archs])
def test_a_bad_architecture_string_is_a_typed_error(name: str, arch: str) -> None:
    with pytest.raises(UnknownNameError, match=f"(?s)no architecture of {name}: found .*expected") as caught:
        spaces.get(name).build(arch)
    assert len(str(caught.value)) < 600


def test_a_graph_survives_its_bytes(space: spaces.SearchSpace[Any]) -> None:
    graph = space.build(next(samples(space, 1, seed=5)))
    assert ArchGraph.from_bytes(graph.to_bytes()) == graph
