"""Fine-tuned tasks come back in the order in which they were fitted, or are to be fitted again."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from archlm.checkpoint import Checkpoint, write_checkpoint
from archlm.finetuning.finetuned import VERSION, FinetunedTask
from archlm.finetuning.store import finetuned_files, read_finetuned
from onnx_bench.errors import CheckpointError


def test_many_tasks_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def named(name: str) -> SimpleNamespace:
        files = {".json.gz": json.dumps(name).encode(), ".safetensors": b""}
        made = SimpleNamespace(task=SimpleNamespace(name=name))
        made.to_files = lambda stem: {stem + end: content for end, content in files.items()}
        return made

    monkeypatch.setattr(FinetunedTask, "from_files", lambda body, *_: named(body))
    names = [f"task {place}" for place in range(12)]
    write_checkpoint(tmp_path, finetuned_files({name: named(name) for name in names}), {})
    assert list(read_finetuned(Checkpoint(tmp_path), 1)) == names


@pytest.mark.parametrize(
    ("body", "when"),
    [({}, "an earlier"), ({"version": VERSION - 1}, "an earlier"), ({"version": VERSION + 1}, "a later")],
)
def test_a_task_of_another_archlm_is_to_be_fitted_again(tmp_path: Path, body: dict[str, int], when: str) -> None:
    files = {"finetuned-0.json.gz": json.dumps(body).encode(), "finetuned-0.safetensors": b""}
    write_checkpoint(tmp_path, files, {})
    with pytest.raises(CheckpointError, match=rf"finetuned-0 in .* was fitted by {when} archlm .*: fit it again from"):
        read_finetuned(Checkpoint(tmp_path), 1)
