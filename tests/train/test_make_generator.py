"""What the score of the generator is corrected by."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest

from archlm.generation.generator import Generator
from generators.space_places import vocabulary_of
from onnx_bench import spaces
from train import generator_designs
from train.make_generator import prepared

SPACE = "nats_size"


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator.from_pretrained()


def test_designs_are_of_the_space_all_different_and_the_same_again(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator_designs, "PASSES", 4)
    found = generator_designs.design(generator.pipeline, SPACE, seed=1)
    assert len(found) == len(set(found)) > 4
    assert all(spaces.get(SPACE).build(arch).num_nodes for arch in found)
    assert generator_designs.design(generator.pipeline, SPACE, seed=1) == found


def test_costs_of_designs_are_on_the_scales_of_random_architectures() -> None:
    rng = random.Random(0)
    drawn = list(dict.fromkeys(spaces.get(SPACE).sample(rng) for _ in range(20)))

    def table(params: float) -> pd.DataFrame:
        count = np.arange(1.0, len(drawn) + 1)
        return pd.DataFrame({"arch": drawn, "cifar10": count, "params": params * count, "score": count})

    targets, vocabulary = ["cifar10", "params"], vocabulary_of([SPACE])
    known = prepared(vocabulary, {SPACE: table(1.0)}, targets)
    joined = prepared(vocabulary, {SPACE: pd.concat([table(1.0), table(10.0)])}, targets, known)[SPACE].sample.values
    first, then = joined[: len(drawn)], joined[len(drawn) :]
    assert np.allclose(first[:, 1], known[SPACE].sample.values[:, 1])
    assert np.allclose(then[:, 1] - first[:, 1], np.log(10.0) / known[SPACE].scales["params"].spread, atol=1e-5)
    assert np.allclose(then[:, 0], first[:, 0]), "equal qualities rank alike"
