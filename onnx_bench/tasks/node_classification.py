"""Classifying the nodes of one graph: the nine data sets of NAS-Bench-Graph.

Source: Qin et al., "NAS-Bench-Graph: Benchmarking Graph Neural Architecture Search", NeurIPS 2022.
"""

from __future__ import annotations

from onnx_bench.tasks.task import Protocol, Task

_TRAINING = "from scratch with the data set's tuned hyperparameters, three seeds (NAS-Bench-Graph)"


def _task(name: str, dataset: str, classes: int | None, sentence: str, metric: str = "accuracy") -> Task:
    return Task(
        name=f"graph/{name}", title=f"{dataset} node classification", dataset=dataset, modality="graph",
        classes=classes, metric=metric, direction="max", unit="%", split="test",
        training=_TRAINING,
        description=f"{sentence} with a message-passing network ({dataset}); {metric} over the nodes in percent.",
        protocols=(Protocol("nasbench_graph", "test", None, 3, "the mean of three seeds"),),
    )  # fmt: skip


NODE_CLASSIFICATION = (
    _task("cora", "Cora", 7, "Sort the papers of a citation network into seven fields of machine learning"),
    _task("citeseer", "CiteSeer", 6, "Sort the papers of a citation network into six fields of computer science"),
    _task("pubmed", "PubMed", 3, "Sort the papers of a citation network into three kinds of diabetes"),
    _task("cs", "Coauthor CS", 15, "Sort authors of a co-author network into fifteen fields of computer science"),
    _task("physics", "Coauthor Physics", 5, "Sort authors of a co-author network into five fields of physics"),
    _task("photo", "Amazon Photo", 8, "Sort goods that are bought together into eight kinds of photo equipment"),
    _task("computers", "Amazon Computers", 10, "Sort goods that are bought together into ten kinds of computer parts"),
    _task("arxiv", "ogbn-arxiv", 40, "Sort the papers of a large citation network into forty subjects"),
    _task("proteins", "ogbn-proteins", None, "Say which of 112 functions each protein of an association network has",
          "ROC-AUC"),
)  # fmt: skip
