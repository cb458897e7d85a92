"""The GLUE benchmark: understanding English sentences after pretraining as a masked language model.

Source: Wang et al., "GLUE", ICLR 2019; the values are those of Serianni and Kalita, "Training-free Neural Architecture
Search for RNNs and Transformers", ACL 2023.
"""

from __future__ import annotations

from onnx_bench.tasks.task import Protocol, Task

_TRAINING = "pretraining as in ELECTRA-Small, shortened, then fine-tuning on the task (training-free-nas)"
_NOTE = "repeats differ by about 1.2 points"


def _task(name: str, dataset: str, classes: int | None, sentence: str, metric: str = "accuracy") -> Task:
    return Task(
        name=f"glue/{name}", title=f"GLUE {dataset}", dataset=f"GLUE {dataset}", modality="text", classes=classes,
        metric=metric, direction="max", unit="%", split="validation", training=_TRAINING,
        description=f"{sentence} (GLUE, {dataset}) with a pretrained and fine-tuned transformer; {metric} in percent.",
        protocols=(Protocol("bert", "validation", None, 1, _NOTE),),
    )  # fmt: skip


GLUE = (
    _task("cola", "CoLA", 2, "Say whether an English sentence is grammatical", "Matthews correlation"),
    _task("mnli", "MNLI", 3, "Say whether one sentence follows from, contradicts or is neutral to another"),
    _task("mrpc", "MRPC", 2, "Say whether two sentences of news mean the same"),
    _task("qnli", "QNLI", 2, "Say whether a sentence answers a question"),
    _task("qqp", "QQP", 2, "Say whether two questions ask the same"),
    _task("rte", "RTE", 2, "Say whether one sentence follows from another"),
    _task("sst", "SST-2", 2, "Say whether a sentence of a film review is positive"),
    _task("sts", "STS-B", None, "Grade how similar the meanings of two sentences are", "rank correlation"),
    _task("score", "score", None, "Do well on all eight tasks of language understanding",
          "mean of the eight task metrics"),
)  # fmt: skip
