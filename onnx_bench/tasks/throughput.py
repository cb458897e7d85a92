"""How many images a device classifies in a second: the MnasNet space on accelerators.

Source: Ahmad et al., "Accel-NASBench", DAC 2024.
"""

from __future__ import annotations

from onnx_bench.tasks.task import Protocol, Task

THROUGHPUT_DEVICES = {
    "a100": "NVIDIA A100", "3090": "NVIDIA RTX 3090", "tpuv2": "Google TPU v2", "tpuv3": "Google TPU v3",
    "zcu102": "AMD ZCU102 FPGA", "vck190": "AMD VCK190 FPGA",
}  # fmt: skip


def _task(key: str, device: str) -> Task:
    return Task(
        name=f"throughput/{key}", title=f"Throughput on {device}", modality="image",
        resolution=224, metric="throughput", direction="max", unit="images/s", split="none", device=device, training="",
        description=f"Run the network over 224x224 images on {device}; throughput in images per second, higher is "
        "better.",
        protocols=(Protocol("mnasnet", "none", None, 1, "measured by Accel-NASBench in batches"),),
    )  # fmt: skip


THROUGHPUT = tuple(_task(key, device) for key, device in THROUGHPUT_DEVICES.items())
