"""Suggestions: ten chosen labels teach more than ten random ones, and nothing is measured twice."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from archlm import Predictor
from archlm.finetuning import suggest as module
from archlm.finetuning.suggest import choose, choose_with_novelty, draw, read_measured, suggest
from archlm.signals import Signals
from onnx_bench import spaces
from onnx_bench.arrays import Floats
from onnx_bench.errors import InvalidTableError, UnknownNameError, UnsupportedGraphError, UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.normalise import NO_PATH

NOTHING = np.zeros((0, 4))
CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
TWIN = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|nor_conv_3x3~0|none~1|skip_connect~2|"
OUTLIERS = 30


def clustered(rng: np.random.Generator) -> Floats:
    """300 candidates in six clusters, and among them outliers far from everything."""
    centres = rng.normal(scale=2.0, size=(6, 4))
    points = centres[rng.integers(6, size=300)] + rng.normal(scale=0.6, size=(300, 4))
    points[:OUTLIERS] = rng.normal(scale=40.0, size=(OUTLIERS, 4))
    return points


def random_function(points: Floats, rng: np.random.Generator) -> Floats:
    """A draw from a Gaussian process of length 3, by random Fourier features."""
    waves, phases = rng.normal(size=(points.shape[1], 200)) / 3.0, rng.uniform(0, 2 * np.pi, size=200)
    return np.cos(points @ waves + phases) @ rng.normal(size=200) / 10.0


def error(points: Floats, values: Floats, chosen: NDArray[np.int64]) -> float:
    """Root mean square error, on the rest, of a Gaussian process that is told the chosen values."""

    def kernel(a: Floats, b: Floats) -> Floats:
        return np.exp(-0.5 * np.square(a[:, None] - b[None]).sum(axis=2) / 9.0)

    told = points[chosen]
    weights = np.linalg.solve(kernel(told, told) + 1e-2 * np.eye(len(told)), values[chosen])
    rest = np.setdiff1d(np.arange(len(points)), chosen)
    return float(np.sqrt(np.mean(np.square(kernel(points[rest], told) @ weights - values[rest]))))


def mean_errors(choosers: dict[str, Callable[[Floats, np.random.Generator], NDArray[np.int64]]]) -> dict[str, float]:
    found: dict[str, list[float]] = {name: [] for name in choosers}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        points = clustered(rng)
        values = random_function(points, rng)
        for name, chooser in choosers.items():
            found[name].append(error(points, values, chooser(points, rng)))
    return {name: float(np.mean(errors)) for name, errors in found.items()}


def most_uncertain(points: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """What `choose` must be better than: the farthest from all that were chosen, again and again."""
    chosen = [0]
    for _ in range(9):
        gaps = np.square(points[:, None] - points[chosen][None]).sum(axis=2).min(axis=1)
        chosen.append(int(gaps.argmax()))
    return np.array(chosen)


def test_ten_suggested_labels_teach_more_than_ten_random_or_the_ten_most_uncertain() -> None:
    errors = mean_errors({
        "suggested": lambda points, rng: choose(points, NOTHING, 10),
        "random": lambda points, rng: rng.choice(len(points), 10, replace=False),
        "uncertain": most_uncertain,
    })  # fmt: skip
    assert errors["suggested"] < 0.85 * errors["random"], errors
    assert errors["suggested"] < 0.85 * errors["uncertain"], errors


def test_outliers_wait() -> None:
    points = clustered(np.random.default_rng(0))
    assert (choose(points, NOTHING, 6) >= OUTLIERS).all()


def test_the_gain_is_the_fall_of_the_summed_variance() -> None:
    rng = np.random.default_rng(1)
    points, measured, weights = rng.normal(size=(40, 3)), rng.normal(size=(5, 3)), rng.uniform(size=40)
    gaps = np.sqrt(np.square(points[:, None] - points[None]).sum(axis=2))
    length = np.median(gaps[gaps > 0])

    def variances(told: Floats) -> Floats:
        both = np.concatenate([points, told])
        k = np.exp(-0.5 * np.square(both[:, None] - both[None]).sum(axis=2) / length**2)
        across, inner = k[:40, 40:], k[40:, 40:] + module.NOISE * np.eye(len(told))
        return 1.0 - np.sum(across * np.linalg.solve(inner, across.T).T, axis=1)

    expected: list[int] = []
    novelty = []
    for _ in range(4):
        left = [i for i in range(40) if i not in expected]
        sums = [weights @ variances(np.concatenate([measured, points[[*expected, i]]])) for i in left]
        best = left[int(np.argmin(sums))]
        novelty.append(variances(np.concatenate([measured, points[expected]]))[best])
        expected.append(best)
    found = choose_with_novelty(points, measured, 4, informative=weights)
    assert found.places.tolist() == expected
    np.testing.assert_allclose(found.novelty, novelty, rtol=1e-8)


def test_what_does_not_matter_is_not_asked() -> None:
    points = clustered(np.random.default_rng(2))
    first = points[:, 0]
    weights = (first > np.median(first)).astype(float)
    assert weights[choose(points, NOTHING, 5, informative=weights)].all()


def test_measured_clusters_are_left_alone() -> None:
    rng = np.random.default_rng(3)
    here, there = rng.normal(size=(50, 4)), 8.0 + rng.normal(size=(50, 4))
    assert (choose(np.concatenate([here, there]), here[:20], 3) >= 50).all()


def test_nothing_is_chosen_twice() -> None:
    points = np.repeat(np.eye(4), 3, axis=0)
    assert sorted(choose(points, np.eye(4)[:1], 3) // 3) == [1, 2, 3]
    with pytest.raises(UserInputError, match="4 networks are asked for, but only 3 distinct"):
        choose(points, np.eye(4)[:1], 4)
    with pytest.raises(UserInputError, match="only 0"):
        choose(np.ones((5, 4)), np.ones((1, 4)), 1)
    assert choose(np.ones((5, 4)), NOTHING, 1).tolist() == [0]


@pytest.mark.parametrize("num", [0, -3])
def test_at_least_one_is_asked_for(num: int) -> None:
    with pytest.raises(UserInputError, match="at least 1"):
        choose(np.eye(4), NOTHING, num)


def test_many_candidates_are_judged_by_a_sample_but_all_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 50)
    points = clustered(np.random.default_rng(4))
    measured = points[::3]  # more than the limit: each is still excluded
    chosen = choose(points, measured, 100)
    assert len(set(chosen)) == 100 and (chosen % 3 != 0).all()


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.from_pretrained()


@pytest.fixture(scope="module")
def cells() -> list[ArchGraph]:
    return draw("nasbench201", 12, seed=5)


def test_rows_name_the_networks_in_the_order_to_measure(predictor: Predictor, cells: list[ArchGraph]) -> None:
    table = suggest(predictor, cells, num=4)
    assert list(table.columns) == ["arch", "order", "novelty"] and table.order.tolist() == [1, 2, 3, 4]
    assert len(set(table.arch)) == 4 and set(table.arch) <= {graph.name for graph in cells}
    assert table.novelty[0] == 1 and table.novelty.between(0, 1).all()


def test_embeddings_are_those_of_the_index(predictor: Predictor, cells: list[ArchGraph]) -> None:
    known = predictor.weights.known
    expected = (Signals.of(predictor.weights, cells[:3]).embedding - known.centre) / known.scale
    np.testing.assert_allclose(module._standardised(predictor, cells[:3]), expected, rtol=1e-4, atol=1e-4)


def test_equal_networks_are_one_whatever_their_names(predictor: Predictor) -> None:
    graphs = [spaces.get("nasbench201").build(arch).renamed(name) for arch, name in ((CELL, "a"), (TWIN, "b"))]
    again = [graph.renamed(f"{graph.name} again") for graph in graphs]
    assert set(suggest(predictor, [*graphs, *again], num=2).arch) == {"a", "b"}
    assert suggest(predictor, graphs, measured=again[:1], num=1).arch.tolist() == ["b"]
    with pytest.raises(UserInputError, match="2 networks are asked for, but only 1 distinct"):
        suggest(predictor, [*graphs, *again], measured=again[:1], num=2)


def test_drawn_networks_are_distinct_and_named() -> None:
    graphs = draw("nasbench201", 40)
    assert len({graph.fingerprint() for graph in graphs}) == 40
    space = spaces.get("nasbench201")
    assert all(space.build(graph.name).fingerprint() == graph.fingerprint() for graph in graphs[:3])
    assert [graph.name for graph in draw("nasbench201", 40)] == [graph.name for graph in graphs]
    assert [graph.name for graph in draw("nasbench201", 40, seed=1)] != [graph.name for graph in graphs]
    with pytest.raises(UnknownNameError, match="nasbench201"):
        draw("nasbench202", 1)


def test_what_ignores_its_input_is_not_drawn() -> None:
    rng, space = random.Random(0), spaces.get("nasbench201")
    assert any(NO_PATH in space.build(space.sample(rng)).warnings for _ in range(200)), "of 200 there are some"
    graphs = draw("nasbench201", 200)
    assert len(graphs) == 200 and not any(NO_PATH in graph.warnings for graph in graphs)


class Small:
    """A space of three architectures, of which one cannot be built."""

    def sample(self, rng: random.Random) -> str:
        return rng.choice([CELL, TWIN, "broken"])

    def build(self, arch: str) -> ArchGraph:
        if arch == "broken":
            raise UnsupportedGraphError("no export")
        return spaces.get("nasbench201").build(arch)


def test_a_small_space_gives_all_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Small()
    with monkeypatch.context() as patch:
        patch.setattr(module.spaces, "get", lambda name, found=spaces.get: small if name == "small" else found(name))
        assert {graph.name for graph in draw("small", 10)} == {CELL, TWIN}


def test_the_first_column_names_what_is_measured(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_bytes(b'\xef\xbb\xbfarch,ms\r\n a.onnx ,1.5\r\n\r\n"b,c.onnx",\r\n')
    assert read_measured(table) == [("a.onnx", None), ("b,c.onnx", None)]
    pd.DataFrame({"arch": ["a.onnx", "b,c.onnx"], "ms": [1.5, None]}).to_parquet(tmp_path / "table.parquet")
    assert read_measured(tmp_path / "table.parquet") == [("a.onnx", None), ("b,c.onnx", None)]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no file"), (b"", "is empty"), (b"arch,ms\na,1\n\n,2\n", "row 4 of .* first column"),
     (b"arch\n\xff\n", "is not UTF-8"), (b'arch\n"a\n', "cannot be read")],
)  # fmt: skip
def test_a_wrong_table_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    table = tmp_path / "table.csv"
    if content is not None:
        table.write_bytes(content)
    with pytest.raises(InvalidTableError, match=said):
        read_measured(table)
