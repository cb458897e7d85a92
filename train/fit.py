"""Fit every part of the predictor from labelled spaces. Used by the recipe and, without the held-out part, by the
protocols, so that what is measured is what ships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archlm.answer import FAMILIAR
from archlm.conformal import ConformalBands
from archlm.known import KnownArchitectures
from archlm.members.blend import Blend, blend_by_space, error_moments
from archlm.members.cross_domain import CrossDomainHead
from archlm.members.cross_scale import CrossScale
from archlm.members.feature_model import FeatureModel
from archlm.members.rank_trees import RankTreesConfig
from archlm.members.value_scale import ValueScale, normal_scores
from archlm.weights_store import TaskPart
from onnx_bench.arrays import Floats
from train.common import group_folds, one_per_group, spearman
from train.heads import drawings, drawn_for, drawn_otherwise
from train.records import LEFT_OUT, SPACE_TASK, Drawn, Labelled

Mask = NDArray[np.bool_]

HEAD_ROWS = 3000
"""Networks per space that train the rank trees."""
INDEX_ROWS = 5500
"""Known architectures per space in the index: all of the small spaces."""
INDEX_ROWS_OF_HEAD = 1000
"""The same with the head of another task."""
STRANGE = 2 * FAMILIAR
"""Share of networks with another head that are strangers to those with the default one, from which they are indexed."""
FAMILIAR_ROWS = 1000
"""Networks per space that tell which novelty is usual."""
FOLDS = 5
ENOUGH = 50
"""Held-out groups that calibrate a space's intervals alone: a tail of 5 % then has two or three. Set after real
networks, of which 62 of nine families are held out, had been covered at 68 % by these alone."""
PSEUDO_COUNT = 50
"""Held-out networks that a prior opinion on the members counts for. One value was tried, after small spaces had been
seen to suffer from the weights of large ones."""
WIDTH_PSEUDO_COUNT = 10
"""Held-out networks that the width which a task's spaces share counts for. Set with `ENOUGH` after intervals had held
9 of 20 PiT on CIFAR-100, where nearly all others are of NAS-Bench-201; 20 gave nearly the same."""
TREE_WEIGHTS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
UNSEEN_TASK_ERROR = 1.0
"""Error in normal scores where no two spaces share a task of the kind: the score then says nothing of the value."""


@dataclass(frozen=True)
class HeldOut:
    """What the neural members say of the networks of a space that they have not seen.

    Attributes:
        mask: [G] which of the distinct networks these are.
        scores: For each task and each neural member (`blend.MEMBERS` but the first) the normal scores [H] of the H
            networks in `mask`.
    """

    mask: Mask
    scores: Mapping[str, tuple[Floats, ...]]


def head_rows(space: Labelled, seed: int) -> tuple[Floats, Floats]:
    """Features and within-space normal scores of a sample without isomorphic copies."""
    measured = space.take(np.isfinite(space.values))
    chosen = measured.take(one_per_group(measured.fingerprints, np.random.default_rng(seed), HEAD_ROWS))
    return chosen.features, normal_scores(chosen.values)


def fit_head(
    spaces: Sequence[Labelled], weight: float, seed: int = 0, config: RankTreesConfig | None = None
) -> CrossDomainHead:
    """The cross-domain head from those of `spaces` that have a classification task, all counting the same."""
    rows = [head_rows(s, seed) for s in spaces if s.space in SPACE_TASK]
    return CrossDomainHead.fit(rows, weight=weight, seed=seed, config=config)


def choose_tree_weight(left_out: Sequence[tuple[CrossDomainHead, Labelled]]) -> float:
    """The weight that has earned most (`earned`), each head judged on the one space that it did not see."""

    def rhos(weight: float) -> Floats:
        found = []
        for head, space in left_out:
            known = np.isfinite(space.values)
            score = replace(head, weight=weight).score(space.features[known])
            found.append(spearman(score, space.values[known]))
        return np.array(found)

    prior = rhos(0.0)
    return max(TREE_WEIGHTS, key=lambda weight: earned(rhos(weight) - prior))


def earned(gains: Floats) -> float:
    """What members have earned beside the prior: their mean gain in rho over left-out spaces less its standard error.

    With few spaces the best mean is often luck, and it is paid for on the next space. Shapes: [S] -> scalar.
    """
    return float(gains.mean() - gains.std(ddof=1) / np.sqrt(len(gains)))


def leave_one_out(spaces: Sequence[Labelled], seed: int = 0) -> list[tuple[CrossDomainHead, Labelled]]:
    """For each space with a classification task the head of those that are not left out with it (`LEFT_OUT`)."""
    found = []
    for members in LEFT_OUT.values():
        tested = [s for s in spaces if s.space in members]
        if tested:
            head = fit_head([s for s in spaces if s.space not in members], 1.0, seed)
            found += [(head, space) for space in tested]
    return found


class TaskRows(NamedTuple):
    """The distinct networks that were measured on a task.

    Shapes:
        x: [B, F] features, drawn as the task draws them; otherwise: [D, B, F] features of the same networks with other
            heads, none where no space has any; y: [B] values; spaces: [B] names; groups: [B].
    """

    x: Floats
    otherwise: Floats
    y: Floats
    spaces: NDArray[np.str_]
    groups: NDArray[np.str_]

    def space_weights(self) -> Floats:
        """Weights that let every space count the same. Shapes: [B]."""
        distinct, place, counts = np.unique(self.spaces, return_inverse=True, return_counts=True)
        return np.asarray(len(self.spaces) / (len(distinct) * counts[place]))


def task_rows(spaces: Sequence[Labelled], task: str, masks: Mapping[str, Mask] | None = None) -> TaskRows:
    """The distinct networks of `spaces` that were measured on `task`, of those that `masks` leaves."""
    asked = [space for space in spaces if task in space.known.targets]
    several = any(space.known.heads for space in asked)
    parts = []
    for space in asked:
        some = space.known
        chosen = np.flatnonzero(np.isfinite(some.targets[task]) & (masks[space.space] if masks else True))
        rows = some.rows[chosen]
        names = np.full(len(rows), space.space)
        features = drawn_for(space, task).features[chosen]
        others = [drawn[chosen] for drawn in drawn_otherwise(space)]
        otherwise = np.stack(others) if several else np.zeros((0, *features.shape))
        parts.append((features, otherwise, some.targets[task][chosen], names, space.groups[rows]))
    x, otherwise, *rest = zip(*parts, strict=True)
    return TaskRows(np.concatenate(x), np.concatenate(otherwise, axis=1), *(np.concatenate(part) for part in rest))


def whole(spaces: Sequence[Labelled]) -> dict[str, Mask]:
    """Masks of all distinct networks."""
    return {space.space: np.ones(len(space.known.rows), bool) for space in spaces}


class Fitted(NamedTuple):
    """What a calibration gives: a blend for each space, the bands of the residuals, and each space's width factor."""

    blends: dict[str, Blend]
    bands: ConformalBands
    widths: dict[str, float]


