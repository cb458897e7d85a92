"""`TextEncoder`: a transformer that reads the text form of architectures and gives each an embedding.

Example:
    >>> from encoders.text_tokenizer import ArchTokenizer
    >>> texts = ["Input: 1 3 32 32\\nRelu\\n", "Input: 1 3 32 32\\nConv 16 k3\\n"]
    >>> encoder = TextEncoder.new(ArchTokenizer.train(texts, vocab_size=128))
    >>> encoder.embed(texts).shape
    torch.Size([2, 128])
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor
from transformers import ModernBertConfig, ModernBertModel, PreTrainedTokenizerBase

from encoders.config_json import from_json, to_json
from encoders.text_backbone import (
    add_lora,
    longest_text,
    pooling_of,
    read_config,
    read_lora,
    read_model,
    read_tokenizer,
)
from encoders.text_encoder_config import BackboneConfig, TextEncoderConfig
from encoders.text_tokenizer import SPECIALS, ArchTokenizer, TokenBatch
from onnx_bench.errors import CheckpointError

OWN, BACKBONE, WEIGHTS, TOKENIZER = "text_encoder.json", "backbone.json", "text_encoder.safetensors", "tokenizer.json"
_CHECKPOINT, _ADAPTER = "checkpoint", "adapter"  # folders that transformers and peft write


class TextEncoder(torch.nn.Module):
    """Text to embedding; `forward` takes ids, `embed` takes texts.

    Made by `new`, `from_backbone` or `load`.

    Attributes:
        config: `TextEncoderConfig` of our own encoder, `BackboneConfig` of somebody else's checkpoint.
        tokenizer: An `ArchTokenizer`, or the checkpoint's own.
        backbone: The transformer.
    """

    def __init__(
        self,
        config: TextEncoderConfig | BackboneConfig,
        tokenizer: ArchTokenizer | PreTrainedTokenizerBase,
        backbone: torch.nn.Module,
    ) -> None:
        super().__init__()
        self.config = config
        self.tokenizer = tokenizer
        self.backbone = backbone

    @classmethod
    def new(cls, tokenizer: ArchTokenizer, config: TextEncoderConfig | None = None, *, seed: int = 0) -> TextEncoder:
        """An encoder of our own with random weights for the vocabulary of `tokenizer`."""
        config = config or TextEncoderConfig()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return cls(config, tokenizer, ModernBertModel(_modernbert(config, tokenizer.vocab_size)))

    @classmethod
    def from_backbone(cls, source: str | Path, *, lora_rank: int = 0, max_length: int = 512) -> TextEncoder:
        """An encoder or decoder checkpoint of Hugging Face, with its own tokenizer.

        Args:
            source: Local folder, or hub id. Weights are read from safetensors alone, and no code of theirs runs.
            lora_rank: 0: the whole checkpoint trains; otherwise low-rank updates of this rank, and nothing else.
            max_length: Longest text in tokens, fewer where the checkpoint has fewer positions.

        Raises:
            CheckpointError: There is no such checkpoint, or none that can be read safely.
            MissingExtraError: `lora_rank` is given and `peft` is not installed.
        """
        described = read_config(str(source))
        config = BackboneConfig(str(source), pooling_of(described), longest_text(described, max_length), lora_rank)
        tokenizer = read_tokenizer(config.source)
        model = read_model(config.source)
        return cls(config, tokenizer, add_lora(model, lora_rank) if lora_rank else model)

    @property
    def width(self) -> int:
        """D, the length of an embedding."""
        return int(cast(Any, self.backbone).config.hidden_size)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Embeddings of texts.

        Shapes:
            input_ids: [B, L] int64.
            attention_mask: [B, L] int64, 1 at tokens, 0 at padding.
            returns: [B, D].
        """
        return self.pool(self.hidden(input_ids, attention_mask), attention_mask)

    def hidden(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Embeddings of tokens. Shapes: [B, L] int64 and [B, L] int64 to [B, L, D]."""
        return self.backbone(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    def pool(self, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        """From tokens to texts. Shapes: [B, L, D] and [B, L] int64 to [B, D]."""
        if isinstance(self.config, BackboneConfig) and self.config.pooling == "last":
            places = torch.arange(attention_mask.shape[1], device=attention_mask.device)
            last = (places * attention_mask).argmax(1)  # wherever the padding stands
            return hidden[torch.arange(len(hidden), device=hidden.device), last]
        weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1.0)

    def tokenize(self, texts: Sequence[str]) -> TokenBatch:
        """Ids of `texts`; `truncated` tells which were longer than `config.max_length`."""
        if isinstance(self.tokenizer, ArchTokenizer):
            return self.tokenizer.encode(texts, self.config.max_length)
        limit = self.config.max_length
        full = self.tokenizer(list(texts), verbose=False)["input_ids"]
        rows = self.tokenizer(list(texts), truncation=True, max_length=limit, padding=True, return_tensors="np")
        truncated = np.array([len(row) > limit for row in full], np.bool_)
        return TokenBatch(rows["input_ids"].astype(np.int64), rows["attention_mask"].astype(np.int64), truncated)

    def reader(self, texts: Sequence[str]) -> Callable[[NDArray[np.int64]], TokenBatch]:
        """`tokenize` for those of `texts` at given positions [B], when each is read many times."""
        if isinstance(self.tokenizer, ArchTokenizer):
            rows, longest = self.tokenizer.rows(texts), self.config.max_length
            return lambda picked: ArchTokenizer.pad([rows[i] for i in picked.tolist()], longest)
        return lambda picked: self.tokenize([texts[i] for i in picked.tolist()])

    @torch.no_grad()
    def embed(self, texts: Sequence[str], batch_size: int = 64) -> Tensor:
        """Embeddings of `texts` without gradients, in evaluation mode. Shapes: [B, D], on the CPU."""
        training, device = self.training, next(self.parameters()).device
        self.eval()
        found = []
        for start in range(0, len(texts), batch_size):
            batch = self.tokenize(texts[start : start + batch_size])
            found.append(self(torch.from_numpy(batch.ids).to(device), torch.from_numpy(batch.mask).to(device)).cpu())
        self.train(training)
        return torch.cat(found) if found else torch.zeros(0, self.width)

    def to_files(self) -> dict[str, bytes]:
        """The files of an encoder of our own: configuration, weights, tokenizer.

        Raises:
            CheckpointError: It is somebody else's checkpoint; `save` writes those.
        """
        if not isinstance(self.config, TextEncoderConfig) or not isinstance(self.tokenizer, ArchTokenizer):
            raise CheckpointError(f"{self.config} is kept in a folder of its own; write it with save")
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in self.backbone.state_dict().items()}
        return {
            OWN: to_json(self.config).encode(), WEIGHTS: save_tensors(weights), TOKENIZER: self.tokenizer.to_bytes(),
        }  # fmt: skip

    @classmethod
    def from_files(cls, files: dict[str, bytes]) -> TextEncoder:
        """Inverse of `to_files`.

        Raises:
            CheckpointError: A file is missing or damaged, or they are not of one encoder.
        """
        if missing := {OWN, WEIGHTS, TOKENIZER} - files.keys():
            raise CheckpointError(f"an encoder without {', '.join(sorted(missing))}; pass what TextEncoder.save wrote")
        encoder = cls.new(ArchTokenizer.from_bytes(files[TOKENIZER]), from_json(TextEncoderConfig, files[OWN]))
        try:
            encoder.backbone.load_state_dict(load_tensors(files[WEIGHTS]))
        except (SafetensorError, RuntimeError) as error:
            raise CheckpointError(f"{WEIGHTS} does not fit {OWN} and {TOKENIZER}: {error}") from error
        return encoder.eval()

    def save(self, folder: Path) -> None:
        """Write the encoder to `folder`. With LoRA the updates are written, and the checkpoint is named."""
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(self.config, TextEncoderConfig):
            for name, content in self.to_files().items():
                (folder / name).write_bytes(content)
            return
        model, tokenizer = cast(Any, self.backbone), cast(PreTrainedTokenizerBase, self.tokenizer)
        model.save_pretrained(str(folder / (_ADAPTER if self.config.lora_rank else _CHECKPOINT)))
        if not self.config.lora_rank:
            tokenizer.save_pretrained(str(folder / _CHECKPOINT))
        (folder / BACKBONE).write_text(to_json(self.config))

    @classmethod
    def load(cls, folder: Path) -> TextEncoder:
        """Read what `save` wrote, in evaluation mode.

        Raises:
            CheckpointError: `folder` is no encoder, a file is damaged, or the checkpoint it names is not there.
            MissingExtraError: It was trained with LoRA and `peft` is not installed.
        """
        try:
            if (folder / OWN).is_file():
                return cls.from_files({p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()})
            config = from_json(BackboneConfig, (folder / BACKBONE).read_bytes())
        except OSError as error:
            raise CheckpointError(
                f"{folder} holds neither {OWN} nor {BACKBONE}; pass what TextEncoder.save wrote"
            ) from error
        source = config.source if config.lora_rank else str(folder / _CHECKPOINT)
        read_config(source)
        tokenizer, model = read_tokenizer(source), read_model(source)
        return cls(config, tokenizer, read_lora(model, folder / _ADAPTER) if config.lora_rank else model).eval()


def _modernbert(config: TextEncoderConfig, vocab_size: int) -> ModernBertConfig:
    pad, cls, _, eos = range(len(SPECIALS))
    settings: dict[str, Any] = dict(
        vocab_size=vocab_size, hidden_size=config.hidden, num_hidden_layers=config.layers,
        num_attention_heads=config.heads, intermediate_size=config.intermediate,
        max_position_embeddings=config.max_length, global_attn_every_n_layers=1, attn_implementation="sdpa",
        pad_token_id=pad, cls_token_id=cls, bos_token_id=cls, sep_token_id=eos, eos_token_id=eos,
    )  # fmt: skip
    return ModernBertConfig(**settings)
