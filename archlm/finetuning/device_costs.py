"""`DeviceCosts`: a latency or another cost that adds up over a network, from a few measurements and known devices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.devices.device import Device
from archlm.devices.new_device import LEAST, fit_new_device
from archlm.devices.shipped_devices import ShippedDevices
from archlm.finetuning.sample import Sample
from archlm.finetuning.target_scale import TargetScale
from onnx_bench.arrays import Floats


@dataclass(frozen=True)
class DeviceCosts:
    """Costs of a unit of work, none of them negative.

    Attributes:
        canonical: What predicts for normalised graphs, in the target's unit.
        as_trained: The same for networks as they were trained; `None` where too few of the labelled are known so.
        scale: To scores.
    """

    canonical: Device
    as_trained: Device | None
    scale: TargetScale

    @classmethod
    def fit(cls, sample: Sample, scores: Floats, scale: TargetScale, known: ShippedDevices) -> DeviceCosts:
        """Shapes: N networks, [N]."""
        values, trained = scale.to_values(scores), sample.blocks["work as trained"]
        canonical = fit_new_device(sample.blocks["work"], values, known.start(canonical=True))
        rows = _known(trained)
        if rows.sum() < LEAST:
            return cls(canonical.device, None, scale)
        as_trained = fit_new_device(trained[rows], values[rows], known.start(canonical=False))
        return cls(canonical.device, as_trained.device, scale)

    def predict(self, sample: Sample) -> Floats:
        """Mean scores. Shapes: B networks -> [B]."""
        costs, trained = self.canonical.predict(sample.blocks["work"]), sample.blocks["work as trained"]
        if self.as_trained is not None:
            costs = np.where(_known(trained), self.as_trained.predict(trained), costs)
        return self.scale.to_scores(costs, limited=False)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        body = {
            "canonical": self.canonical.to_json(), "scale": self.scale.to_json(),
            "as_trained": None if self.as_trained is None else self.as_trained.to_json(),
        }  # fmt: skip
        return {"body": np.frombuffer(json.dumps(body).encode(), np.uint8)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> DeviceCosts:
        """Raises CheckpointError where the device is damaged."""
        body = json.loads(arrays["body"].tobytes())
        trained = body["as_trained"]
        return cls(
            Device.from_json(body["canonical"]), None if trained is None else Device.from_json(trained),
            TargetScale.from_json(body["scale"]),
        )  # fmt: skip


def _known(trained: Floats) -> NDArray[np.bool_]:
    """Of which networks the work as they were trained is known. Shapes: [B, Q] -> [B]."""
    return np.asarray(np.isfinite(trained).all(axis=1))
