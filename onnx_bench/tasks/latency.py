"""How long one pass through a network takes on a named device.

Sources: Lee et al., "HELP", NeurIPS 2021 (cells of NAS-Bench-201); Ahmad et al., "Accel-NASBench", DAC 2024 (MnasNet
space); the benchmark files of pytorch-image-models (real networks).
"""

from __future__ import annotations

from typing import Literal

from onnx_bench.tasks.task import Protocol, Task

_GPUS = {
    "1080ti": "NVIDIA GTX 1080 Ti", "2080ti": "NVIDIA RTX 2080 Ti", "titan_rtx": "NVIDIA Titan RTX",
    "titanx": "NVIDIA Titan X", "titanxp": "NVIDIA Titan Xp",
}  # fmt: skip
HELP_DEVICES = {
    **{f"{key}_{batch}": f"{gpu}, batch {batch}" for key, gpu in _GPUS.items() for batch in (1, 32, 256)},
    "essential_ph_1": "Essential Phone PH-1", "pixel2": "Google Pixel 2", "pixel3": "Google Pixel 3",
    "samsung_a50": "Samsung Galaxy A50", "samsung_s7": "Samsung Galaxy S7", "raspi4": "Raspberry Pi 4",
    "gold_6226": "Intel Xeon Gold 6226", "gold_6240": "Intel Xeon Gold 6240", "silver_4114": "Intel Xeon Silver 4114",
    "silver_4210r": "Intel Xeon Silver 4210R", "eyeriss": "Eyeriss accelerator (simulated)",
    "fpga": "FPGA accelerator (compiler's estimate)",
}  # fmt: skip
"""The 27 devices of HELP, by the name that the tables give them."""

ACCELERATORS = {"zcu102": "AMD ZCU102 FPGA", "vck190": "AMD VCK190 FPGA"}
"""Devices with latencies in Accel-NASBench."""

TIMM_SETUPS = {
    "amp_nchw_pt113_cu117_rtx3090": "NVIDIA RTX 3090, PyTorch 1.13",
    "amp_nchw_pt210_cu121_rtx3090": "NVIDIA RTX 3090, PyTorch 2.1",
    "amp_nchw_pt240_cu124_rtx3090": "NVIDIA RTX 3090, PyTorch 2.4",
    "amp_nchw_pt240_cu124_rtx4090": "NVIDIA RTX 4090, PyTorch 2.4",
    "amp_nchw_pt240_cu124_rtx4090_dynamo": "NVIDIA RTX 4090, PyTorch 2.4 compiled",
    "amp_nchw_pt291_cu128_4090": "NVIDIA RTX 4090, PyTorch 2.9",
    "amp_nchw_pt291_cu128_4090_dynamo": "NVIDIA RTX 4090, PyTorch 2.9 compiled",
    "amp_nchw_pt291_cu130_5090": "NVIDIA RTX 5090, PyTorch 2.9",
    "amp_nchw_pt291_cu130_5090_dynamo": "NVIDIA RTX 5090, PyTorch 2.9 compiled",
    "amp_nchw_pt291_cu130_pro6000maxq": "NVIDIA RTX PRO 6000 Max-Q, PyTorch 2.9",
    "amp_nchw_pt291_cu130_pro6000maxq_dynamo": "NVIDIA RTX PRO 6000 Max-Q, PyTorch 2.9 compiled",
    "amp_nhwc_pt113_cu117_rtx3090": "NVIDIA RTX 3090, channels last, PyTorch 1.13",
    "amp_nhwc_pt210_cu121_rtx3090": "NVIDIA RTX 3090, channels last, PyTorch 2.1",
    "amp_nhwc_pt240_cu124_rtx3090": "NVIDIA RTX 3090, channels last, PyTorch 2.4",
    "amp_nhwc_pt240_cu124_rtx4090": "NVIDIA RTX 4090, channels last, PyTorch 2.4",
    "amp_bf16_nchw_pt291_cu130_pro6000maxq_dynamo":
        "NVIDIA RTX PRO 6000 Max-Q, mixed bfloat16, PyTorch 2.9 compiled",
    "bf16_nchw_pt291_cu130_pro6000maxq_dynamo": "NVIDIA RTX PRO 6000 Max-Q, bfloat16, PyTorch 2.9 compiled",
    "fp32_nchw_pt221_cpu_i9_10940x_dynamo": "Intel Core i9-10940X, PyTorch 2.2 compiled",
    "fp32_nchw_pt240_cpu_i7_12700h_dynamo": "Intel Core i7-12700H, PyTorch 2.4 compiled",
    "fp32_nchw_pt240_cpu_i9_10940x_dynamo": "Intel Core i9-10940X, PyTorch 2.4 compiled",
}  # fmt: skip
"""Device and software of the benchmark files of timm, by the middle of the file's name."""

PREFIX = "latency/"
"""What the names of these tasks begin with; the device follows."""


def _task(
    key: str, device: str, space: str, resolution: int | None, note: str,
    quantity: Literal["latency", "latency per image"] = "latency",
) -> Task:  # fmt: skip
    return Task(
        name=f"{PREFIX}{key}", title=f"{quantity.capitalize()} on {device}", modality="image",
        resolution=resolution, metric=quantity, direction="min", unit="ms", split="none", device=device, training="",
        description=f"Run one pass of the network over images on {device}; {quantity} in milliseconds, lower is "
        "better.",
        protocols=(Protocol(space, "none", None, 1, note),),
    )  # fmt: skip


LATENCY = (
    *(_task(key, device, "nasbench201", 32, "measured by HELP; sibling GPUs rank networks alike")
      for key, device in HELP_DEVICES.items()),
    *(_task(key, device, "mnasnet", 224, "measured by Accel-NASBench") for key, device in ACCELERATORS.items()),
    *(_task(f"timm_{key}", device, "timm", None, "from the throughput of large batches", "latency per image")
      for key, device in TIMM_SETUPS.items()),
)  # fmt: skip
