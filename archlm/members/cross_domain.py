"""The cross-domain head: the prior with the monotone bag, a score that ranks networks of spaces nobody measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archlm.members.monotone_bag import BagConfig, MonotoneBag
from archlm.members.prior import TrainingFreePrior

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CrossDomainHead:
    """score = prior + bag_weight * bag, both in units of their deviation over the source networks.

    Attributes:
        prior: Needs no accuracies.
        bag: Trained on within-space ranks.
        bag_weight: How much the bag has earned by leave-one-space-out among the sources.
    """

    prior: TrainingFreePrior
    bag: MonotoneBag
    bag_weight: float

    @classmethod
    def fit(
        cls, spaces: list[tuple[Floats, Floats]], *, bag_weight: float, seed: int = 0,
        config: BagConfig | None = None, threads: int = 2,
    ) -> CrossDomainHead:  # fmt: skip
        """Train on several spaces that count the same.

        Args:
            spaces: For each space its features [B, F] and the normal scores of its accuracies [B].
            bag_weight: See `CrossDomainHead`.
            seed: Of the bag.
            config: Of the bag.
            threads: LightGBM threads.
        """
        features = np.concatenate([x for x, _ in spaces])
        target = np.concatenate([y for _, y in spaces])
        weights = np.concatenate([np.full(len(x), len(features) / (len(spaces) * len(x))) for x, _ in spaces])
        prior = TrainingFreePrior.fit([x for x, _ in spaces])
        bag = MonotoneBag.fit(features, target, weights, seed=seed, config=config, threads=threads)
        return cls(prior, bag, bag_weight)

    def score(self, features: Floats) -> Floats:
        """Higher is better; comparable between any two networks. Shapes: [B, F] -> [B]."""
        score = self.prior.score(features)
        return score + self.bag_weight * self.bag.score(features) if self.bag_weight else score

    def contributions(self, features: Floats) -> Floats:
        """What each feature adds to the score, relative to the source networks. Shapes: [B, F] -> [B, F]."""
        return self.prior.contributions(features) + self.bag_weight * self.bag.contributions(features)
