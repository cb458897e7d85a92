"""The two networks: shapes, what they depend on, and that they come back as they were written."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from generators.codes import Codes
from generators.guidance import ScoreObjective, gradient
from generators.pipeline import ArchitecturePipeline, read_pipeline
from onnx_bench.errors import CheckpointError, UnknownNameError
from tests.generators.conftest import TARGETS, sample_codes


@pytest.mark.parametrize(("space", "places"), [("nasbench201", 8), ("nasbench101", 7), ("mnasnet", 7)])
def test_shapes(pipeline: ArchitecturePipeline, space: str, places: int) -> None:
    codes = sample_codes(pipeline, space, 5)
    nodes, edges = pipeline.denoiser(codes, torch.full((5,), 0.5), space)
    assert nodes.shape == (5, places, len(pipeline.denoiser.vocabulary)) and edges.shape == (5, places, places)
    assert pipeline.score(codes, torch.ones(5), space).shape == (5, len(TARGETS))


def test_answers_depend_on_edges_noise_and_conditions(pipeline: ArchitecturePipeline) -> None:
    codes = sample_codes(pipeline, "nasbench101", 2)
    signal = torch.full((2,), 0.5)
    plain, _ = pipeline.denoiser(codes, signal, "nasbench101")
    unwired = Codes(codes.nodes, torch.zeros_like(codes.edges))
    told = torch.tensor([[1.0, torch.nan, torch.nan]] * 2)
    for other in (
        pipeline.denoiser(unwired, signal, "nasbench101")[0],
        pipeline.denoiser(codes, signal, "nasbench101", told)[0],
    ):
        assert not torch.allclose(plain, other)
    nothing = torch.full((2, 3), torch.nan)
    assert torch.equal(plain, pipeline.denoiser(codes, signal, "nasbench101", nothing)[0])


def test_the_gradient_is_what_a_small_change_is_worth(pipeline: ArchitecturePipeline) -> None:
    codes, signal = sample_codes(pipeline, "nasbench101", 3), torch.full((3,), 0.7)
    objective = ScoreObjective(pipeline.score.double(), torch.tensor([1.0, -0.5, 0.0]).double(), {1: 0.1})
    codes, signal = Codes(codes.nodes.double(), codes.edges.double()), signal.double()
    try:
        found = gradient(objective, codes, signal, "nasbench101")
        moved = codes.nodes.clone()
        moved[:, 2, 5] += 1e-6
        with torch.no_grad():
            gain = objective(Codes(moved, codes.edges), signal, "nasbench101") - objective(codes, signal, "nasbench101")
    finally:
        pipeline.score.float()
    assert torch.allclose(gain / 1e-6, found.nodes[:, 2, 5], atol=1e-4)


def test_both_ways_of_reading_a_checkpoint(pipeline: ArchitecturePipeline, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path / "made")
    written = {path.name for path in (tmp_path / "made").rglob("*") if path.is_file()}
    assert {name.rpartition(".")[2] for name in written} <= {"json", "safetensors"}
    arguments = ("nasbench201", 6)
    first = pipeline(*arguments, num_inference_steps=4, generator=torch.Generator().manual_seed(3))
    for read in (read_pipeline, ArchitecturePipeline.from_pretrained):
        again = read(tmp_path / "made")
        found = again(*arguments, num_inference_steps=4, generator=torch.Generator().manual_seed(3))
        assert torch.equal(found.codes.nodes, first.codes.nodes) and torch.equal(found.codes.edges, first.codes.edges)
    assert again.score.scale("nasbench201", "params").centre == 14.0


def test_damaged_and_foreign_folders_are_refused(pipeline: ArchitecturePipeline, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no generator"):
        read_pipeline(tmp_path)
    pipeline.save_pretrained(tmp_path)
    (tmp_path / "score" / "diffusion_pytorch_model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="damaged"):
        read_pipeline(tmp_path)
    pipeline.save_pretrained(tmp_path)
    config = tmp_path / "denoiser" / "config.json"
    config.write_text(config.read_text().replace('"conv1x1"', '"conv9x9"'))
    with pytest.raises(CheckpointError, match="other search spaces"):
        read_pipeline(tmp_path)


def test_targets_of_a_space(pipeline: ArchitecturePipeline) -> None:
    assert pipeline.score.targets_in("nasbench201") == TARGETS
    with pytest.raises(UnknownNameError, match="depth"):
        pipeline.score.scale("nasbench201", "depth")
