"""The tables that the project gathered from public benchmarks, as sources."""

from __future__ import annotations

from pathlib import Path

from onnx_bench.records import tables
from onnx_bench.records.source import Source
from onnx_bench.records.table import Table
from onnx_bench.records.timm_graphs import GRAPHS, MEASUREMENTS, read_timm, read_timm_graphs


def _table(
    file: str, space: str, table: Table, title: str, size: int, repository: str, licence: str, paper: str
) -> Source:
    """The source of one table, named after its file; it is found as CSV too."""
    name = Path(file).stem
    return Source(
        f"{name}_table", title, space, (file, f"{name}.csv"), size, f"https://github.com/{repository}", licence, paper,
        table.read,
    )  # fmt: skip


_NASBENCH101 = "Ying et al., NAS-Bench-101, ICML 2019, arXiv:1902.09635"
_NASBENCH201 = "Dong and Yang, NAS-Bench-201, ICLR 2020, arXiv:2001.00326"
_TRANSNAS = "Duan et al., TransNAS-Bench-101, CVPR 2021, arXiv:2105.11871"
_AUTO_PROX = "Wei et al., Auto-Prox, AAAI 2024, arXiv:2312.09059"
_TIMM = "Wightman, PyTorch Image Models, 2019, doi:10.5281/zenodo.4414861"
_TIMM_URL = "https://github.com/huggingface/pytorch-image-models/tree/main/results"

TABLE_SOURCES = (
    _table("nasbench101.parquet", "nasbench101", tables.NASBENCH101,
           "30,001 cells of NAS-Bench-101 drawn at random, with validation accuracies", 1_588_989,
           "google-research/nasbench", "Apache-2.0", _NASBENCH101),
    _table("nasbench101_retrained.parquet", "nasbench101", tables.NASBENCH101_RETRAINED,
           "4,974 cells of NAS-Bench-101 trained again by EC-NAS", 313_501,
           "saintslab/EC-NAS-Bench", "Apache-2.0 / MIT", "Bakhtiarifard et al., EC-NAS, ICASSP 2024, arXiv:2210.06015"),
    _table("nasbench101_cells.parquet", "nasbench101", tables.NASBENCH101_CELLS,
           "all 423,624 cells of NAS-Bench-101, without measurements", 3_731_318,
           "google-research/nasbench", "Apache-2.0", _NASBENCH101),
    _table("nasbench201.parquet", "nasbench201", tables.NASBENCH201,
           "all 15,625 cells of NAS-Bench-201 on three image data sets", 833_450,
           "D-X-Y/NATS-Bench", "MIT", _NASBENCH201),
    _table("nasbench201_latency.parquet", "nasbench201", tables.NASBENCH201_LATENCY,
           "latencies of the cells of NAS-Bench-201 on 27 devices", 2_285_034,
           "HayeonLee/HELP", "MIT", "Lee et al., HELP, NeurIPS 2021, arXiv:2106.08630"),
    _table("nats_size.parquet", "nats_size", tables.NATS_SIZE,
           "the size space of NATS-Bench, exported by the user (see nats_pickles)", 0,
           "D-X-Y/NATS-Bench", "MIT", "Dong et al., NATS-Bench, TPAMI 2021, arXiv:2009.00437"),
    _table("transnas101_micro.parquet", "transnas_micro", tables.TRANSNAS,
           "all 4,096 cells of TransNAS-Bench-101 on seven tasks", 152_703,
           "yawen-d/TransNASBench", "MIT", _TRANSNAS),
    _table("transnas101_macro.parquet", "transnas_macro", tables.TRANSNAS,
           "all 3,256 arrangements of TransNAS-Bench-101 on seven tasks", 151_637,
           "yawen-d/TransNASBench", "MIT", _TRANSNAS),
    _table("nasbench_graph.parquet", "nasbench_graph", tables.NASBENCH_GRAPH,
           "all 26,206 networks of NAS-Bench-Graph on nine graphs", 2_339_521,
           "THUMNLab/NAS-Bench-Graph", "Apache-2.0", "Qin et al., NAS-Bench-Graph, NeurIPS 2022, arXiv:2206.09166"),
    _table("mnasnet.parquet", "mnasnet", tables.MNASNET,
           "5,138 MnasNets of Accel-NASBench: short training, throughput and latency", 888_394,
           "afzalxo/Accel-NASBench", "Apache-2.0", "Ahmad et al., Accel-NASBench, DAC 2024, arXiv:2404.08005"),
    _table("autoformer.parquet", "autoformer", tables.VISION_TRANSFORMERS,
           "200 AutoFormer transformers on three small image data sets", 16_982,
           "lilujunai/Auto-Prox-AAAI24", "Apache-2.0", _AUTO_PROX),
    _table("pit.parquet", "pit", tables.VISION_TRANSFORMERS,
           "100 PiT transformers on three small image data sets", 10_939,
           "lilujunai/Auto-Prox-AAAI24", "Apache-2.0", _AUTO_PROX),
    _table("bert.parquet", "bert", tables.BERT, "500 BERT-like transformers on GLUE", 45_956,
           "aaronserianni/training-free-nas", "CC-BY-4.0",
           "Serianni and Kalita, Training-free NAS for RNNs and Transformers, ACL 2023, arXiv:2306.00288"),
    _table("rnn.parquet", "rnn", tables.RNN, "340 recurrent cells of NAS-Bench-NLP on two texts", 35_184,
           "fmsnew/nas-bench-nlp-release", "Apache-2.0",
           "Klyuchnikov et al., NAS-Bench-NLP, IEEE Access 2022, arXiv:2006.07116"),
    Source("timm_graphs", "469 real networks as ONNX graphs, with their measurements from timm.parquet", "timm",
           ("timm_onnx.parquet",), 4_124_622, _TIMM_URL, "Apache-2.0", _TIMM, read_timm_graphs, (MEASUREMENTS,),
           stores_graphs=True),
    Source("timm_table", "the other weights of timm: measurements without graphs", "timm", ("timm.parquet",), 279_989,
           _TIMM_URL, "Apache-2.0", _TIMM, read_timm, (GRAPHS,)),
    _table("torchvision.parquet", "torchvision", tables.TORCHVISION, "138 published weights of torchvision", 33_922,
           "pytorch/vision", "BSD-3-Clause", "Maintainers of TorchVision, 2016, https://github.com/pytorch/vision"),
)  # fmt: skip
