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
from tests.onnx_bench.spaces.cases import DRAWN, of

NAMES = DRAWN
GIVEN = ("Input", "Parameter", "Constant", "Reshape", "Expand", "Resize", "Einsum", "Output")
"""Operators whose shape does not follow from their inputs."""


@pytest.fixture(params=NAMES)
def space(request: pytest.FixtureRequest) -> spaces.SearchSpace[Any]:
    return spaces.get(request.param)


def samples(space: spaces.SearchSpace[Any], number: int, seed: int = 0) -> Iterator[str]:
    rng = random.Random(seed)
    return islice(iter(lambda: space.sample(rng), None), number)


def some(neighbours: list[str]) -> list[str]:
    """All of them, or twenty of many: grammars give an architecture a thousand long-winded neighbours."""
    return neighbours if len(neighbours) <= 200 else random.Random(0).sample(neighbours, 20)


def input_shapes(space: spaces.SearchSpace[Any], head: spaces.Head, arch: str) -> list[tuple[int, ...]]:
    """Those that the task decides, and those that the architecture does."""
    own = getattr(of(space.name), "own_inputs", lambda arch: [])
    return [head.input, *head.more_inputs, *own(arch)]


def check_is_recounted(graph: Graph) -> None:
    """Rebuilding every node from its attributes and inputs gives the same shape, parameters and MACs."""
    for node in graph.nodes:
        shapes = [graph.nodes[i].shape for i in node.inputs]
        given = node.shape if node.op in GIVEN else None
        assert make_node(node.op, node.inputs, shapes, given, **dict(node.attrs)) == node  # type: ignore[arg-type]


def test_the_listing() -> None:
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
    assert space.size() == of(space.name).SIZE


LISTED = ("nasbench201", "nats_size", "transnas_micro", "transnas_macro", "pit", "bert", "nasbench_graph")


@pytest.mark.parametrize("name", LISTED)
def test_a_small_space_lists_its_architectures(name: str) -> None:
    space = spaces.get(name)
    archs = list(space.architectures())
    assert len(set(archs)) == len(archs) == space.size()
    assert all(space.parse(arch) for arch in archs[::97])


def test_a_large_space_says_that_it_cannot_be_listed() -> None:
    with pytest.raises(UnknownNameError, match="sample"):
        spaces.get("mnasnet").architectures()


def test_both_forms_of_random_networks(space: spaces.SearchSpace[Any]) -> None:
    for arch in samples(space, 20):
        trained, canonical = space.build(arch, normalised=False), space.build(arch)
        for graph in (trained, canonical):
            check_is_recounted(graph)
            assert graph.name == f"{space.name}:{arch}"
            assert graph.stored_params == trained.params
            assert [graph.nodes[i].shape for i in graph.inputs] == input_shapes(space, space.head(), arch)
        assert canonical.normalised
        assert not trained.normalised
        assert canonical.params <= trained.params + getattr(of(space.name), "SHARED", 0)
        if getattr(of(space.name), "SHRINKS", True):
            assert canonical.num_nodes < trained.num_nodes


def test_every_task_has_its_input_and_output(space: spaces.SearchSpace[Any]) -> None:
    arch = next(samples(space, 1, seed=1))
    for task, head in space.tasks.items():
        graph = space.build(arch, task=task)
        check_is_recounted(graph)
        assert [graph.nodes[i].shape for i in graph.inputs] == input_shapes(space, head, arch)
        if head.outputs:
            leading = getattr(of(space.name), "LEADING", (1,))
            assert graph.nodes[graph.outputs[0]].shape == (*leading, head.outputs)
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
        parsed = [space.parse(n) for n in some(neighbours)]
        assert space.parse(arch) not in parsed


@pytest.mark.parametrize("name", [n for n in NAMES if n != "nasbench101"])
def test_neighbourhood_is_mutual(name: str) -> None:
    space = spaces.get(name)
    arch = next(samples(space, 1, seed=3))
    assert all(arch in space.neighbours(n) for n in some(space.neighbours(arch)))


def test_the_skeleton_is_a_parameter(space: spaces.SearchSpace[Any]) -> None:
    name, value = next((k, v) for k, v in space.skeleton().items() if isinstance(v, int))
    other = spaces.get(space.name, **{name: 2 * value})
    assert other.skeleton()[name] == 2 * value
    assert other != space
    if not space.name.startswith(("transnas", "einspace")):  # there the architecture names its widths
        arch = next(samples(space, 1, seed=4))
        assert other.build(arch).params > space.build(arch).params


@pytest.mark.parametrize(("name", "arch"), [(name, arch) for name in NAMES for arch in of(name).BAD])
def test_a_bad_architecture_string_is_a_typed_error(name: str, arch: str) -> None:
    with pytest.raises(UnknownNameError, match=f"(?s)no architecture of {name}: found .*expected") as caught:
        spaces.get(name).build(arch)
    assert len(str(caught.value)) < 600


def test_a_graph_survives_its_bytes(space: spaces.SearchSpace[Any]) -> None:
    graph = space.build(next(samples(space, 1, seed=5)))
    assert ArchGraph.from_bytes(graph.to_bytes()) == graph
