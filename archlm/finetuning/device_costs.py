"""`DeviceCosts`: a latency or another cost that adds up over a network, from a few measurements and known devices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.devices.device import Device
from archlm.devices.known_devices import KnownDevices
from archlm.devices.new_device import fit_new_device
from archlm.finetuning.sample import Sample
from archlm.finetuning.target_scale import TargetScale

Floats = NDArray[np.float64]

LEAST = 3
"""Labels without which a fold is not fitted."""


@dataclass(frozen=True)
class DeviceCosts:
    """Costs of a unit of work, none of them negative.

    Attributes:
        device: What predicts, in the target's unit.
        scale: To scores.
    """

    device: Device
    scale: TargetScale

    @classmethod
    def fit(cls, sample: Sample, scores: Floats, scale: TargetScale, known: KnownDevices) -> DeviceCosts:
        """Shapes: N networks, [N]."""
        return cls(fit_new_device(sample.blocks["work"], scale.to_values(scores), known).device, scale)

    def predict(self, sample: Sample) -> Floats:
        """Mean scores. Shapes: B networks -> [B]."""
        return self.scale.to_scores(self.device.predict(sample.blocks["work"]), limited=False)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        body = {"device": self.device.to_json(), "scale": self.scale.to_json()}
        return {"body": np.frombuffer(json.dumps(body).encode(), np.uint8)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> DeviceCosts:
        """Raises CheckpointError where the device is damaged."""
        body = json.loads(arrays["body"].tobytes())
        return cls(Device.from_json(body["device"]), TargetScale.from_json(body["scale"]))
