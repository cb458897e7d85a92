"""The pipeline as users of diffusers expect it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from generators.pipeline import ArchitecturePipeline, read_pipeline
from generators.scheduler import MarginalScheduler
from onnx_bench.errors import UnknownNameError

SPACE = "nasbench201"


def test_it_is_saved_read_and_seeded(pipeline: ArchitecturePipeline, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path)
    again = ArchitecturePipeline.from_pretrained(tmp_path).to("cpu")
    again.scheduler = MarginalScheduler.from_config(again.scheduler.config)
    first, second = (
        made(SPACE, 3, generator=torch.Generator().manual_seed(4), num_inference_steps=3).codes.nodes
        for made in (pipeline, again)
    )
    assert torch.equal(first, second)


def test_a_bar_is_shown_unless_another_tells(
    pipeline: ArchitecturePipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline.save_pretrained(tmp_path)
    read_pipeline(tmp_path)(SPACE, 1, num_inference_steps=2)
    assert capsys.readouterr().err == ""
    pipeline.set_progress_bar_config(disable=False)
    pipeline(SPACE, 1, num_inference_steps=2)
    assert "2/2" in capsys.readouterr().err


def test_unknown_spaces_are_named(pipeline: ArchitecturePipeline) -> None:
    with pytest.raises(UnknownNameError, match="nowhere"):
        pipeline("nowhere", 1)
