"""The bag of monotone LightGBM models: what carries a ranking to spaces that no model saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from encoders.features import NAMES

Floats = NDArray[np.float64]

SIGNS: dict[str, int] = {
    "log_params": 1, "log_macs": 1, "log_sqrt_macs": 1, "log_dense_sqrt_macs": 1,
    "log_sqrt_params": 1, "sum_log_params": 1, "sum_log_macs": 1, "log_activations": 1, "layers": 1,
    "mean_path": 1, "path_log_weight": 1, "path_wide_convs": 1, "path_convs": 1, "wide_share": 1,
    "log_code_units": 1, "log_gradient_sum": 1,
    "pool_share": -1, "path_pools": -1, "pools_per_layer": -1,
}  # fmt: skip
"""Features whose effect on accuracy has a sign that physics gives: size and convolutions on paths help, pooling in
their place hurts. Others may help inside a space; across spaces their sign flips (see TARGETS: what hurts)."""


@dataclass(frozen=True)
class BagConfig:
    """Size of the bag and of its members."""

    members: int = 24
    subset: int = 7
    rounds: int = 100
    leaves: int = 15
    learning_rate: float = 0.05
    min_leaf: int = 40
    rows_per_member: float = 0.7


@dataclass(frozen=True)
class MonotoneBag:
    """Mean of standardised members; the scale of each member is frozen from its training rows."""

    boosters: tuple[lgb.Booster, ...]
    subsets: tuple[tuple[str, ...], ...]
    means: tuple[float, ...]
    stds: tuple[float, ...]

    @classmethod
    def fit(
        cls, features: Floats, target: Floats, weights: Floats | None = None, *, seed: int = 0,
        config: BagConfig | None = None, threads: int = 2,
    ) -> MonotoneBag:  # fmt: skip
        """Train on networks of one or several spaces.

        Args:
            features: [B, F] in the order of `encoders.features.NAMES`.
            target: [B], comparable across spaces (normal scores of the rank within each space).
            weights: [B], so that every space counts the same.
            seed: Chooses subsets and rows.
            config: Sizes; the defaults are those of the first study in TARGETS.
            threads: LightGBM threads.
        """
        config = config or BagConfig()
        rng = np.random.default_rng(seed)
        names = list(SIGNS)
        boosters, subsets, means, stds = [], [], [], []
        for member in range(config.members):
            subset = tuple(sorted(rng.choice(names, config.subset, replace=False)))
            rows = rng.random(len(features)) < config.rows_per_member
            data = lgb.Dataset(select(features[rows], subset), target[rows],
                               weight=None if weights is None else weights[rows])  # fmt: skip
            parameters = {
                "objective": "regression", "num_leaves": config.leaves, "learning_rate": config.learning_rate,
                "min_data_in_leaf": config.min_leaf, "monotone_constraints": [SIGNS[n] for n in subset],
                "num_threads": threads, "seed": seed * 1000 + member, "verbosity": -1, "deterministic": True,
            }  # fmt: skip
            booster = lgb.train(parameters, data, config.rounds)
            fitted = np.asarray(booster.predict(select(features, subset), num_threads=threads))
            boosters.append(booster)
            subsets.append(subset)
            means.append(float(np.average(fitted, weights=weights)))
            stds.append(float(np.sqrt(np.average((fitted - means[-1]) ** 2, weights=weights))) or 1.0)
        return cls(tuple(boosters), tuple(subsets), tuple(means), tuple(stds))

    def member_scores(self, features: Floats) -> Floats:
        """Standardised score of every member. Shapes: [B, F] -> [B, members]."""
        scores = [
            (np.asarray(booster.predict(select(features, subset), num_threads=1)) - mean) / std
            for booster, subset, mean, std in zip(self.boosters, self.subsets, self.means, self.stds, strict=True)
        ]
        return np.stack(scores, axis=1)

    def score(self, features: Floats) -> Floats:
        """Higher is better. Shapes: [B, F] -> [B]."""
        return self.member_scores(features).mean(axis=1)

    def contributions(self, features: Floats) -> Floats:
        """SHAP values of the score, without the base value. Shapes: [B, F] -> [B, F]."""
        parts = np.zeros_like(features)
        for booster, subset, std in zip(self.boosters, self.subsets, self.stds, strict=True):
            values = np.asarray(booster.predict(select(features, subset), pred_contrib=True, num_threads=1))
            parts[:, [NAMES.index(n) for n in subset]] += values[:, :-1] / (std * len(self.boosters))
        return parts


def select(features: Floats, names: Sequence[str]) -> Floats:
    """The named columns. Shapes: [B, F] -> [B, len(names)]."""
    return features[:, [NAMES.index(n) for n in names]]
