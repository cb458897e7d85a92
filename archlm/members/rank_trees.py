"""`RankTrees`: LightGBM models of the rank within a space, for networks of spaces that nobody measured."""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from onnx_bench.arrays import Floats


@dataclass(frozen=True)
class RankTreesConfig:
    """Number and size of the models: small trees that each see few features, so that none follows one space."""

    members: int = 4
    rounds: int = 200
    leaves: int = 15
    learning_rate: float = 0.05
    min_leaf: int = 40
    feature_fraction: float = 0.3
    rows: float = 0.7


@dataclass(frozen=True)
class RankTrees:
    """The mean of several LightGBM models. Alone they rank strangers worse than the prior does."""

    boosters: tuple[lgb.Booster, ...]

    @classmethod
    def fit(
        cls, features: Floats, target: Floats, weights: Floats, *, seed: int = 0,
        config: RankTreesConfig | None = None, threads: int = 2,
    ) -> RankTrees:  # fmt: skip
        """Train on networks of several spaces.

        Args:
            features: [B, F] in the order of `encoders.features.NAMES`.
            target: [B], comparable across spaces (normal scores of the rank within each space).
            weights: [B], so that every space counts the same.
            seed: Chooses features and rows.
            config: Sizes.
            threads: LightGBM threads.
        """
        config = config or RankTreesConfig()
        data = lgb.Dataset(features, target, weight=weights, free_raw_data=False)
        parameters = {
            "objective": "regression", "num_leaves": config.leaves, "learning_rate": config.learning_rate,
            "min_data_in_leaf": config.min_leaf, "feature_fraction": config.feature_fraction,
            "bagging_fraction": config.rows, "bagging_freq": 1, "num_threads": threads, "verbosity": -1,
            "deterministic": True,
        }  # fmt: skip
        seeds = [seed * 1000 + member for member in range(config.members)]
        return cls(tuple(lgb.train(parameters | {"seed": s}, data, config.rounds) for s in seeds))

    def score(self, features: Floats) -> Floats:
        """Normal score within a space; higher is better. Shapes: [B, F] -> [B]."""
        return np.mean([np.asarray(b.predict(features, num_threads=1)) for b in self.boosters], axis=0)

    def contributions(self, features: Floats) -> Floats:
        """SHAP values of the score, without the base value. Shapes: [B, F] -> [B, F]."""
        found = [np.asarray(b.predict(features, pred_contrib=True, num_threads=1))[:, :-1] for b in self.boosters]
        return np.mean(found, axis=0)
