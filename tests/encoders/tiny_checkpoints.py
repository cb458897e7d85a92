"""Checkpoints in the format of Hugging Face, a few kilobytes each, made on the spot."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertForMaskedLM, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from encoders.text_tokenizer import CLS, EOS, MASK, MAX_LENGTH, PAD, ArchTokenizer

TEXTS = (
    "Input: 1 3 32 32\nConv 16 k3\nRelu\nLinear 10\n",
    "A {\n  Relu\n  Conv $1 k3\n}\nInput: 1 3 32 32\nConv 16 k3\nA 32\nA 64\nReduceMean keepdims false\nLinear 10\n",
    "Input: 1 3 8 8\nRelu\n",
)


def tokenizer() -> ArchTokenizer:
    """A small vocabulary that knows `TEXTS`."""
    return ArchTokenizer.train(TEXTS, 160)


def _for_transformers(tokens: ArchTokenizer) -> PreTrainedTokenizerFast:
    """The same tokenizer with its special tokens named."""
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_buffer(tokens.to_bytes()), pad_token=PAD, cls_token=CLS, mask_token=MASK,
        eos_token=EOS, model_max_length=MAX_LENGTH, clean_up_tokenization_spaces=False,
    )  # fmt: skip


def write_encoder(folder: Path, **save: object) -> Path:
    """A BERT with a head for hidden tokens."""
    torch.manual_seed(0)
    theirs = _for_transformers(tokenizer())
    config = BertConfig(
        vocab_size=len(theirs), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=64, pad_token_id=theirs.pad_token_id,
    )  # fmt: skip
    BertForMaskedLM(config).save_pretrained(folder, **save)
    theirs.save_pretrained(folder)
    return folder


def write_decoder(folder: Path) -> Path:
    """A Llama with a head for the next token, and no token to pad with."""
    torch.manual_seed(0)
    theirs = _for_transformers(tokenizer())
    theirs.pad_token = None
    config = LlamaConfig(
        vocab_size=len(theirs), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
        intermediate_size=24, max_position_embeddings=96, pad_token_id=None,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    theirs.save_pretrained(folder)
    return folder
