"""Which learners answer for a new target: cross-validated on the user's own labels, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archlm.devices.shipped_devices import ShippedDevices
from archlm.finetuning.block_process import BlockProcess
from archlm.finetuning.device_costs import DeviceCosts
from archlm.finetuning.sample import Sample
from archlm.finetuning.signal_line import SignalLine
from archlm.finetuning.target_scale import TargetScale
from archlm.finetuning.trees import Trees
from archlm.finetuning.tuned_networks import TunedNetworks
from archlm.members.blend import error_moments
from onnx_bench.arrays import Floats

Learner = SignalLine | DeviceCosts | BlockProcess | Trees | TunedNetworks
Fit = Callable[[Sample, Floats, TargetScale], Learner]

ALL = ("size", "features", "vectors", "scores")
SIZES = "gaussian process, sizes"
PROCESSES = {"gaussian process": ALL, "gaussian process, features": ("size", "features"), SIZES: ("size",)}
LINES = {"size line": "size", "description line": "described"}
DEVICE = "device costs"
TREES = {"trees": ("size", "features"), "trees, all": ALL}
NETWORKS = "graph networks"

PROCESS_MOST = 2000
"""Labels: the time of a Gaussian process grows with their cube."""
PROCESSES_MOST = 300
"""Labels up to which several processes are compared; beyond, the one that sees everything stands for them."""
TREES_LEAST = 60
"""Labels. With 16, trees beside processes help far from images (mean rho on BERT, recurrent cells and graph networks
.410 instead of .373) and cost a little in spaces of images (.740 instead of .745 on five); so does leaving out the
lines (.392, .737). Below, lines say what sizes can say: a process over these as well takes its share from better ones
(on the same three .364)."""
NETWORKS_LEAST = 100
NETWORKS_FOLDS_MOST = 300
"""Labels up to which graph networks are trained once for each fold; beyond, once for one fold alone."""
DEVICE_MOST = 1000
"""Labels: beyond, trees and graph networks know more than sums."""
FOLDS = 5
REPEATS_MOST = 40
"""Labels up to which the folds are drawn twice: one division of so few is luck."""
_REPEATS = 2
_PSEUDO_COUNT = 25
"""Labels that the equal mean counts for when the shares of the learners are weighed."""
_STEPS = 5


@dataclass(frozen=True)
class Candidates:
    """Learners that suit a number of labels.

    Attributes:
        fits: By name.
    """

    fits: Mapping[str, Fit]

    def only(self, names: Collection[str]) -> Candidates:
        """Those called so."""
        return Candidates({name: fit for name, fit in self.fits.items() if name in names})

    @classmethod
    def suited(
        cls, labels: int, starts: Sequence[bytes], task: NDArray[np.float32], *, known: ShippedDevices | None = None,
        seed: int = 0, threads: int = 2,
    ) -> Candidates:  # fmt: skip
        """Gaussian processes for few labels, trees and graph networks for many, all of them in between.

        Args:
            labels: N.
            starts: ONNX files of the pretrained graph networks; none: these are not trained.
            task: [K] descriptor of the target.
            known: Devices to start from, where the target is a cost that adds up over a network.
            seed: Of everything random.
            threads: Of LightGBM.
        """
        fits: dict[str, Fit] = {}
        if labels < TREES_LEAST:
            fits |= {name: _line(block) for name, block in LINES.items()}
        if known is not None and labels <= DEVICE_MOST:
            fits[DEVICE] = lambda sample, scores, scale: DeviceCosts.fit(sample, scores, scale, known)
        if labels <= PROCESS_MOST:
            told = PROCESSES.items() if labels <= PROCESSES_MOST else [("gaussian process", ALL)]
            fits |= {name: _process(names) for name, names in told if name != SIZES or labels >= TREES_LEAST}
        if labels >= TREES_LEAST:
            fits |= {name: _trees(names, seed, threads) for name, names in TREES.items()}
        if labels >= NETWORKS_LEAST and starts:
            fits[NETWORKS] = lambda sample, scores, _: TunedNetworks.fit(sample, scores, starts, task, seed=seed)
        return cls(fits)


def _line(block: str) -> Fit:
    return lambda sample, scores, _: SignalLine.fit(sample, scores, block)


def _process(names: Sequence[str]) -> Fit:
    return lambda sample, scores, _: BlockProcess.fit(sample, scores, names)


def _trees(names: Sequence[str], seed: int, threads: int) -> Fit:
    return lambda sample, scores, _: Trees.fit(sample, scores, names, seed, threads)


@dataclass(frozen=True)
class Choice:
    """What cross-validation says.

    Attributes:
        shares: Weight of each learner that takes part, by name; they sum to 1.
        errors: Root mean square error in scores of every candidate and of the choice itself, on labels not seen.
        scores: [N] what the choice predicts for each label from the others, NaN where no fold asked; the shares were
            taken from other folds too, so these are as honest as those of a fresh network.
    """

    shares: Mapping[str, float]
    errors: Mapping[str, float]
    scores: Floats


CHOSEN = "the choice"


def choose(
    candidates: Candidates, sample: Sample, values: Floats, logarithmic: bool, *, seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> Choice:  # fmt: skip
    """Cross-validate every candidate and weigh them.

    Args:
        candidates: To be compared.
        sample: N networks.
        values: [N] in the target's unit.
        logarithmic: See `TargetScale`.
        seed: Of the folds.
        progress: Told what is done next.
    """
    count, names, given_up = len(values), list(candidates.fits), dict[str, float]()
    rounds = divided(count, seed)
    found = cross_validate(candidates, sample, values, logarithmic, rounds, progress=progress)
    scores = TargetScale.fit(values, logarithmic).to_scores(values)
    if networks_in_vain(names, found[0], scores):
        place = names.index(NETWORKS)
        told = np.isfinite(found[0, :, place])
        given_up[f"{NETWORKS}, given up"] = rms(found[0, told, place] - scores[told])
        found = np.delete(found, place, axis=2)
        del names[place]
    honest = weigh_honestly(found, values, logarithmic, rounds)
    asked = np.isfinite(honest)
    target = np.broadcast_to(scores, asked.shape)
    shares = _weigh(found[asked], target[asked])
    errors = {name: rms(found[..., i][asked] - target[asked]) for i, name in enumerate(names)} | given_up
    errors[CHOSEN] = rms(honest[asked] - target[asked])
    return Choice(
        {name: float(share) for name, share in zip(names, shares, strict=True) if share},
        errors, means(honest),
    )  # fmt: skip


class Round(NamedTuple):
    """One training of a cross-validation.

    Attributes:
        repeat: Which division of the labels it belongs to.
        fold: Which part of it is tested.
        test: [N] mask of that part.
        seen: [N] mask of the labels to fit to.
    """

    repeat: int
    fold: int
    test: NDArray[np.bool_]
    seen: NDArray[np.bool_]


def divided(count: int, seed: int) -> list[Round]:
    """The rounds in which every label is tested once in each repeat, by fits to all labels of the other folds."""
    return [
        Round(repeat, fold, test, ~test) for repeat in range(_REPEATS if count <= REPEATS_MOST else 1)
        for fold, test in enumerate(folds(count, seed + repeat))
    ]  # fmt: skip


def networks_in_vain(names: Sequence[str], found: Floats, target: Floats) -> bool:
    """Whether the best other learner errs no less with the least share of the graph networks beside it.

    Shapes:
        names: M learners; found: [N, M], NaN where not all were asked; target: [N].
    """
    others = [place for place, name in enumerate(names) if name != NETWORKS]
    if len(others) in (0, len(names)):
        return False
    asked = np.isfinite(found).all(axis=1)
    wrong = found[asked] - target[asked, None]
    best = wrong[:, min(others, key=lambda place: rms(wrong[:, place]))]
    mixed = best + (wrong[:, names.index(NETWORKS)] - best) / _STEPS
    return rms(mixed) >= rms(best)


def named_slow(step: str, learners: Collection[str]) -> str:
    """A step that also says why it takes long, where one of these learners is slow."""
    return f"{step}: training graph networks, minutes" if NETWORKS in learners else step


def cross_validate(
    candidates: Candidates, sample: Sample, values: Floats, logarithmic: bool, rounds: Sequence[Round], *,
    network_folds_most: int = NETWORKS_FOLDS_MOST, progress: Callable[[str], None] = lambda _: None,
) -> Floats:  # fmt: skip
    """What M candidates say of labels that they have not seen.

    Args:
        candidates: M of them.
        sample: N networks.
        values: [N] in the target's unit.
        logarithmic: See `TargetScale`.
        rounds: Of R repeats.
        network_folds_most: Labels beyond which graph networks are trained for one fold alone.
        progress: Told what is done next.

    Returns:
        [R, N, M] scores on the scale of all labels, NaN where a candidate was not asked: graph networks are trained
        for no other fold once they were in vain for those so far.
    """
    scale, names = TargetScale.fit(values, logarithmic), list(candidates.fits)
    found = np.full((rounds[-1].repeat + 1, len(values), len(names)), np.nan)
    fitted = names
    for number, one in enumerate(rounds, 1):
        progress(named_slow(f"fold {number} of {len(rounds)}", fitted))
        inner = TargetScale.fit(values[one.seen], logarithmic)
        labelled, asked = sample.take(one.seen), sample.take(one.test)
        for name in fitted:
            learner = candidates.fits[name](labelled, inner.to_scores(values[one.seen]), inner)
            told = scale.to_scores(inner.to_values(learner.predict(asked)), limited=False)
            found[one.repeat, one.test, names.index(name)] = told
        if NETWORKS in fitted:
            vain = networks_in_vain(names, found[0], scale.to_scores(values))
            if vain or len(values) > network_folds_most:
                fitted = [name for name in names if name != NETWORKS]
    return found


def weigh_honestly(found: Floats, values: Floats, logarithmic: bool, rounds: Sequence[Round]) -> Floats:
    """Candidates joined by shares that come from other folds than the label they judge, where there are any.

    Shapes:
        found: [R, N, M]; values: [N]; returns: [R, N], NaN where not all candidates were asked.
    """
    asked = np.asarray(np.isfinite(found).all(axis=2))
    target = np.broadcast_to(TargetScale.fit(values, logarithmic).to_scores(values), asked.shape)
    honest = np.full(asked.shape, np.nan)
    for repeat, _, test, _ in rounds:
        others = asked & ~test if (asked & ~test).any() else asked
        here = asked[repeat] & test
        honest[repeat, here] = found[repeat, here] @ _weigh(found[others], target[others])
    return honest


def folds(count: int, seed: int) -> Iterator[NDArray[np.bool_]]:
    """Test masks of a cross-validation; networks are distinct, so rows may be drawn one by one. Shapes: [count]."""
    order = np.random.default_rng(seed).permutation(count)
    for part in np.array_split(order, min(FOLDS, count)):
        mask = np.zeros(count, bool)
        mask[part] = True
        yield mask


def _weigh(scores: Floats, target: Floats) -> Floats:
    """Shares with the least squared error, drawn towards the equal mean of all. Shapes: [B, M], [B] -> [M]."""
    moments = error_moments(scores, target)
    grid = _simplex(scores.shape[1])
    # Ridge towards equal shares: it fades as labels grow.
    penalty = _PSEUDO_COUNT / len(target) * np.diag(moments).min()
    cost = np.einsum("km,mn,kn->k", grid, moments, grid) + penalty * np.square(grid - 1 / grid.shape[1]).sum(axis=1)
    best: Floats = grid[np.argmin(cost)]
    return best


def _simplex(members: int) -> Floats:
    """All shares in fifths that sum to 1. Shapes: -> [K, M]."""
    chosen = combinations_with_replacement(range(members), _STEPS)
    return np.array([np.bincount(steps, minlength=members) for steps in chosen]) / _STEPS


def rms(errors: Floats) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(errors))))


def means(honest: Floats) -> Floats:
    """What the repeats say of each label on average. Shapes: [R, N] -> [N], NaN where none says anything."""
    known = np.isfinite(honest)
    total: Any = np.where(known, honest, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)
