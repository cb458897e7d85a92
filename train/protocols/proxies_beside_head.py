"""Would training-free proxies help to rank the networks of a space that nobody measured?

    python -m train.protocols.proxies_beside_head

A proxy runs every network, so all is asked of random samples of distinct networks. Whole spaces left out: prior and
proxies on each space, every scale and weight earned on the other spaces alone (`train.fit.earned`). P1: cells of
NAS-Bench-201 with everything, the weights of the proxies too, taken from NAS-Bench-101. Proxies enter in units of their
deviation within source spaces. Values are kept under `runs/proxies`, so an interrupted run goes on where it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
import typer
from rich.progress import track

from archlm.members.cross_domain import CrossDomainHead
from archlm.members.prior import TrainingFreePrior
from archlm.members.value_scale import normal_scores
from encoders import proxies
from onnx_bench import spaces as search_spaces
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Node
from onnx_bench.ops import make_node, spec
from train.common import kendall, one_per_group, spearman, write_results
from train.fit import earned, head_rows
from train.protocols.proxies import CACHE
from train.records import LEFT_OUT, SPACE_TASK, Labelled, load

PROXIES = ("naswot", "synflow", "jacov")
BATCH = 8
"""Examples; with the usual 32 the study would take a day."""
SIDE = 64
"""Images that convolutional networks made for larger ones are run on, for the same reason: a network of transnas_macro
takes half a minute on 256 x 256 pixels."""
SAMPLES = {
    "nasbench201": 400, "nasbench101": 150, "mnasnet": 100, "transnas_macro": 80, "transnas_micro": 44, "pit": 24,
}  # fmt: skip
"""Networks of each space, as many as some twenty minutes of one processor allow."""
MOST_LEFT_OUT = 150
"""Networks of a space where whole spaces are left out."""
WEIGHTS = (0.0, 0.25, 0.5, 1.0)
"""Of a proxy beside the prior, to choose from."""
SOURCE, TARGET = "nasbench101", "nasbench201"
RESAMPLES = 200


class Sample(NamedTuple):
    """Some networks of one space.

    Shapes:
        networks: n; proxies: [n, K], NaN where one is not defined.
    """

    networks: Labelled
    proxies: Floats

    def first(self, count: int) -> Sample:
        """The first networks; they are in random order."""
        return Sample(self.networks.take(np.arange(min(count, len(self.networks)))), self.proxies[:count])


def draw(space: Labelled, count: int) -> Sample:
    """Distinct measured networks at random, and their proxies."""
    measured = space.take(np.isfinite(space.values))
    rows = one_per_group(measured.fingerprints, np.random.default_rng(0), len(measured))
    some = measured.take(np.random.default_rng(1).permutation(rows)[:count])
    store, build = proxies.Store(CACHE), search_spaces.get(space.space).build
    found = [
        list(proxies.compute(shrunk(build(str(arch))), PROXIES, batch=BATCH, cache=store).values())
        for arch in track(some.archs, space.space)
    ]
    return Sample(some, np.array(found))


def shrunk(graph: ArchGraph) -> ArchGraph:
    """A network of convolutions for smaller images; one whose layers or stored tensors are made for a size is kept."""
    nodes: list[Node] = []
    for op, inputs, packed, shape, *_ in graph.nodes:
        if op == "Input" and shape is not None and len(shape) == 4:
            shape = (*shape[:2], *(min(side, SIDE) for side in shape[2:]))
        elif spec(op).shape is None:
            return graph
        else:
            shape = None
        attrs: dict[str, Any] = dict(packed)
        nodes.append(make_node(op, inputs, [nodes[i].shape for i in inputs], shape, **attrs))
    return replace(graph, nodes=tuple(nodes))


def standardised(values: Floats, sources: Sequence[Floats]) -> Floats:
    """Proxies in units of their deviation within source spaces; what is not defined ranks below all of them. [n, K]."""
    centre = np.mean([np.nanmean(x, axis=0) for x in sources], axis=0)
    spread = np.sqrt(np.mean([np.nanvar(x, axis=0) for x in sources], axis=0))
    lowest = np.nanmin(np.concatenate([values, *sources]), axis=0) - spread
    return (np.where(np.isfinite(values), values, lowest) - centre) / spread


def best_weights(judged: Sequence[tuple[Floats, Floats]]) -> tuple[float, ...]:
    """Weights of the proxies that have earned most beside the prior.

    Args:
        judged: For each space the scores [n, 1 + K] of prior and proxies, and the values [n].
    """

    def rhos(weights: tuple[float, ...]) -> Floats:
        return np.array([spearman(scores @ np.array([1.0, *weights]), values) for scores, values in judged])

    grid = list(product(*(WEIGHTS for _ in PROXIES)))
    prior = rhos(grid[0])
    gain = earned if len(judged) > 1 else np.mean
    return max(grid, key=lambda weights: gain(rhos(weights) - prior))


def gain_error(score: Floats, base: Floats, values: Floats) -> float:
    """Deviation of the gain in rho over `base`, over networks drawn again."""
    rng = np.random.default_rng(0)
    draws = (rng.integers(0, len(values), len(values)) for _ in range(RESAMPLES))
    return float(np.std([spearman(score[i], values[i]) - spearman(base[i], values[i]) for i in draws]))


def rows_of(
    protocol: str, networks: Labelled, base: str, score: Floats, told: Floats, weights: tuple[float, ...]
) -> Iterator[dict[str, Any]]:
    """One row for each way of ranking n networks.

    Args:
        protocol: What is asked.
        networks: Which.
        base: What the proxies are joined with.
        score: Its scores [n].
        told: Standardised proxies [n, K].
        weights: Of the proxies, as earned.
    """
    alone = {"effective parameters": networks.params, "MACs": networks.macs, base: score}
    alone |= dict(zip(PROXIES, told.T, strict=True))
    joined = {f"{base} + half {name}": score + 0.5 * told[:, k] for k, name in enumerate(PROXIES)}
    joined |= {f"{base} + proxies": score + told @ np.array(weights)}
    for name, way in (alone | joined).items():
        rho = spearman(way, networks.values)
        yield {
            "protocol": protocol, "space": networks.space, "score": name, "n": len(networks), "rho": rho,
            "tau": kendall(way, networks.values),
            "gain": rho - spearman(score, networks.values) if name in joined else None,
            "gain_std": gain_error(way, score, networks.values) if name in joined else None,
            "weights": "/".join(map(str, weights)) if name.endswith("+ proxies") else None,
        }  # fmt: skip


def left_out_rows(spaces: Mapping[str, Labelled], samples: Mapping[str, Sample]) -> Iterator[dict[str, Any]]:
    """Each sampled space from all others; what is left out with it (`LEFT_OUT`) is left out here too.

    The proxies are joined with the prior alone: P2 gives the same mean rho with the trees and without.
    """
    groups = {name: next(g for g in LEFT_OUT.values() if name in g) for name in samples}

    def scores(name: str, absent: Collection[str]) -> tuple[Floats, Floats]:
        prior = TrainingFreePrior.fit([head_rows(s, 0)[0] for n, s in spaces.items() if n not in absent])
        told = standardised(samples[name].proxies, [s.proxies for n, s in samples.items() if n not in absent])
        return np.column_stack([prior.score(samples[name].networks.features), told]), samples[name].networks.values

    for target, absent in groups.items():
        judged = [scores(other, {*absent, *groups[other]}) for other in samples if other != target]
        found, _ = scores(target, absent)
        yield from rows_of(
            "space left out", samples[target].networks, "prior", found[:, 0], found[:, 1:], best_weights(judged)
        )


def zero_shot_rows(source: Labelled, samples: Mapping[str, Sample]) -> Iterator[dict[str, Any]]:
    """P1 on a sample: the proxies count as they have earned on the source beside the prior, which has seen no value."""
    head = CrossDomainHead.fit([(source.features, normal_scores(source.values))], weight=1.0)
    known, asked = samples[SOURCE], samples[TARGET]
    told = standardised(known.proxies, [known.proxies])
    weights = best_weights([
        (np.column_stack([head.prior.score(known.networks.features), told]), known.networks.values)
    ])  # fmt: skip
    told = standardised(asked.proxies, [known.proxies])
    score = head.score(asked.networks.features)
    yield from rows_of("P1", asked.networks, "prior + trees", score, told, weights)
    complete = np.char.find(asked.networks.archs.astype(str), "none") < 0
    cells = asked.networks.take(complete)
    yield from rows_of("P1, without none", cells, "prior + trees", score[complete], told[complete], weights)


def main(data: str | None = None) -> None:
    """Measure and write train/results/proxies_beside_head.csv."""
    torch.set_num_threads(1)
    spaces = {name: load(name, data=data) for name in SPACE_TASK}
    samples = {name: draw(spaces[name], count) for name, count in SAMPLES.items()}
    rows = list(zero_shot_rows(spaces[SOURCE], samples))
    rows += left_out_rows(spaces, {name: sample.first(MOST_LEFT_OUT) for name, sample in samples.items()})
    write_results("proxies_beside_head", rows)


if __name__ == "__main__":
    typer.run(main)
