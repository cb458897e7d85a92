"""What every column measures in the tables that the project gathered from public benchmarks.

The first column of a task is the one that the task's protocol describes.
"""

from __future__ import annotations

import re

from onnx_bench.records.table import Column, Table
from onnx_bench.spaces.nasbench101 import from_edge_bits
from onnx_bench.tasks.latency import ACCELERATORS, HELP_DEVICES, TIMM_SETUPS
from onnx_bench.tasks.throughput import THROUGHPUT_DEVICES

_COUNTED = "counted from the graph, or recorded for another task"
_KEY = "names the same architecture"
_COST = "cost of the training, not a quality of the network"
_TOP5 = "top-1 accuracy says as much"

NASBENCH101 = Table(
    columns=tuple(
        Column(f"cifar10_val_acc_ep{epochs}", "cifar10", "validation", epochs) for epochs in (108, 36, 12, 4)
    ),
    params="params",
    unused={"module_hash": _KEY, "n_vertices": _COUNTED, "n_edges": _COUNTED, "op_codes": _COUNTED,
            "train_time_s": _COST},
)  # fmt: skip

NASBENCH101_CELLS = Table(
    key=("n_vertices", "edge_bits", "op_codes"), arch=from_edge_bits, unused={"hash64": _KEY}
)  # fmt: skip

NASBENCH101_RETRAINED = Table(
    columns=(
        *(Column(f"cifar10_val_acc_ep{epochs}", "cifar10", "validation", epochs, f"n_runs_ep{epochs}",
                 remark="trained again by EC-NAS")
          for epochs in (108, 36, 12, 4)),
        *(Column(f"cifar10_test_acc_ep{epochs}", "cifar10", "test", epochs, f"n_runs_ep{epochs}",
                 remark="trained again by EC-NAS", spread=f"cifar10_test_acc_ep{epochs}_std")
          for epochs in (108, 36, 12, 4)),
    ),
    params="params",
    unused={"module_hash": _KEY, "n_vertices": _COUNTED,
            "cifar10_train_acc_*": "says how far a network overfits, not how good it is", "train_energy_*": _COST,
            "train_time_s_*": _COST},
)  # fmt: skip

_HALF = "trained on half of the training images"
_SEED = "a single seed; contained in the mean of the seeds"

NASBENCH201 = Table(
    columns=(
        Column("cifar10_test_acc_ep200", "cifar10", "test", 200, 3),
        Column("cifar100_test_acc_ep200", "cifar100", "test", 200, 3),
        Column("imagenet16_120_test_acc_ep200", "imagenet16-120", "test", 200, 3),
        Column("cifar10_val_acc_ep200", "cifar10", "validation", 200, 3, remark=_HALF),
        Column("cifar10valid_test_acc_ep200", "cifar10", "test", 200, 3, remark=_HALF),
        Column("cifar10_test_acc_ep12", "cifar10", "test", 12),
        Column("cifar10_val_acc_ep12", "cifar10", "validation", 12, remark=_HALF),
        Column("cifar100_test_acc_ep12", "cifar100", "test", 12),
        Column("cifar100_val_acc_ep12", "cifar100", "validation", 12),
        Column("imagenet16_120_test_acc_ep12", "imagenet16-120", "test", 12),
        Column("imagenet16_120_val_acc_ep12", "imagenet16-120", "validation", 12),
        Column("cifar10_test_acc_ep200_seed_b", "cifar10", "test", 200, remark=_SEED),
        Column("cifar100_test_acc_ep200_seed_b", "cifar100", "test", 200, remark=_SEED),
        Column("imagenet16_120_test_acc_ep200_seed_b", "imagenet16-120", "test", 200, remark=_SEED),
        Column("cifar10valid_test_acc_ep200_s777", "cifar10", "test", 200, remark=f"{_HALF}; {_SEED}"),
        Column("cifar100_test_acc_ep200_s777", "cifar100", "test", 200, remark=_SEED),
        Column("imagenet16_120_test_acc_ep200_s777", "imagenet16-120", "test", 200, remark=_SEED),
    ),
    params="params",  # computed again, since 204 counts were wrong upstream
    unused={"nb201_index": _KEY, "flops_M_32x32": _COUNTED,
            "record_params_suspect": "says which counts were wrong upstream; here all are right"},
)  # fmt: skip

