"""Where fine-tuned tasks lie in a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from archlm.checkpoint import Checkpoint
from archlm.finetuning.finetuned import FinetunedTask

PREFIX = "finetuned-"
_JSON, _ARRAYS = ".json.gz", ".safetensors"


def finetuned_files(tasks: Mapping[str, FinetunedTask]) -> dict[str, bytes]:
    """The files of a checkpoint that hold `tasks`."""
    return {
        name: content for place, task in enumerate(tasks.values())
        for name, content in task.to_files(f"{PREFIX}{place}").items()
    }  # fmt: skip


def read_finetuned(checkpoint: Checkpoint, tasks: int) -> dict[str, FinetunedTask]:
    """The fine-tuned tasks of a checkpoint, by name; of `tasks` its pretrained members give scores.

    Raises:
        CheckpointError: A file is missing, altered, damaged or of another version.
    """
    stems = [n.removesuffix(_JSON) for n in checkpoint.names() if n.startswith(PREFIX) and n.endswith(_JSON)]
    found = []
    for stem in sorted(stems, key=len):  # 10 after 9
        body, arrays = checkpoint.read_json(stem + _JSON), checkpoint.read(stem + _ARRAYS)
        found.append(FinetunedTask.from_files(body, arrays, f"{stem} in {checkpoint.folder}", tasks))
    return {one.task.name: one for one in found}
