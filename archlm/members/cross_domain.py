"""The cross-domain head: the prior with the rank trees, a score that ranks networks of spaces nobody measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archlm.members.prior import TrainingFreePrior
from archlm.members.rank_trees import RankTrees, RankTreesConfig
from onnx_bench.arrays import Floats


@dataclass(frozen=True)
class CrossDomainHead:
    """score = prior + weight * trees, both in units of the deviation within source spaces.

    Attributes:
        prior: Needs no accuracies.
        trees: Trained on ranks within spaces.
        weight: How much the trees have earned on spaces left out among the sources.
    """

    prior: TrainingFreePrior
    trees: RankTrees
    weight: float

    @classmethod
    def fit(
        cls, spaces: list[tuple[Floats, Floats]], *, weight: float, seed: int = 0,
        config: RankTreesConfig | None = None, threads: int = 2,
    ) -> CrossDomainHead:  # fmt: skip
        """Train on several spaces that count the same.

        Args:
            spaces: For each space its features [B, F] and the normal scores of its accuracies [B].
            weight: See `CrossDomainHead`.
            seed: Of the trees.
            config: Of the trees.
            threads: LightGBM threads.
        """
        features = np.concatenate([x for x, _ in spaces])
        target = np.concatenate([y for _, y in spaces])
        shares = np.concatenate([np.full(len(x), len(features) / (len(spaces) * len(x))) for x, _ in spaces])
        prior = TrainingFreePrior.fit([x for x, _ in spaces])
        trees = RankTrees.fit(features, target, shares, seed=seed, config=config, threads=threads)
        return cls(prior, trees, weight)

    def score(self, features: Floats) -> Floats:
        """Higher is better; comparable between any two networks. Shapes: [B, F] -> [B]."""
        score = self.prior.score(features)
        return score + self.weight * self.trees.score(features) if self.weight else score

    def contributions(self, features: Floats) -> Floats:
        """What each feature adds to the score, relative to the source networks. Shapes: [B, F] -> [B, F]."""
        return self.prior.contributions(features) + self.weight * self.trees.contributions(features)