NASBENCH201_LATENCY = Table(
    columns=tuple(Column(f"latency_{key}_ms", f"latency/{key}", "none") for key in HELP_DEVICES),
    unused={"nb201_index": _KEY},
    valid="io_connected",  # a cell without a path is measured as its head alone
)

NATS_SIZE = Table(
    columns=tuple(
        Column(f"{column}_test_acc_ep{epochs}", task, "test", epochs)
        for epochs in (90, 12)
        for column, task in (("cifar10", "cifar10"), ("cifar100", "cifar100"), ("imagenet16_120", "imagenet16-120"))
    ),
    unused={"*": "whatever else a user exports"},
)

_LAST = "value of the last epoch"

TRANSNAS = Table(
    columns=(
        Column("class_scene_val_top1_final", "transnas/class_scene", "validation", remark=_LAST),
        Column("class_object_val_top1_final", "transnas/class_object", "validation", remark=_LAST),
        Column("jigsaw_val_top1_final", "transnas/jigsaw", "validation", remark=_LAST),
        Column("room_layout_val_neg_loss_final", "transnas/room_layout", "validation", remark=_LAST),
        Column("segmentsemantic_val_acc_final", "transnas/segmentsemantic", "validation",
               remark=f"pixel accuracy; {_LAST}"),
        Column("normal_val_ssim_final", "transnas/normal", "validation", remark=_LAST),
        Column("autoencoder_val_ssim_final", "transnas/autoencoder", "validation", remark=_LAST),
    ),
    params="class_scene_params_m",
    params_factor=1e6,
    unused={"*_params_m": _COUNTED, "*_flops_m": _COUNTED},
)  # fmt: skip

GRAPH_DATA = ("cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv", "proteins")

NASBENCH_GRAPH = Table(
    columns=(
        *(Column(f"{name}_test_perf", f"graph/{name}", "test", None, 3, 100.0) for name in GRAPH_DATA),
        *(Column(f"{name}_val_perf", f"graph/{name}", "validation", None, 3, 100.0) for name in GRAPH_DATA),
    ),
    params="cora_params_m",
    params_factor=1e6,
    unused={"hash": _KEY, "*_params_m": _COUNTED, "*_latency_s": "the device is not named"},
)

MNASNET = Table(
    columns=(
        Column("imagenet_val_top1_proxy", "imagenet-1k-proxy", "validation", 16, remark="valid for ranking alone"),
        *(Column(f"latency_{key}", f"latency/{key}", "none") for key in ACCELERATORS),
        *(Column(f"throughput_{key}", f"throughput/{key}", "none",
                 spread="" if key in ACCELERATORS else f"throughput_{key}_std") for key in THROUGHPUT_DEVICES),
    ),
    params="params_m",
    params_factor=1e6,
    unused={"imagenet_val_top5_proxy": _TOP5, "train_time_s": _COST, "macs_m": _COUNTED},
)  # fmt: skip

VISION_TRANSFORMERS = Table(
    columns=tuple(
        Column(f"{column}_{kind}_acc", f"{task}{suffix}", "test")
        for kind, suffix in (("base", ""), ("kd", "-distilled"))
        for column, task in (("cifar100", "cifar100"), ("flowers", "flowers102"), ("chaoyang", "chaoyang"))
    ),
    remarks=("split",),
    unused={"space": "one for the whole file",
            "imagenet_super_acc": "scored with weights shared between networks, not trained"},
)  # fmt: skip

GLUE_TASKS = {
    **dict.fromkeys(("cola", "mnli", "mrpc", "qnli", "qqp", "sst", "sts"), ""),
    "rte": "0 is a failed run", "score": "the mean of the others, a failed run of rte included",
}  # fmt: skip
"""Tasks of GLUE, each with what a reader must know."""

