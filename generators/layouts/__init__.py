"""Layouts: how the architectures of each search space are written as block graphs."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from generators.layouts.layout import Layout, NotRepresentableError
from onnx_bench.errors import UnknownNameError

__all__ = ["SPACES", "Layout", "NotRepresentableError", "get_layout"]

_CLASSES = {
    "nasbench101": ("nasbench101", "NASBench101Layout"),
    "nasbench201": ("edge_cells", "NASBench201Layout"),
    "transnas_micro": ("edge_cells", "TransNASMicroLayout"),
    "transnas_macro": ("transnas_macro", "TransNASMacroLayout"),
    "nats_size": ("nats_size", "NATSSizeLayout"),
    "darts": ("darts", "DARTSLayout"),
    "mnasnet": ("mnasnet", "MnasNetLayout"),
    "ofa_mbv3": ("ofa_mobile", "OFAMobileNetV3Layout"),
    "ofa_proxyless": ("ofa_mobile", "OFAProxylessNASLayout"),
    "ofa_resnet50": ("ofa_resnet50", "OFAResNet50Layout"),
    "fbnet": ("fbnet", "FBNetLayout"),
    "autoformer": ("autoformer", "AutoFormerLayout"),
    "pit": ("pit", "PiTLayout"),
    "bert": ("bert", "BertLayout"),
    "nasbench_graph": ("nasbench_graph", "NASBenchGraphLayout"),
    "einspace": ("einspace", "EinspaceLayout"),
}
"""Module and class of every layout; imported when it is asked for."""

SPACES = tuple(_CLASSES)
"""Spaces whose architectures can be generated."""


@cache
def get_layout(space: str) -> Layout:
    """The layout of a search space.

    Raises:
        UnknownNameError: There is none: recurrent cells (rnn) and hierarchical cells of hundreds of blocks
            (hnasbench201) have no layout, and zoos (timm, torchvision) are lists, not spaces.
    """
    if space not in _CLASSES:
        raise UnknownNameError(f"no architectures of {space!r} can be generated; there are {', '.join(SPACES)}")
    module, name = _CLASSES[space]
    layout: Layout = getattr(import_module(f"generators.layouts.{module}"), name)()
    return layout
