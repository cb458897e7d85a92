"""The feature vector: search-space independent statistics of a normalised graph, in closed form, without torch.

Every feature is a finite float for every graph. Logs are natural. "Path" statistics are means over all input-output
paths, each weighted by the share of the output's signal it carries at random initialisation (`encoders.paths`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from encoders.columns import Columns, tabulate
from encoders.paths import Flow, propagate
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph
from onnx_bench.node import Graph, Node

VERSION = 1
"""Changes whenever a feature changes its meaning; weights record the version they were trained on."""


def _log(x: Floats) -> Floats:
    return np.log1p(np.maximum(x, 0.0))


def _ratio(a: Floats, b: Floats) -> Floats:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


def at_output(c: Columns) -> Floats:
    """1 at graph outputs, 0 elsewhere. Shapes: [N]."""
    mark = np.zeros(len(c.table))
    mark[c.outputs] = 1.0
    return mark


def _size(c: Columns, f: Flow) -> dict[str, Floats]:
    weighted = (c.conv + c.linear + c.recurrent + c.mixing) > 0
    return {
        "log_params": _log(c.total(c.params)),
        "log_macs": _log(c.total(c.macs)),
        "log_sqrt_macs": _log(c.total(np.sqrt(c.macs) * weighted)),
        "log_dense_sqrt_macs": _log(c.total(np.sqrt(c.macs) * weighted * (c.depthwise == 0))),
        "log_sqrt_params": _log(c.total(np.sqrt(c.params) * weighted)),
        "sum_log_params": c.total(np.log1p(c.params) * weighted),
        "sum_log_macs": c.total(np.log1p(c.macs) * weighted),
        "log_activations": _log(c.total(c.numel * weighted)),
        "log_input": _log(c.total(c.numel * c.input)),
        "log_macs_per_param": _log(_ratio(c.total(c.macs), c.total(c.params))),
        "log_peak_activation": _log(c.largest(c.numel * (f.paths > 0))),
        "input_unused": 1.0 - c.largest((f.paths > 0) * at_output(c)),
    }


def _depth(c: Columns, f: Flow) -> dict[str, Floats]:
    weighted = c.conv + c.linear + c.recurrent
    wide = (c.conv * (c.kernel > 1)) > 0
    layers = c.total(weighted)

    def out(values: Floats) -> Floats:
        return c.largest(values * at_output(c))

    path_conv = c.total(f.influence * c.conv)
    path_pool = c.total(f.influence * c.pool)
    return {
        "layers": layers,
        "longest_path": out(f.longest),
        "shortest_path": out(f.shortest),
        "mean_path": c.total(f.influence * weighted),
        "path_log_weight": c.total(f.influence * weighted * np.log1p(c.params)),
        "path_wide_convs": c.total(f.influence * wide),
        "path_convs": path_conv,
        "path_pools": path_pool,
        "pool_share": _ratio(path_pool, path_pool + c.total(f.influence * (weighted + c.mixing))),
        "wide_share": _ratio(c.total(f.influence * wide), path_conv),
        "path_activations": c.total(f.influence * c.activation),
        "log_paths": _log(np.log(np.maximum(out(f.paths), 1.0))),
        "width_to_depth": _ratio(layers, np.maximum(out(f.longest), 1.0)),
        "log_receptive_field": _log(c.largest(f.field * (f.paths > 0))),
        "log_field_per_stride": _log(_ratio(c.largest(f.field * (f.paths > 0)), c.largest(f.jump * (f.paths > 0)))),
        "log_stride": np.log(np.maximum(c.largest(f.jump * (f.paths > 0)), 1.0)),
    }


def _gates(c: Columns, f: Flow) -> Floats:
    """Products with a live factor of fewer elements, as in squeeze-and-excitation. Shapes: [B]."""
    smaller = (c.product[c.dst] > 0) & (c.numel[c.src] < c.numel[c.dst]) & (f.paths[c.src] > 0)
    return np.bincount(c.graph[c.dst], weights=smaller, minlength=len(c.offsets) - 1).astype(np.float64)


def _mix(c: Columns, f: Flow) -> dict[str, Floats]:
    macs = c.total(c.macs)
    params = c.total(c.params)
    count = np.maximum(c.total(c.conv + c.linear + c.mixing + c.recurrent), 1.0)
    dense = c.conv * (1 - c.depthwise) * (1 - c.grouped)

    def share(mask: Floats) -> Floats:
        return _ratio(c.total(c.macs * mask), macs)

    return {
        "macs_pointwise": share(dense * (c.kernel == 1)),
        "macs_wide": share(dense * (c.kernel > 1)),
        "macs_depthwise": share(c.depthwise),
        "macs_grouped": share(c.grouped),
        "macs_linear": share(c.linear),
        "macs_mixing": share(c.mixing),
        "params_linear": _ratio(c.total(c.params * c.linear), params),
        "params_norm": _ratio(c.total(c.params * c.norm), params),
        "kernel_mean": _ratio(c.total(c.conv * c.kernel), np.maximum(c.total(c.conv), 1.0)),
        "kernel_max": c.largest(c.conv * c.kernel),
        "depthwise_kernel": _ratio(c.total(c.depthwise * c.kernel), np.maximum(c.total(c.depthwise), 1.0)),
        "depthwise_per_layer": c.total(c.depthwise) / count,
        "dilated_per_layer": c.total(c.conv * (c.dilation > 1)) / count,
        "pools_per_layer": c.total(c.pool) / count,
        "norms_per_layer": c.total(c.norm) / count,
        "activations_per_layer": c.total(c.activation) / count,
        "smooth_activations": _ratio(c.total(c.smooth), c.total(c.activation)),
        "gates_per_layer": _gates(c, f) / count,
        "mixing_per_layer": c.total(c.mixing) / count,
    }


def _shape(c: Columns, f: Flow) -> dict[str, Floats]:
    weighted = (c.conv + c.linear + c.mixing + c.recurrent) > 0
    body = weighted & (c.positions > 1)
    count = np.maximum(c.total(body), 1.0)
    log_width = np.log(np.maximum(c.channels, 1.0))
    log_places = np.log(np.maximum(c.positions, 1.0))
    macs = np.maximum(c.total(c.macs * body), 1.0)
    params = np.maximum(c.total(c.params * body), 1.0)
    mean_width = c.total(log_width * body) / count
    mean_places = c.total(log_places * body) / count
    spread = c.total((log_width - mean_width[c.graph]) ** 2 * body) / count
    return {
        "log_width_mean": mean_width,
        "log_width_max": c.largest(log_width * body),
        "log_width_spread": np.sqrt(spread),
        "log_positions_mean": mean_places,
        "log_positions_by_macs": c.total(log_places * c.macs * body) / macs,
        "log_positions_by_params": c.total(log_places * c.params * body) / params,
        "log_width_by_macs": c.total(log_width * c.macs * body) / macs,
        "log_fan_in_mean": c.total(np.log1p(c.fan_in) * body) / count,
        "log_positions_min": -c.largest(np.where(body, -log_places, -50.0)) * (c.total(body) > 0),
        "layers_at_low_resolution": c.total(body & (log_places < mean_places[c.graph])) / count,
    }


def _wiring(c: Columns, f: Flow) -> dict[str, Floats]:
    count = np.maximum(c.total(c.conv + c.linear + c.mixing + c.recurrent), 1.0)
    joins = (c.add + c.concat) > 0
    return {
        "adds_per_layer": c.total(c.add) / count,
        "concats_per_layer": c.total(c.concat) / count,
        "joins_on_path": c.total(f.influence * joins) / count,
        "branches_mean": _ratio(c.total(c.add + c.concat), c.total(joins)),
    }


def _signal(c: Columns, f: Flow) -> dict[str, Floats]:
    weighted = (c.conv + c.linear + c.recurrent) > 0
    nonlinear = c.activation > 0
    count = np.maximum(c.total(weighted), 1.0)
    return {
        "log_gradient_sum": _log(c.total(np.sqrt(f.gradient * f.moment) * weighted)),
        "log_gradient_norm": _log(c.total(f.gradient * weighted)),
        "log_synflow": c.total(np.log(np.maximum(f.moment, 1e-12)) * weighted) / count,
        "log_moment_max": _log(c.largest(f.moment * (f.paths > 0))),
        "log_moment_out": _log(c.largest(f.moment * at_output(c))),
        "log_code_units": _log(c.total(nonlinear * c.numel)),
    }


_GROUPS: tuple[Callable[[Columns, Flow], dict[str, Floats]], ...] = (_size, _depth, _mix, _shape, _wiring, _signal)


def compute_many(graphs: Sequence[Graph]) -> Floats:
    """Features of B normalised graphs. Shapes: [B, len(NAMES)], columns in the order of `NAMES`."""
    if not graphs:
        return np.zeros((0, len(NAMES)))
    return from_columns(tabulate(graphs))


def from_columns(columns: Columns) -> Floats:
    """Features of the B graphs of `columns`. Shapes: [B, len(NAMES)]."""
    with np.errstate(over="ignore", invalid="ignore"):
        flow = propagate(columns)
        table = np.stack([v for group in _GROUPS for v in group(columns, flow).values()], axis=1)
    return np.nan_to_num(table, nan=0.0, posinf=1e30, neginf=-1e30)


def compute(graph: ArchGraph) -> Mapping[str, float]:
    """Features of one graph by name; the graph is normalised first if it is not."""
    row = compute_many([graph.normalise()])[0]
    return dict(zip(NAMES, row.tolist(), strict=True))


def _names() -> tuple[str, ...]:
    columns = tabulate([Graph((Node("Input", (), (("dtype", "float"),), (1, 1)),), (0,))])
    flow = propagate(columns)
    return tuple(name for group in _GROUPS for name in group(columns, flow))


NAMES = _names()
"""Feature names in column order."""
