"""Hugging Face checkpoints as backbones of a text encoder: read without running or unpickling anything of theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedTokenizerBase,
)

from onnx_bench.errors import CheckpointError
from onnx_bench.extras import import_extra

WEIGHTS = "*.safetensors"
_LENGTH_KEYS = ("max_position_embeddings", "n_positions")


def read_config(source: str) -> PretrainedConfig:
    """The configuration of the checkpoint `source`, a local folder or a hub id.

    Raises:
        CheckpointError: There is no such checkpoint, its weights are pickles alone, or it needs code of its own.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        _check_folder(folder)
    elif folder.is_absolute() or source.startswith((".", "~")) or source.count("/") > 1 or folder.exists():
        raise CheckpointError(f"no folder {source!r}; pass a folder with config.json and {WEIGHTS}, or a hub id")
    config = _fetched(AutoConfig, source)
    if config.is_encoder_decoder:
        raise CheckpointError(
            f"{source!r} ({config.model_type}) is an encoder with a decoder; pass a checkpoint that is one of the two"
        )
    return config


def _check_folder(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise CheckpointError(f"{folder} has no config.json; pass a folder written by save_pretrained")
    if not any(folder.glob(WEIGHTS)):
        pickles = sorted(p.name for pattern in ("*.bin", "*.pt", "*.pth") for p in folder.glob(pattern))
        found = f"pickled weights ({', '.join(pickles)}), which run code when read" if pickles else "no weights"
        raise CheckpointError(
            f"{folder} has {found}; save the model with save_pretrained(folder, safe_serialization=True) where it "
            f"is trusted, and pass that folder with its {WEIGHTS}"
        )


def read_tokenizer(source: str) -> PreTrainedTokenizerBase:
    """The tokenizer of the checkpoint `source`, padding on the right.

    Raises:
        CheckpointError: There is none, or it has no token to pad with.
    """
    tokenizer: PreTrainedTokenizerBase = _fetched(AutoTokenizer, source)
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise CheckpointError(f"the tokenizer of {source!r} has neither a pad token nor an end token to pad with")
        tokenizer.pad_token = tokenizer.eos_token  # decoders have none; padding is masked, so any token will do
    tokenizer.padding_side = "right"
    return tokenizer


def read_model(source: str) -> torch.nn.Module:
    """The network of the checkpoint `source` without a head, in float32.

    Raises:
        CheckpointError: Its weights are missing, or pickles.
    """
    model: torch.nn.Module = _fetched(AutoModel, source, use_safetensors=True)
    return model.float()


def _fetched(kind: Any, source: str, **options: Any) -> Any:
    try:
        return kind.from_pretrained(str(Path(source).expanduser()), trust_remote_code=False, **options)
    except (OSError, ValueError, ImportError, KeyError) as error:  # what transformers raises for all that can be wrong
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        local = "" if Path(source).expanduser().is_dir() else (
            f"; {source!r} is no local folder, and as a hub id it must exist with {WEIGHTS} weights and either the "
            "network or the local cache must have it: download it where there is a network and pass the folder"
        )  # fmt: skip
        raise CheckpointError(f"cannot read the checkpoint {source!r}: {first_line}{local}") from error


def pooling_of(config: PretrainedConfig) -> str:
    """`last` for a decoder, whose last token alone has seen the whole text; `mean` for an encoder."""
    names = config.architectures or []
    if getattr(config, "is_decoder", False) or any(n.endswith(("ForCausalLM", "LMHeadModel")) for n in names):
        return "last"
    masked, causal = (type(config) in mapping for mapping in (MODEL_FOR_MASKED_LM_MAPPING, MODEL_FOR_CAUSAL_LM_MAPPING))
    return "last" if causal and not masked else "mean"


def longest_text(config: PretrainedConfig, wanted: int) -> int:
    """`wanted` tokens, or fewer where the checkpoint has fewer positions."""
    known = [getattr(config, key) for key in _LENGTH_KEYS if isinstance(getattr(config, key, None), int)]
    spare = 2 if config.model_type in ("roberta", "xlm-roberta", "camembert") else 0  # they count positions from 2
    return min([wanted, *[k - spare for k in known]])


def add_lora(model: torch.nn.Module, rank: int, seed: int = 0) -> torch.nn.Module:
    """`model` frozen, with low-rank updates of its linear layers that train.

    Raises:
        MissingExtraError: `peft` is not installed.
    """
    peft = import_extra("peft", "lora")
    config = peft.LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type=peft.TaskType.FEATURE_EXTRACTION
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return peft.get_peft_model(model, config)


def read_lora(model: torch.nn.Module, folder: Path) -> torch.nn.Module:
    """`model` with the low-rank updates saved in `folder`, which go on training.

    Raises:
        CheckpointError: `folder` has no updates in safetensors, or those of another model.
        MissingExtraError: `peft` is not installed.
    """
    peft = import_extra("peft", "lora")
    _check_adapter(folder)
    try:
        return peft.PeftModel.from_pretrained(model, str(folder), is_trainable=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{folder} does not fit its checkpoint: {str(error).splitlines()[0]}") from error


def _check_adapter(folder: Path) -> None:
    for name in ("adapter_config.json", "adapter_model.safetensors"):  # peft would fall back to a pickle
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder} has no {name}; pass a folder written by TextEncoder.save")
