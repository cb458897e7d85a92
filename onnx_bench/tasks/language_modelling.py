"""Predicting the next word: WikiText-2 and Penn Treebank with recurrent cells.

Source: Klyuchnikov et al., "NAS-Bench-NLP", IEEE Access 2022.
"""

from __future__ import annotations

from onnx_bench.tasks.task import Protocol, Task


def _task(name: str, dataset: str, text: str) -> Task:
    return Task(
        name=name, title=f"{dataset} loss", dataset=dataset, modality="text",
        metric="cross-entropy", direction="min", unit="nats per token", split="test",
        training="from scratch in three recurrent layers; the value of the last epoch (NAS-Bench-NLP)",
        description=f"Predict the next word of {text} ({dataset}) with a recurrent network trained from scratch; test "
        "cross-entropy in nats per token, lower is better.",
        protocols=(Protocol("rnn", "test", None, 1, "a single run, the value of the last epoch"),),
    )  # fmt: skip


LANGUAGE_MODELLING = (
    _task("wikitext-2", "WikiText-2", "encyclopedia articles"),
    _task("ptb", "Penn Treebank", "newspaper articles"),
)
