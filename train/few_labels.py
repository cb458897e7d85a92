"""A few labels of a space or task that pretraining has not seen: what P3 and P4 are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.finetuning.finetuned import FinetunedTask
from archlm.finetuning.sample import Sample
from archlm.finetuning.selection import Candidates, choose
from archlm.finetuning.target_scale import TargetScale
from archlm.finetuning.trees import Trees
from archlm.members.graph_member import GraphMember
from archlm.members.onnx_network import OnnxNetwork
from archlm.members.prior import TrainingFreePrior
from archlm.training.quality_training import ask
from encoders.decorrelation import decorrelation
from encoders.features import NAMES, compute_many
from encoders.graph_onnx import export_graph_model
from encoders.quality_model import QualityModel
from encoders.task_descriptor import describe, describe_many
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph
from onnx_bench.tasks import get_task
from train.common import kendall, spearman
from train.neural import SEEDS, graph_space, rows_of, task_scales
from train.records import LEFT_OUT, SPACE_TASK, Labelled
from train.transfer import model_without_spaces


@dataclass(frozen=True)
class Start:
    """What is known of the distinct networks of a space before its first label.

    Attributes:
        space: Whose networks these are.
        sample: Of its G distinct networks, by members that have not seen it.
        networks: ONNX files of graph networks that have not seen it.
        zero_shot: For each task of the space [G] scores of the graph networks that are asked by description.
        tasks: Those whose scores are in the sample.
        prior: Its scales are those of the other spaces.
    """

    space: Labelled
    sample: Sample
    networks: tuple[bytes, ...]
    zero_shot: Mapping[str, Floats]
    tasks: Sequence[str]
    prior: TrainingFreePrior

    def sample_for(self, task: str) -> Sample:
        """Its networks, for learning `task`."""
        return replace(self.sample, blocks={**self.sample.blocks, "described": self.zero_shot[task][:, None]})

    def of(self, graphs: Sequence[ArchGraph], task: str) -> Sample:
        """Other networks, normalised, as they stand in `sample_for`."""
        member = GraphMember(tuple(OnnxNetwork(file, "a graph network of the start") for file in self.networks))
        features = compute_many(graphs)
        asked = describe_many([get_task(name) for name in (*self.tasks, task)])
        scores, vectors = member.ask(graphs, features, asked)
        prior = self.prior.score(features)
        return Sample.from_arrays(features, vectors.astype(np.float64), scores[:, :-1], prior, scores[:, -1])


def start_without_space(spaces: Mapping[str, Labelled], name: str, seed: int, networks: int = SEEDS) -> Start:
    """Pretrained on all spaces but `name` and those that are left out with it, from as many seeds as `networks`."""
    left_out = next(members for members in LEFT_OUT.values() if name in members)
    sources = [space for other, space in spaces.items() if other not in left_out]
    models = [model_without_spaces(spaces, left_out, seed + number) for number in range(networks)]
    return start_from(models, sources, spaces[name], list(dict.fromkeys(t for s in sources for t in s.targets)))


def start_without_task(
    models: Sequence[QualityModel], spaces: Sequence[Labelled], space: Labelled, task: str
) -> Start:  # fmt: skip
    """`space` as `models` see it, which were trained on every task of `spaces` but `task`."""
    return start_from(models, spaces, space, [other for other in space.targets if other != task])


def start_from(
    models: Sequence[QualityModel], sources: Sequence[Labelled], space: Labelled, tasks: Sequence[str]
) -> Start:
    """`space` as `models` see it: scores are their mean, vectors those of the first, as in what ships."""
    everything = rows_of([space], hold_out=False)
    asked = graph_space(space, everything[space.space], task_scales([space], everything))
    every = [*tasks, *space.targets]
    told = [ask(model, asked, tasks=describe_many([get_task(task) for task in every])) for model in models]
    scores, vectors = np.mean([score for score, _ in told], axis=0), told[0][1]
    features = space.features[space.known.rows]
    prior = TrainingFreePrior.fit([s.features for s in sources if s.space in SPACE_TASK])
    nothing = np.zeros(len(features))  # `few_label_rows` knows the task
    sample = Sample.from_arrays(
        features, vectors.astype(np.float64), scores[:, : len(tasks)], prior.score(features), nothing,
        space.known.graphs,
    )  # fmt: skip
    sample = replace(sample, decorrelation=decorrelation([s.features[s.known.rows] for s in sources]))
    own = dict(zip(space.targets, scores[:, len(tasks) :].T, strict=True))
    return Start(space, sample, tuple(map(export_graph_model, models)), own, tasks, prior)


@dataclass(frozen=True)
class Fitted:
    """What a draw of labels makes of a start.

    Attributes:
        part: The fine-tuned task.
        whole: Of all distinct networks of the space, as it sees them.
        seen: Rows whose labels it has seen.
        unseen: All other rows that were measured.
    """

    part: FinetunedTask
    whole: Sample
    seen: NDArray[np.int64]
    unseen: NDArray[np.int64]


def fit_few(
    start: Start, task: str, labels: int, draw: int, *, networks: bool = True, threads: int = 1
) -> Fitted:  # fmt: skip
    """Fine-tune on a random draw of `labels` networks."""
    values = start.space.known.targets[task]
    seen, unseen = drawn(values, labels, draw)
    whole = start.sample_for(task)
    sample = whole.take(seen)
    candidates = Candidates.suited(
        labels, start.networks if networks else (), describe(get_task(task)), seed=draw, threads=threads
    )
    choice = choose(candidates, sample, values[seen], logarithmic=False, seed=draw)
    names = [str(row) for row in seen]
    part = FinetunedTask.fit(get_task(task), names, names, sample, values[seen], candidates, choice, logarithmic=False)
    return Fitted(part, whole, seen, unseen)


def drawn(values: Floats, labels: int, draw: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of a random draw of measured networks, and of all other measured ones."""
    measured = np.random.default_rng((draw, labels)).permutation(np.flatnonzero(np.isfinite(values)))
    return np.sort(measured[:labels]), np.sort(measured[labels:])


