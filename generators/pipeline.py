"""`ArchitecturePipeline`: from noise to scored block graphs, in one guided reverse pass over a batch."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.utils.outputs import BaseOutput
from safetensors import SafetensorError
from torch import Tensor

from generators.codes import Codes
from generators.denoiser import Denoiser
from generators.guidance import Objective, gradient
from generators.scheduler import MarginalScheduler
from generators.score import NoiseAwareScore
from generators.scores import Scores
from generators.space_places import as_config, vocabulary_of
from onnx_bench.errors import CheckpointError, UnknownNameError


@dataclass
class ArchitecturePipelineOutput(BaseOutput):
    """B graphs at the end of the pass.

    Attributes:
        codes: As drawn.
        scores: What was likely in the last step, with what was drawn above everything else; for `Layout.decode`.
    """

    codes: Codes
    scores: list[Scores]


_DRAWN = 4.0
"""Log-odds that what was drawn has over what was not: decoders change the least likely of it first."""


class ArchitecturePipeline(DiffusionPipeline):
    """Generates block graphs of one space.

    Args:
        denoiser: Knows the spaces.
        score: Knows what to expect of noisy graphs.
        scheduler: Of the noise.
    """

    denoiser: Denoiser
    score: NoiseAwareScore
    scheduler: MarginalScheduler

    def __init__(self, denoiser: Denoiser, score: NoiseAwareScore, scheduler: MarginalScheduler) -> None:
        super().__init__()
        self.register_modules(denoiser=denoiser, score=score, scheduler=scheduler)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def __call__(
        self, space: str, num: int, *, conditions: Tensor | None = None, objective: Objective | None = None,
        num_inference_steps: int = 20, classifier_free_scale: float = 1.0, guidance_scale: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> ArchitecturePipelineOutput:  # fmt: skip
        """One reverse pass.

        Args:
            space: Search space.
            num: B.
            conditions: Values of the denoiser's targets, NaN where they are not set. Shapes: [B, T].
            objective: What to guide to.
            num_inference_steps: Steps of the pass.
            classifier_free_scale: 1 takes the conditional distribution as it is, more exaggerates it.
            guidance_scale: Weight of the objective's gradient.
            generator: The only source of randomness.

        Raises:
            UnknownNameError: The denoiser does not know the space.
            ValueError: `num_inference_steps` is fewer than one, or more than the scheduler tells apart.
        """
        if space not in self.denoiser.spaces:
            raise UnknownNameError(f"the generator knows no space {space!r}; it has {', '.join(self.denoiser.spaces)}")
        frame = self.denoiser.frame(space)
        self.scheduler.set_timesteps(num_inference_steps)
        times = [*self.scheduler.timesteps.tolist(), 0]
        codes = self.scheduler.noise(frame, num, generator)
        for now, then in self.progress_bar(list(itertools.pairwise(times))):
            signal = self.scheduler.signal(torch.full((num,), now))
            nodes, edges = self._denoised(codes, signal, space, conditions, classifier_free_scale)
            by = None if objective is None else gradient(objective, codes, signal, space)
            step = self.scheduler.step(
                nodes, edges, now, then, codes, frame, generator=generator,
                node_guidance=None if by is None else guidance_scale * by.nodes,
                edge_guidance=None if by is None else guidance_scale * by.edges,
            )  # fmt: skip
            codes = step.prev_sample
        drawn_nodes = (step.node_scores + _DRAWN * codes.nodes).double().numpy()
        drawn_edges = (step.edge_scores + _DRAWN * (2 * codes.edges - 1)).double().numpy()
        vocabulary = self.denoiser.vocabulary
        scores = [Scores(vocabulary, n, e) for n, e in zip(drawn_nodes, drawn_edges, strict=True)]
        return ArchitecturePipelineOutput(codes, scores)

    def _denoised(
        self, codes: Codes, signal: Tensor, space: str, conditions: Tensor | None, scale: float
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        nodes, edges = self.denoiser(codes, signal, space, conditions)
        if conditions is None or scale == 1.0:
            return nodes, edges
        free_nodes, free_edges = self.denoiser(codes, signal, space, None)
        return free_nodes + scale * (nodes - free_nodes), free_edges + scale * (edges - free_edges)


def read_pipeline(folder: Path) -> ArchitecturePipeline:
    """Read what `save_pretrained` wrote; nothing is downloaded, and nothing but safetensors and JSON is read.

    Raises:
        CheckpointError: The folder is no generator, or one of other search spaces.
    """
    if not (folder / "model_index.json").is_file():
        raise CheckpointError(f"{folder} holds no generator (no model_index.json); name a folder of `save_pretrained`")
    local: dict[str, Any] = {"local_files_only": True, "use_safetensors": True, "low_cpu_mem_usage": False}
    try:
        denoiser = Denoiser.from_pretrained(folder / "denoiser", **local)
        score = NoiseAwareScore.from_pretrained(folder / "score", **local)
        scheduler = MarginalScheduler.from_pretrained(folder / "scheduler", local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"the generator in {folder} is damaged, or of another version of archlm: {type(error).__name__}: {error}"
        ) from error
    if as_config(vocabulary_of(denoiser.spaces)) != as_config(denoiser.vocabulary):
        raise CheckpointError(
            f"the generator in {folder} was made for other search spaces than this archlm has; use the archlm that "
            "wrote it"
        )
    pipeline = ArchitecturePipeline(denoiser.eval(), score.eval(), scheduler)
    pipeline.set_progress_bar_config(disable=True)  # type: ignore[no-untyped-call]  # who calls it says how far it is
    return pipeline
