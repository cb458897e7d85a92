"""From tables of architectures, predictions and costs to what the networks are trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from generators.codes import Codes
from generators.layouts import NotRepresentableError, get_layout
from generators.targets import LinearScale, LogScale, is_quality, normal_scores
from generators.training.samples import SpaceSample
from generators.vocabulary import Vocabulary
from onnx_bench.arrays import Floats


class Prepared(NamedTuple):
    """A sample of a space, and the scales of its costs by target."""

    sample: SpaceSample
    scales: Mapping[str, LogScale]


def prepare(
    vocabulary: Vocabulary, space: str, archs: Sequence[str], columns: Mapping[str, Floats], targets: Sequence[str],
    ties: Floats | None = None, qualities: Sequence[str] = (),
    scales: Mapping[str, LinearScale | LogScale] | None = None,
) -> Prepared:  # fmt: skip
    """Encode architectures and bring what is known of them onto the scales of their space.

    Args:
        vocabulary: Of the networks.
        space: Of the architectures; those that its layout cannot represent are left out.
        archs: B architectures.
        columns: Values by target. Shapes: [B] each.
        targets: Names of the T targets.
        qualities: Targets that are ranked though they are called like costs.
        scales: Of targets that have one already.
        ties: What decides between equal qualities. Shapes: [B].
    """
    layout = get_layout(space)
    graphs, kept = [], []
    for row, arch in enumerate(archs):
        try:
            graphs.append(layout.encode(arch))
        except NotRepresentableError:
            continue
        kept.append(row)
    values = np.full((len(kept), len(targets)), np.nan, np.float32)
    given, found = scales or {}, {}
    for place, target in enumerate(targets):
        if target not in columns:
            continue
        column = np.asarray(columns[target], float)[kept]
        if target in given:
            values[:, place] = given[target].to_normal(column)
        elif is_quality(target) or target in qualities:
            values[:, place] = normal_scores(column, None if ties is None else ties[kept])
        else:
            found[target] = LogScale.of(column)
            values[:, place] = found[target].to_normal(column)
    codes = Codes.of(vocabulary, graphs)
    packed = Codes(codes.nodes.to(torch.uint8), codes.edges.to(torch.uint8))
    return Prepared(SpaceSample(packed, torch.from_numpy(values)), found)