class Calibration(NamedTuple):
    """What held-out networks tell of a task's members.

    Shapes:
        rows: of the H held-out networks that were measured.
        scores: [H, M] normal scores of the members.
        scale: of the values of the others.
        more: [K], [K] predicted and measured values of others, predicted out of fold from features alone; none where
            enough networks are held out.
    """

    rows: TaskRows
    scores: Floats
    scale: ValueScale
    more: tuple[Floats, Floats]

    def moments(self, chosen: Mask) -> Floats:
        """Of the members' errors on the chosen networks. Shapes: [H] -> [M, M]."""
        return error_moments(self.scores[chosen], self.scale.to_score(self.rows.y[chosen]))

    def halves(self, seed: int) -> Iterator[Mask]:
        """Two masks of held-out networks, groups kept together: one half judges what the other was fitted on."""
        return group_folds(self.rows.groups, 2, seed)

    def everything(self) -> Mask:
        """Mask of all held-out networks. Shapes: [H]."""
        return np.ones(len(self.rows.y), bool)

    def fit(self, chosen: Mask, usual: Floats) -> Fitted:
        """Blends, bands and widths from the chosen networks.

        A space with few networks leans on the task, a task with few on what is usual: `PSEUDO_COUNT` says how much.
        The bands of a task with few take in errors from features alone on the networks that were not held out. All
        spaces of a task share its bands; each widens or narrows them as far as its own networks miss their middle.

        Args:
            chosen: [H].
            usual: [M, M] mean moments over tasks.
        """
        task = _leaning(self.moments(chosen), int(chosen.sum()), usual)
        blends = {}
        for name in np.unique(self.rows.spaces):
            here = chosen & (self.rows.spaces == name)
            blends[str(name)] = Blend.fit(_leaning(self.moments(here), int(here.sum()), task))
        spaces, measured = self.rows.spaces[chosen], self.rows.y[chosen]
        predicted = self.scale.to_value(blend_by_space(blends, self.scores[chosen], spaces))
        bands = ConformalBands.fit(np.append(predicted, self.more[0]), np.append(measured, self.more[1]))
        return Fitted(blends, bands, _widths(bands.misses(predicted, measured), spaces))


