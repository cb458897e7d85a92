"""NAS-Bench-Graph in torch, after the authors' code, apart from `onnx_bench.spaces`.

Every layer holds the layer of torch_geometric that the benchmark used, and computes the same on a dense adjacency.
"""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import Tensor, nn
from torch_geometric import nn as pyg

SOURCES: dict[str, Any] = {
    "gat": lambda d, w: pyg.GATConv(d, w // 4, 4),
    "gcn": lambda d, w: pyg.GCNConv(d, w),
    "gin": lambda d, w: pyg.GINConv(nn.Linear(d, w)),
    "cheb": lambda d, w: pyg.ChebConv(d, w, K=2),
    "sage": lambda d, w: pyg.SAGEConv(d, w),
    "arma": lambda d, w: pyg.ARMAConv(d, w),
    "graph": lambda d, w: pyg.GraphConv(d, w),
    "fc": lambda d, w: nn.Linear(d, w),
}


class Layer(nn.Module):
    """One operation: `own` is torch_geometric's layer, `forward` its dense form."""

    def __init__(self, op: str, width_in: int, width: int) -> None:
        super().__init__()
        self.op, self.width = op, width
        self.own = SOURCES[op](width_in, width)

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        return getattr(self, f"forward_{self.op}")(x, a)

    def forward_fc(self, x: Tensor, a: Tensor) -> Tensor:
        return self.own(x)

    def forward_gin(self, x: Tensor, a: Tensor) -> Tensor:
        return self.own.nn(x + a @ x)

    def forward_graph(self, x: Tensor, a: Tensor) -> Tensor:
        return self.own.lin_rel(a @ x) + self.own.lin_root(x)

    def forward_sage(self, x: Tensor, a: Tensor) -> Tensor:
        mean = a @ x / a.sum(1, keepdim=True).clamp(min=1)
        return self.own.lin_l(mean) + self.own.lin_r(x)

    def forward_gcn(self, x: Tensor, a: Tensor) -> Tensor:
        roots = (a.sum(1, keepdim=True) + 1).clamp(min=1).sqrt()
        x = self.own.lin(x) / roots
        return (a @ x + x) / roots + self.own.bias

    def forward_cheb(self, x: Tensor, a: Tensor) -> Tensor:
        roots = a.sum(1, keepdim=True).clamp(min=1).sqrt()
        first = -(a @ (x / roots) / roots)
        return self.own.lins[0](x) + self.own.lins[1](first) + self.own.bias

    def forward_arma(self, x: Tensor, a: Tensor) -> Tensor:
        roots = a.sum(1, keepdim=True).clamp(min=1).sqrt()
        moved = a @ (x @ self.own.init_weight[0] / roots) / roots
        return torch.relu(moved + x @ self.own.root_weight[0, 0] + self.own.bias.view(-1))

    def forward_gat(self, x: Tensor, a: Tensor) -> Tensor:
        nodes = x.shape[0]
        heads = self.own.lin(x).view(nodes, 4, self.width // 4).transpose(0, 1)
        sent = heads @ self.own.att_src.view(4, -1, 1)
        received = heads @ self.own.att_dst.view(4, -1, 1)
        scores = nn.functional.leaky_relu(received + sent.transpose(1, 2), 0.2)
        scores = torch.where(a > 0, scores, torch.tensor(-1e9))
        weights = torch.cat([scores, nn.functional.leaky_relu(received + sent, 0.2)], 2).softmax(2)
        out = weights[:, :, :nodes] @ heads + weights[:, :, nodes:] * heads
        return out.transpose(0, 1).reshape(nodes, self.width) + self.own.bias


class NetworkGraph(nn.Module):
    """The whole network: `Net` around `Cell` of the authors' code. All norms are made, those of the input unused."""

    def __init__(self, arch: str, features: int, classes: int, width: int, before: bool, after: bool) -> None:
        super().__init__()
        body = json.loads(arch)
        self.link, self.ops = body["link"], body["ops"]
        self.prepare = nn.Linear(features, width) if before else nn.Identity()
        self.raw = [not before]
        self.layers, self.norms = nn.ModuleList(), nn.ModuleList()
        for op, source in zip(self.ops, self.link, strict=True):
            width_in = features if self.raw[source] else width
            self.layers.append(nn.Identity() if op == "skip" else Layer(op, width_in, width))
            self.norms.append(nn.BatchNorm1d(width))
            self.raw.append(self.raw[source] and op == "skip")
        self.leaves = sorted({1, 2, 3, 4} - set(self.link))
        self.merge = nn.Linear(len(self.leaves) * width, width if after else classes)
        self.classify = nn.Linear(width, classes) if after else nn.Identity()

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        values = [self.prepare(x)]
        for op, source, layer, norm in zip(self.ops, self.link, self.layers, self.norms, strict=True):
            y = values[source] if self.raw[source] else torch.relu(norm(values[source]))
            values.append(y if op == "skip" else layer(y, a))
        parts = [values[leaf] for leaf in self.leaves]
        out = parts[0] if len(parts) == 1 else torch.cat(parts, 1)
        return self.classify(self.merge(torch.relu(out)))