BERT = Table(
    key=("arch_effective",),  # a defect of the published trainer made the attention that `arch` names inert
    columns=tuple(
        Column(f"glue_{name}", f"glue/{name}", "validation", remark=remark) for name, remark in GLUE_TASKS.items()
    ),
    valid="completed",
    unused={"arch": "names what was meant, not what was trained", "space": "one for the whole file", "id": _KEY,
            "pretrain_time_s": _COST,
            "params_pytorch_port": "counted in another implementation, a port"},
)  # fmt: skip

RNN = Table(
    columns=(
        Column("wikitext2_test_loss_last", "wikitext-2", "test", remark=_LAST),
        Column("wikitext2_test_loss_at_best_val", "wikitext-2", "test", remark="at the best validation loss"),
        Column("wikitext2_val_loss_min", "wikitext-2", "validation", remark="the least of all epochs"),
        Column("ptb_test_loss_last", "ptb", "test", None, "n_runs", remark=_LAST, spread="ptb_test_loss_std"),
    ),
    params="wikitext2_params",
    unused={"recepie_id": _KEY, "space": "one for the whole file", "ptb_params": _COUNTED},
)  # fmt: skip


def sized(model: str, img_size: int) -> str:
    """The architecture string of a real network: its name and the side of its input in pixels."""
    return f"{model}@{img_size}"


TIMM = Table(
    key=("timm_base", "img_size"),
    arch=sized,
    columns=(
        Column("imagenet1k_val_top1_acc", "imagenet-1k", "validation"),
        Column("imagenet_real_top1_acc", "imagenet-real", "validation"),
        Column("imagenet_v2_mf_top1_acc", "imagenet-v2", "test"),
        Column("imagenet_sketch_top1_acc", "imagenet-sketch", "test"),
        Column("imagenet_a_top1_acc", "imagenet-a", "test"),
        Column("imagenet_r_top1_acc", "imagenet-r", "test"),
        *(Column(f"latency_{key}_ms_per_image", f"latency/timm_{key}", "none", remark="from a throughput")
          for key in TIMM_SETUPS),
    ),
    params="params_built_M",
    params_factor=1e6,
    remarks=("model", "pretrain_class_heuristic"),
    unused={"arch": _KEY, "tag": _KEY, "module": _KEY, "timm_module": _KEY, "*_top5_acc": _TOP5,
            "*_clean_top1_acc": "the same classes without the hard images; ImageNet-1k says as much",
            "params_M": "rounded", "gmacs": _COUNTED, "mactivations": _COUNTED,
            "crop_pct": "part of the recipe", "interpolation": "part of the recipe",
            "pretrained_input_size": "may differ from the size that was scored", "fixed_input_size": "of the code"},
)  # fmt: skip


def torchvision_arch(builder: str, transform: str | None) -> str:
    """The architecture string of a weight of torchvision: the network without its quantisation, and the input's side.

    Args:
        builder: Name of the function that makes the network.
        transform: Arguments of the preprocessing as text; without a `crop_size` the side is left open.
    """
    name = builder.removeprefix("quantized_")
    size = re.search(r"'crop_size': (\d+)", transform or "")
    return sized(name, int(size[1])) if size else name


TORCHVISION = Table(
    key=("builder", "transform_kwargs"),
    arch=torchvision_arch,
    columns=(Column("imagenet_1k_top1_acc", "imagenet-1k", "validation"),),
    params="params",
    remarks=("weights", "task"),
    unused={"arch": _KEY, "module": _KEY, "imagenet_1k_top5_acc": _TOP5, "gflops": _COUNTED, "file_size_mb": _COUNTED,
            **dict.fromkeys(("n_categories", "min_size", "recipe", "is_default", "backend", "unquantized",
                             "docs"), "part of the recipe; `weights` names it"),
            **dict.fromkeys(("coco_*", "kinetics_*", "sintel_*", "kitti_*"),
                            "detection, segmentation, video and optical flow have no tasks yet")},
)  # fmt: skip
