"""What flows along the input-output paths: signal, gradient and counts, in closed form.

One sweep forward and one backward over the nodes in topological order. Signals are second moments at random
initialisation (mean field; He et al. 2015, Poole et al. 2016): a biased layer or a norm resets the moment to one, a sum
adds moments, a non-linearity and a pooling window scale them. The sweeps run on Python floats: a network has a few
hundred nodes in a chain of nearly as many levels, where array operations cost more than they save.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from encoders.columns import Columns
from onnx_bench.arrays import Floats

_LARGEST = 1e280
"""Sums of moments beyond this are weighted equally: they are about to overflow."""


class Flow(NamedTuple):
    """Per-node results, each of shape [N].

    Attributes:
        moment: Second moment of the output at random initialisation.
        gradient: Second moment of the gradient at the output, 1 at the graph output.
        influence: Share of the output's signal that comes through this node; 1 on every bottleneck.
        paths: Number of paths from the inputs; 0 where the node is no function of a graph input.
        longest: Weighted layers on the longest path from an input, this node included.
        shortest: Weighted layers on the shortest path.
        field: Side of the receptive field in input pixels.
        jump: Input pixels per output pixel.
    """

    moment: Floats
    gradient: Floats
    influence: Floats
    paths: Floats
    longest: Floats
    shortest: Floats
    field: Floats
    jump: Floats


def _edge_weights(c: Columns) -> Floats:
    """How much of its reader's signal an edge carries, before moments are known. Shapes: [E].

    A product's smaller factors are gates, tables and constants are no signal: neither carries the path, unless the
    node reads nothing else.
    """
    width = np.where(c.source[c.src] > 0, 0.0, c.numel[c.src])
    carrier = np.zeros(len(c.table))
    np.maximum.at(carrier, c.dst, width)
    main = carrier[c.dst]
    weight = np.where((width >= main) | (c.add[c.dst] > 0), 1.0, 0.0)
    weight = np.where(c.concat[c.dst] > 0, width, weight)
    return np.where(main == 0, 1.0, np.where(width == 0, 0.0, weight))


def propagate(c: Columns) -> Flow:
    """Run both sweeps over all graphs of `c`. Shapes: N nodes -> eight arrays of [N]."""
    count = len(c.table)
    src, weight = c.src.tolist(), _edge_weights(c).tolist()
    bounds = np.searchsorted(c.dst, np.arange(count + 1))
    starts, ends = bounds[:-1].tolist(), bounds[1:].tolist()
    joins, sums, gains = c.add_like.tolist(), c.add.tolist(), c.gain.tolist()
    # A resetting layer divides the gradient by the moment it received.
    resets = c.reset.tolist()
    layers = (c.conv + c.linear + c.recurrent).tolist()
    windows, strides = ((c.kernel - 1) * c.dilation).tolist(), c.stride.tolist()
    live_sources = (1.0 - c.source).tolist()

    moment: list[float] = []
    paths: list[float] = []
    longest: list[float] = []
    shortest: list[float] = []
    field: list[float] = []
    jump: list[float] = []
    slope: list[float] = []
    share = [1.0] * len(src)

    for first, last, gain, reset, layer, window, stride in zip(
        starts, ends, gains, resets, layers, windows, strides, strict=True
    ):
        if last - first == 1:
            s = src[first]
            mixed, ways, far, near, seen, step = moment[s], paths[s], longest[s], shortest[s], field[s], jump[s]
        elif first == last:
            live = live_sources[len(moment)]
            mixed, ways, far, near, seen, step = live, live, 0.0, 0.0, 1.0, 1.0
        else:
            sources, scaled = src[first:last], weight[first:last]
            join = joins[len(moment)]
            if join:
                scaled = [w * moment[s] for w, s in zip(scaled, sources, strict=True)]
            total = sum(scaled)
            if not 0.0 < total < _LARGEST:
                scaled, total = [1.0] * len(scaled), float(len(scaled))
            share[first:last] = parts = [w / total for w in scaled]
            mixed = total if sums[len(moment)] else sum([a * moment[s] for a, s in zip(parts, sources, strict=True)])
            alive = [s for s in sources if paths[s]] or sources
            ways = sum([paths[s] for s in alive])
            far = max([longest[s] for s in alive])
            near = min([shortest[s] for s in alive])
            seen = max([field[s] for s in alive])
            step = max([jump[s] for s in alive])
        paths.append(ways)
        moment.append((1.0 if reset else mixed * gain) if ways else 0.0)
        slope.append(1.0 / (mixed or 1.0) if reset else gain)
        longest.append(far + layer)
        shortest.append(near + layer)
        field.append(seen + window * step)
        jump.append(step * stride)

    influence, gradient = [0.0] * count, [0.0] * count
    for n in c.outputs.tolist():
        influence[n] = gradient[n] = 1.0
    for n in range(count - 1, -1, -1):
        flow = influence[n]
        if not flow:
            continue
        passed = gradient[n] if sums[n] else gradient[n] * slope[n]
        for e in range(starts[n], ends[n]):
            s = src[e]
            influence[s] += share[e] * flow
            if weight[e]:
                gradient[s] += passed
    columns = (moment, gradient, influence, paths, longest, shortest, field, jump)
    return Flow(*(np.array(values) for values in columns))
