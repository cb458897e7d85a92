"""A generator of one space that has seen no label of it: what P7 starts from.

Denoiser and score are those of the recipe, for one space; the denoiser learns the structure of random architectures
without any condition, the score what they cost. Everything that knows a label is taught afterwards, row by row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from generators.codes import Codes
from generators.layouts import get_layout
from generators.pipeline import ArchitecturePipeline, read_pipeline
from generators.scheduler import MarginalScheduler
from generators.space_places import vocabulary_of
from generators.targets import COSTS
from generators.training.samples import SpaceSample
from generators.training.trainer import TrainingConfig, train_denoiser, train_score
from train.generator_records import records
from train.make_generator import new_denoiser, new_score, prepared
from train.records import ROOT

DENOISER = TrainingConfig(steps=1500, batch=128, learning_rate=2e-3)
SCORE = TrainingConfig(steps=2000, batch=128, learning_rate=2e-3)


@dataclass(frozen=True)
class BlindGenerator:
    """Of one space.

    Attributes:
        pipeline: Denoiser and score.
        archs: What both were trained on.
    """

    pipeline: ArchitecturePipeline
    archs: tuple[str, ...]

    def codes(self, archs: list[str]) -> Codes:
        """Codes of architectures of the space, as bytes."""
        (space,) = self.pipeline.denoiser.spaces
        layout = get_layout(space)
        codes = Codes.of(self.pipeline.denoiser.vocabulary, [layout.encode(arch) for arch in archs])
        return Codes(codes.nodes.to(torch.uint8), codes.edges.to(torch.uint8))


def blind_generator(space: str, seed: int = 0) -> BlindGenerator:
    """Train it, or read what was trained before."""
    folder = ROOT / "runs" / "blind_generator" / f"{space}-{seed}"
    table = records(space)
    archs = tuple(table["arch"].tolist())
    if not (folder / "pipeline" / "model_index.json").exists():
        vocabulary, targets = vocabulary_of([space]), list(COSTS)
        parts = prepared(vocabulary, {space: table}, targets)
        sample = parts[space].sample
        nothing = SpaceSample(sample.codes, torch.full_like(sample.values, torch.nan))
        denoiser = new_denoiser(vocabulary, parts, targets, seed)
        train_denoiser(denoiser, {space: nothing}, replace(DENOISER, seed=seed), folder / "denoiser", quiet=True)
        score = new_score(vocabulary, parts, targets, seed)
        frames = {space: denoiser.frame(space)}
        train_score(score, {space: sample}, frames, replace(SCORE, seed=seed), folder / "score", quiet=True)
        ArchitecturePipeline(denoiser, score, MarginalScheduler()).save_pretrained(folder / "pipeline")
    return BlindGenerator(read_pipeline(folder / "pipeline"), archs)