def _leaning(moments: Floats, count: int, usual: Floats) -> Floats:
    return (count * moments + PSEUDO_COUNT * usual) / (count + PSEUDO_COUNT)


def _widths(misses: Floats, spaces: NDArray[np.str_]) -> dict[str, float]:
    """How far each space misses the middle of bands as a share of how far all do, drawn to 1. Shapes: [B], [B]."""
    usual = misses.mean()
    widths = {}
    for name in np.unique(spaces):
        here = misses[spaces == name]
        mean = (here.sum() + WIDTH_PSEUDO_COUNT * usual) / (len(here) + WIDTH_PSEUDO_COUNT)
        widths[str(name)] = float(mean / usual)
    return widths


def usual_moments(moments: Sequence[Floats]) -> Floats:
    """Mean over tasks, each scaled to its best member's error so that hard tasks do not count more. [M, M] each."""
    return np.mean([m / np.diag(m).min() for m in moments], axis=0) * np.mean([np.diag(m).min() for m in moments])


def calibrate(spaces: Sequence[Labelled], task: str, unseen: Mapping[str, HeldOut], seed: int = 0) -> Calibration:
    """Learn from features of what the neural members were trained on, and ask all members about the rest."""
    seen = task_rows(spaces, task, {name: ~held.mask for name, held in unseen.items()})
    scale = ValueScale.fit(seen.y)
    model = FeatureModel.fit(seen.x, seen.y, seen.otherwise, seed=seed)
    rows = task_rows(spaces, task, {name: held.mask for name, held in unseen.items()})
    scores = np.column_stack([model.score(rows.x), neural_scores(spaces, task, unseen)])
    few = len(np.unique(rows.groups)) < ENOUGH * len(np.unique(rows.spaces))
    return Calibration(rows, scores, scale, out_of_fold(seen, seed) if few else (np.zeros(0), np.zeros(0)))


def out_of_fold(rows: TaskRows, seed: int) -> tuple[Floats, Floats]:
    """Values predicted from features for groups that were not seen, and the measured ones. Shapes: [B], [B]."""
    predicted = np.zeros(len(rows.y))
    for test in group_folds(rows.groups, FOLDS, seed):
        predicted[test] = FeatureModel.fit(
            rows.x[~test], rows.y[~test], rows.otherwise[:, ~test], seed=seed
        ).predict(rows.x[test])
    return predicted, rows.y


def neural_scores(spaces: Sequence[Labelled], task: str, unseen: Mapping[str, HeldOut]) -> Floats:
    """The neural members' scores of the H held-out networks that were measured on `task`. Shapes: [H, M - 1]."""
    parts = []
    for space in spaces:
        if task in space.known.targets:
            held = unseen[space.space]
            measured = np.isfinite(space.known.targets[task][held.mask])
            parts.append(np.stack([scores[measured] for scores in held.scores[task]], axis=1))
    return np.concatenate(parts)


def fit_task(
    spaces: Sequence[Labelled], task: str, head: CrossDomainHead, error: float, calibration: Calibration,
    usual: Floats, seed: int = 0,
) -> TaskPart:  # fmt: skip
    """What answers one task: a model of features of all its networks, blends and bands from the held-out ones.

    The model that ships has seen a quarter more networks than the one that the bands were taken with, so the bands are
    rather wide than narrow.
    """
    fitted = calibration.fit(calibration.everything(), usual)
    rows = task_rows(spaces, task)
    model = FeatureModel.fit(rows.x, rows.y, rows.otherwise, seed=seed)
    cross = CrossScale.fit(head.score(rows.x), model.scale.to_score(rows.y), rows.space_weights(), error)
    return TaskPart(model, fitted.blends, fitted.bands, fitted.widths, cross)


