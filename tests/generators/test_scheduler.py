"""The discrete diffusion: noise keeps the marginals, steps are Bayes' rule, and a perfect denoiser leads back."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from generators.pipeline import ArchitecturePipeline
from generators.scheduler import MarginalScheduler
from tests.generators.conftest import sample_codes


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("space", ["nasbench201", "nasbench101", "mnasnet"])
def test_noise_is_valid_and_follows_the_marginals(pipeline: ArchitecturePipeline, space: str) -> None:
    frame = pipeline.denoiser.frame(space)
    noise = MarginalScheduler().noise(frame, 4000, generator())
    assert (noise.nodes * ~frame.allowed == 0).all()
    assert torch.equal(noise.nodes.sum(dim=2), torch.full(noise.nodes.shape[:2], 9.0))  # one value in every channel
    assert torch.allclose(noise.nodes.mean(dim=0), frame.marginals, atol=0.04)
    assert torch.allclose(noise.edges.mean(dim=0)[frame.free], frame.edge_marginals[frame.free], atol=0.04)
    assert (noise.edges[:, frame.fixed] == 1).all()
    assert (noise.edges[:, ~(frame.fixed | frame.free)] == 0).all()


def test_signal_goes_from_one_to_nothing() -> None:
    signal = MarginalScheduler(num_train_timesteps=10).signal(torch.arange(11))
    assert signal[0] == 1 and signal[-1] < 1e-6
    assert (signal.diff() < 0).all()


def test_clean_codes_stay_clean(pipeline: ArchitecturePipeline) -> None:
    codes = sample_codes(pipeline, "nasbench101")
    noisy = MarginalScheduler().add_noise(codes, pipeline.denoiser.frame("nasbench101"), torch.ones(64), generator())
    assert torch.equal(noisy.nodes, codes.nodes) and torch.equal(noisy.edges, codes.edges)


def test_a_step_is_bayes_rule(pipeline: ArchitecturePipeline) -> None:
    """The posterior of one variable, by the sum over all clean values, from the definition of the forward process."""
    scheduler, frame = MarginalScheduler(num_train_timesteps=100), pipeline.denoiser.frame("nasbench201")
    sample = scheduler.noise(frame, 3, generator(1))
    logits = torch.randn(3, *frame.allowed.shape, generator=generator(2))
    edges = torch.zeros(3, 8, 8)
    step = scheduler.step(logits, edges, 60, 35, sample, frame, generator=generator(3))
    (columns,) = frame.channels
    now, then = (float(scheduler.signal(torch.tensor(t))) for t in (60, 35))
    place = 4
    values = frame.allowed[place, columns].nonzero().flatten().tolist()
    share = frame.marginals[place, columns].tolist()
    for graph in range(3):
        clean = logits[graph, place, columns].masked_fill(~frame.allowed[place, columns], -torch.inf).softmax(0)
        at = int(sample.nodes[graph, place, columns].argmax())
        expected = {}
        for v in values:
            total = 0.0
            for w in values:
                seen = now * (w == at) + (1 - now) * share[at]
                forward = (now / then) * (v == at) + (1 - now / then) * share[at]
                total += float(clean[w]) * forward * (then * (v == w) + (1 - then) * share[v]) / seen
            expected[v] = total
        norm = sum(expected.values())
        found = step.node_scores[graph, place, columns].exp()
        for v in values:
            assert float(found[v]) == pytest.approx(expected[v] / norm, abs=1e-4)


def test_an_edge_step_is_bayes_rule(pipeline: ArchitecturePipeline) -> None:
    scheduler, frame = MarginalScheduler(num_train_timesteps=100), pipeline.denoiser.frame("nasbench101")
    sample = scheduler.noise(frame, 2, generator(1))
    odds = torch.randn(2, 7, 7, generator=generator(2))
    step = scheduler.step(torch.zeros_like(sample.nodes), odds, 60, 35, sample, frame, generator=generator(3))
    now, then = (float(scheduler.signal(torch.tensor(t))) for t in (60, 35))
    i, j = 1, 4
    on = float(frame.edge_marginals[i, j])
    share = {1: on, 0: 1 - on}
    for graph in range(2):
        at, likely = int(sample.edges[graph, i, j]), float(odds[graph, i, j].sigmoid())
        mass = {
            v: sum(
                p
                * ((now / then) * (v == at) + (1 - now / then) * share[at])
                * (then * (v == w) + (1 - then) * share[v])
                / (now * (w == at) + (1 - now) * share[at])
                for w, p in ((1, likely), (0, 1 - likely))
            )
            for v in (0, 1)
        }  # fmt: skip
        assert float(step.edge_scores[graph, i, j].sigmoid()) == pytest.approx(mass[1] / (mass[0] + mass[1]), abs=1e-4)


def test_a_perfect_denoiser_leads_back(pipeline: ArchitecturePipeline) -> None:
    scheduler, frame = MarginalScheduler(), pipeline.denoiser.frame("nasbench101")
    clean = sample_codes(pipeline, "nasbench101")
    scheduler.set_timesteps(12)
    times = [*scheduler.timesteps.tolist(), 0]
    codes = scheduler.noise(frame, 64, generator())
    for now, then in pairwise(times):
        logits = (clean.nodes - 1) * 50
        odds = (2 * clean.edges - 1) * 50
        codes = scheduler.step(logits, odds, now, then, codes, frame, generator=generator(now)).prev_sample
    assert torch.equal(codes.nodes, clean.nodes) and torch.equal(codes.edges, clean.edges)


def test_guidance_raises_what_it_names(pipeline: ArchitecturePipeline) -> None:
    scheduler, frame = MarginalScheduler(), pipeline.denoiser.frame("nasbench201")
    sample = scheduler.noise(frame, 500, generator())
    column = pipeline.denoiser.vocabulary.column("op", "conv3x3")
    pull = torch.zeros_like(sample.nodes)
    pull[:, :, column] = 3.0
    shares = [
        scheduler.step(
            torch.zeros_like(sample.nodes), torch.zeros(500, 8, 8), 500, 450, sample, frame, node_guidance=guidance,
            generator=generator(1),
        ).prev_sample.nodes[:, 1:7, column].mean()
        for guidance in (None, pull)
    ]  # fmt: skip
    assert shares[1] > shares[0] + 0.1


@pytest.mark.parametrize("steps", [0, 1001])
def test_impossible_numbers_of_steps_are_refused(steps: int) -> None:
    with pytest.raises(ValueError, match="num_inference_steps"):
        MarginalScheduler().set_timesteps(steps)
