"""A generator small enough to be made in a test."""

from __future__ import annotations

import random

import pytest
import torch

from generators.codes import Codes
from generators.denoiser import Denoiser
from generators.frame import marginals_of
from generators.layouts import get_layout
from generators.pipeline import ArchitecturePipeline
from generators.scheduler import MarginalScheduler
from generators.score import NoiseAwareScore
from generators.space_places import as_config, vocabulary_of
from onnx_bench import spaces

TINY_SPACES = ("nasbench201", "nasbench101", "mnasnet")
TARGETS = ("cifar10", "params", "macs")


def sample_codes(pipeline: ArchitecturePipeline, space: str, count: int = 64, seed: int = 0) -> Codes:
    """Codes of random architectures."""
    rng, layout = random.Random(seed), get_layout(space)
    archs = [spaces.get(space).sample(rng) for _ in range(count)]
    return Codes.of(pipeline.denoiser.vocabulary, [layout.encode(arch) for arch in archs])


@pytest.fixture(scope="module")
def pipeline() -> ArchitecturePipeline:
    """Untrained networks of three spaces, with the marginals of samples."""
    torch.manual_seed(0)
    vocabulary = vocabulary_of(TINY_SPACES)
    config = as_config(vocabulary)
    denoiser = Denoiser(config, list(TINY_SPACES), list(TARGETS), width=16, layers=1, heads=2)
    score = NoiseAwareScore(config, list(TINY_SPACES), list(TARGETS), width=16, layers=1, heads=2)
    for network in (denoiser, score):
        for layer in network.trunk.layers:
            torch.nn.init.normal_(layer.modulate.weight, std=0.1)  # as if trained: the context matters
    made = ArchitecturePipeline(denoiser.eval(), score.eval(), MarginalScheduler())
    for row, space in enumerate(TINY_SPACES):
        nodes, edges = marginals_of(vocabulary, space, sample_codes(made, space))
        start, end = denoiser.ranges[space]
        denoiser.marginals[start:end] = nodes
        getattr(denoiser, f"edge_marginals_{space}").copy_(edges)
        score.centres[row], score.spreads[row] = torch.tensor([0.0, 14.0, 18.0]), torch.ones(3)
    return made