def cross_errors(
    left_out: Sequence[tuple[CrossDomainHead, Labelled]], spaces: Sequence[Labelled]
) -> dict[str, float]:
    """For each task the root mean square error, in its normal scores, on spaces left out of both head and scale.

    A task measured on one space alone takes the error of the classification tasks that were measured on several, where
    its space takes part in the cross-domain head, and `UNSEEN_TASK_ERROR` where it does not.
    """
    squares: dict[str, list[float]] = {}
    for head, space in left_out:
        for task, values in space.known.targets.items():
            others = [o for o in spaces if o is not space and task in o.targets]
            if others:
                rows = task_rows(others, task)
                # Normal scores of the task as it is known without the space.
                scale = ValueScale.fit(rows.y)
                cross = CrossScale.fit(head.score(rows.x), scale.to_score(rows.y), rows.space_weights())
                found = cross.to_normal(head.score(drawn_for(space, task).features)) - scale.to_score(values)
                squares.setdefault(task, []).append(float(np.nanmean(np.square(found))))
    shared = [value for task in set(SPACE_TASK.values()) for value in squares.get(task, [])]
    common = float(np.mean(shared)) if shared else UNSEEN_TASK_ERROR**2
    classified = {task for space in spaces if space.space in SPACE_TASK for task in space.targets}
    tasks = sorted({task for space in spaces for task in space.targets})
    usual = {task: common if task in classified else UNSEEN_TASK_ERROR**2 for task in tasks}
    return {task: float(np.sqrt(np.mean(squares.get(task, [usual[task]])))) for task in tasks}


def fit_known(
    spaces: Sequence[Labelled], points: Mapping[str, Sequence[Floats]], seed: int = 0
) -> tuple[KnownArchitectures, list[Indexed]]:
    """The index: a sample of the distinct architectures; and which novelty is usual.

    Usual is how far a network of the space is from the index without itself, for real networks without its family.
    Networks with the head of another task are there too where that makes them strangers otherwise.

    Args:
        spaces: All of them.
        points: For each space and drawing (`train.heads.drawings`) the [G, D] embeddings of its distinct networks.
        seed: Of the samples.

    Returns:
        The index, and what it holds, in its order.
    """
    rng = np.random.default_rng(seed)
    indexed = [Indexed(s, 0, np.sort(rng.permutation(len(s.known.rows))[:INDEX_ROWS])) for s in spaces]
    embeddings = np.concatenate([points[i.space.space][0][i.rows] for i in indexed])
    labels = [i.space.space for i in indexed for _ in i.rows]
    known = KnownArchitectures.fit([name for i in indexed for name in i.names], labels, embeddings)
    for entry in indexed:
        known.familiar[entry.kind] = _usual(known, entry, points, rng)
    for space in spaces:
        for number, embedded in enumerate(points[space.space][1:], 1):
            some = rng.permutation(len(embedded))[:FAMILIAR_ROWS]
            novelty = known.novelty(embedded[some], known.of_kind(space.space))
            if (novelty > known.edge(space.space)).mean() > STRANGE:
                entry = Indexed(space, number, np.sort(rng.permutation(len(embedded))[:INDEX_ROWS_OF_HEAD]))
                known = known.with_kind(entry.kind, space.space, entry.names, embedded[entry.rows])
                known.familiar[entry.kind] = _usual(known, entry, points, rng)
                indexed.append(entry)
    return known, indexed


class Indexed(NamedTuple):
    """Networks of a space in the index.

    Attributes:
        space: With its distinct networks.
        drawing: Which of its drawings.
        rows: Which of the distinct networks.
    """

    space: Labelled
    drawing: int
    rows: NDArray[np.int64]

    @property
    def drawn(self) -> Drawn:
        """The networks themselves."""
        return drawings(self.space)[self.drawing].take(self.rows)

    @property
    def kind(self) -> str:
        """See `KnownArchitectures.kinds`."""
        name = self.space.space
        return f"{name} for {self.space.known.heads[self.drawing - 1].tasks[0]}" if self.drawing else name

    @property
    def names(self) -> list[str]:
        """Descriptions."""
        found: list[str] = self.space.archs[self.space.known.rows[self.rows]].tolist()
        return found


def _usual(
    known: KnownArchitectures, entry: Indexed, points: Mapping[str, Sequence[Floats]], rng: np.random.Generator
) -> Floats:  # fmt: skip
    """Sorted distances of a sample of networks from those of their kind that are not of their group."""
    space, mine = entry.space, known.of_kind(entry.kind)
    embedded, groups = points[space.space][entry.drawing], space.groups[space.known.rows]
    indexed = np.full(len(mine), "", dtype=groups.dtype)
    indexed[mine] = groups[entry.rows]
    some = rng.permutation(len(embedded))[:FAMILIAR_ROWS]
    usual = [
        known.novelty(embedded[some[groups[some] == group]], mine & (indexed != group))
        for group in np.unique(groups[some])
    ]
    return np.sort(np.concatenate(usual))
