"""Made-up samples: networks whose quality is known."""

from __future__ import annotations

import numpy as np

from archlm.finetuning.sample import Sample
from encoders.features import NAMES


def made_up(count: int, seed: int = 0) -> Sample:
    """Networks without graphs; every block is random. Shapes: `count` networks."""
    rng = np.random.default_rng(seed)
    return Sample.from_arrays(
        rng.normal(size=(count, len(NAMES))), rng.normal(size=(count, 8)), rng.normal(size=(count, 5)),
        rng.normal(size=count), rng.normal(size=count),
    )  # fmt: skip


def quality(sample: Sample) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A smooth function of few of its numbers. Shapes: [B]."""
    vectors = sample.blocks["vectors"]
    return 70.0 + 3.0 * sample.blocks["size"][:, 0] + 2.0 * np.sin(vectors[:, 0]) + sample.blocks["scores"][:, 1]
