"""Training-free proxies: how good a network may be, told by its random weights on a random batch.

Every value is a function of the architecture's fingerprint, the batch and the seed. Weights are PyTorch's default
initialisation (zen: N(0, 1)), images are Gaussian noise with the spectrum of natural images (zen: white). Batch norms
that the canonical form has folded are put back (see `batch_norms`).

Example:
    >>> from encoders import proxies
    >>> from onnx_bench import spaces
    >>> space = spaces.get("nasbench201")
    >>> graph = space.build("|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|")
    >>> proxies.compute(graph, ["params", "macs"])
    {'params': 73098.0, 'macs': 7783040.0}
"""

from __future__ import annotations

from encoders.proxies.measuring import BATCH, compute, compute_many, measure
from encoders.proxies.registry import NAMES, VERSION
from encoders.proxies.store import Measurement, Store

__all__ = ["BATCH", "NAMES", "VERSION", "Measurement", "Store", "compute", "compute_many", "measure"]