def few_label_rows(
    start: Start, task: str, labels: int, draw: int, *, beside: Mapping[str, Floats] | None = None,
    networks: bool = True, threads: int = 1,
) -> list[dict[str, Any]]:  # fmt: skip
    """Fine-tune on a random draw of `labels` networks, test on the others, beside the baselines.

    Args:
        start: Before the first label.
        task: To be learnt.
        labels: Number of networks that are drawn.
        draw: Which draw.
        beside: More baselines by name, scores of the distinct networks. Shapes: [G] each.
        networks: Whether graph networks may be trained further.
        threads: Of LightGBM.
    """
    values = start.space.known.targets[task]
    fitted = fit_few(start, task, labels, draw, networks=networks, threads=threads)
    whole, seen, unseen = fitted.whole, fitted.seen, fitted.unseen
    sample, features = whole.take(seen), whole.features
    scale = TargetScale.fit(values[seen], logarithmic=False)
    answers = fitted.part.answer(whole.take(unseen))
    trees = Trees.fit(sample, scale.to_scores(values[seen]), ("size", "features"), draw, threads)
    signals = {
        "effective parameters": features[:, NAMES.index("log_params")], "MACs": features[:, NAMES.index("log_macs")],
        "training-free prior": start.sample.blocks["size"][:, 0], "graph network, no labels": start.zero_shot[task],
        **(beside or {}),
    }  # fmt: skip
    # To be compared in the task's unit, a baseline is scaled by a line through the labels.
    ranks = {name: signal[unseen] for name, signal in signals.items()}
    found: dict[str, Any] = {
        name: np.polyval(np.polyfit(x[seen], values[seen], 1), x[unseen]) for name, x in signals.items()
    }
    of_trees = scale.to_values(trees.predict(whole.take(unseen)))
    found |= {"LightGBM on features": of_trees, "fine-tuned": answers.mean}
    truth = values[unseen]
    base = {"space": start.space.space, "task": task, "labels": labels, "draw": draw, "n": len(unseen)}
    rows: list[dict[str, Any]] = [
        base | {"score": name, "rho": spearman(ranks.get(name, value), truth),
                "tau": kendall(ranks.get(name, value), truth), "mae": float(np.abs(value - truth).mean())}
        for name, value in found.items()
    ]  # fmt: skip
    rows[-1] |= {
        "shares": "; ".join(f"{name} {share:.1f}" for name, share in fitted.part.choice.shares.items()),
        "coverage": float(np.mean((answers.low <= truth) & (truth <= answers.high))),
    }
    return rows
