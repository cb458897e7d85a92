"""Values are functions of fingerprint, batch and seed; every network gets numbers, reasons or a typed error."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from encoders import proxies
from encoders.proxies import measuring
from onnx_bench import spaces
from onnx_bench.errors import UnknownNameError, UnsupportedGraphError, UserInputError
from onnx_bench.graph import ArchGraph
from tests.encoders.proxies.networks import chain, perceptron, small_cnn, tokens
from tests.onnx_bench.random_graphs import rewritten
from tests.onnx_bench.spaces.cases import DRAWN
from tests.onnx_bench.writers.graphs import GRAPHS


def same(a: dict[str, float], b: dict[str, float], rel: float = 1e-4) -> bool:
    """Equal up to rounding; NaN equals NaN."""
    return a.keys() == b.keys() and all(np.isclose(a[k], b[k], rtol=rel, equal_nan=True) for k in a)


def test_the_seed_decides() -> None:
    graph = small_cnn()
    first = proxies.compute(graph, seed=1, batch=4)
    torch.manual_seed(99)
    assert proxies.compute(graph, seed=1, batch=4) == first
    other = proxies.compute(graph, seed=2, batch=4)
    assert all(other[name] != first[name] for name in ("naswot", "synflow", "jacov", "grad_norm", "zen"))


def test_the_global_random_state_is_left_alone() -> None:
    before = torch.get_rng_state()
    proxies.compute(small_cnn(), batch=4)
    assert torch.equal(torch.get_rng_state(), before)


def test_one_architecture_has_one_value_in_every_form() -> None:
    space = spaces.get("nasbench201", cells_per_stage=1, stem_channels=4)
    arch = "|nor_conv_1x1~0|+|skip_connect~0|nor_conv_3x3~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|"
    canonical = space.build(arch)
    other = rewritten(canonical, seed=1)
    for form in (space.build(arch, normalised=False), ArchGraph(other.nodes, other.outputs, normalised=True)):
        assert form.fingerprint() == canonical.fingerprint()
        assert same(proxies.compute(form, batch=4), proxies.compute(canonical, batch=4))


def test_params_and_macs_need_no_batch() -> None:
    graph = small_cnn()
    assert proxies.compute(graph, ["params", "macs"]) == {"params": graph.params, "macs": graph.macs}


def test_what_is_not_defined_says_why() -> None:
    found = proxies.measure(chain(5, 4, 3), ["naswot", "synflow"], batch=3)
    assert math.isnan(found["naswot"].value) and "no pointwise activation" in found["naswot"].reason
    assert math.isfinite(found["synflow"].value) and found["synflow"].reason == ""


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="fisher"):
        proxies.compute(small_cnn(), ["fisher"])
    with pytest.raises(UserInputError, match="take 2 or more"):
        proxies.compute(small_cnn(), batch=1)


def test_what_cannot_run_is_an_error() -> None:
    nodes = perceptron().nodes
    foreign = nodes[-1]._replace(op="custom::Mystery", attrs=())
    with pytest.raises(UnsupportedGraphError):
        proxies.compute(ArchGraph((*nodes[:-1], foreign), (len(nodes) - 1,), normalised=True), ["naswot"])


def test_cached_values_are_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = proxies.compute(chain(5, 4, 3), batch=4, cache=tmp_path)

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} was computed again")

    monkeypatch.setattr(measuring, "get", refuse)
    assert same(proxies.compute(chain(5, 4, 3), batch=4, cache=tmp_path), first, rel=0)
    for changed in ({"batch": 5}, {"seed": 1}):
        with pytest.raises(AssertionError, match="params was computed again"):
            proxies.compute(chain(5, 4, 3), cache=tmp_path, **{"batch": 4, **changed})


def test_many_are_measured_once_each_and_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    graphs, told, scored = [small_cnn(), tokens(), small_cnn()], [], []
    score = measuring.get("synflow")
    monkeypatch.setattr(measuring, "get", lambda name: lambda subject: scored.append(name) or score(subject))
    table = proxies.compute_many(graphs, ["synflow"], progress=lambda done, total: told.append((done, total)))
    assert table.shape == (3, 1) and table[0] == table[2] and np.isfinite(table).all()
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert len(scored) == 2


def check(graph: ArchGraph) -> None:
    """Every proxy is a number or says why not."""
    for name, found in proxies.measure(graph, batch=2).items():
        assert math.isfinite(found.value) != bool(found.reason), name


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_every_operator(name: str) -> None:
    graph = GRAPHS[name]()
    check(ArchGraph(graph.nodes, graph.outputs))


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
def test_every_space(name: str) -> None:
    space = spaces.get(name)
    check(space.build(space.sample(random.Random(5))))
