"""`ArchTokenizer`: the text form of an architecture as a row of token ids, one token for a frequent statement.

A token never crosses the end of a line, so `  Conv $1 k3` with its line end can be one. What was rare in training falls
into smaller pieces, down to characters. Numbers are never cut: a frequent one is one piece (or part of a larger one), a
rare one is written digit by digit. Nothing is lost: `decode(encode(text))` is `text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors

from encoders.text_merges import ALPHABET, learn
from onnx_bench.errors import CheckpointError, MalformedModelError

PAD, CLS, MASK, EOS = SPECIALS = ("[PAD]", "[CLS]", "[MASK]", "[EOS]")
"""Padding; begin of a text; a hidden token in pretraining; end of a text. Their ids are 0, 1, 2, 3."""

VOCAB_SIZE = 2048
MAX_LENGTH = 384
_FOREIGN = re.compile(rf"[^{re.escape(''.join(ALPHABET))}]")


class TokenBatch(NamedTuple):
    """Texts as ids.

    Shapes:
        ids: [B, L] int64, padded with 0 to the longest text.
        mask: [B, L] int64, 1 at tokens, 0 at padding.
        truncated: [B] bool, the text had more than `max_length` tokens and lost those before its `[EOS]`.
    """

    ids: NDArray[np.int64]
    mask: NDArray[np.int64]
    truncated: NDArray[np.bool_]


class ArchTokenizer:
    """Text to ids and back.

    Attributes:
        tokenizer: The `tokenizers.Tokenizer` that does the work.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer

    @classmethod
    def train(cls, texts: Iterable[str], vocab_size: int = VOCAB_SIZE) -> ArchTokenizer:
        """Learn a vocabulary of at most `vocab_size` tokens, special tokens included, from `texts`.

        Raises:
            ValueError: `vocab_size` leaves no room for the characters.
        """
        least = len(SPECIALS) + len(ALPHABET)
        if vocab_size < least:
            raise ValueError(f"a vocabulary of {vocab_size} tokens; special tokens and characters alone are {least}")
        merges = learn(texts, vocab_size - len(SPECIALS))
        vocab = {token: number for number, token in enumerate([*SPECIALS, *merges.tokens])}
        tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=list(merges.pairs)))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split("\n", "merged_with_previous"),
                pre_tokenizers.Split(Regex(_rare_digit(merges.numbers)), "isolated"),
            ]
        )
        tokenizer.decoder = decoders.Fuse()
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{CLS} $A {EOS}", special_tokens=[(CLS, vocab[CLS]), (EOS, vocab[EOS])]
        )
        tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIALS])
        return cls(tokenizer)

    @classmethod
    def from_bytes(cls, content: bytes) -> ArchTokenizer:
        """Inverse of `to_bytes`.

        Raises:
            CheckpointError: `content` is no tokenizer, or not one of this kind.
        """
        try:
            tokenizer = Tokenizer.from_buffer(content)
        except Exception as error:  # the library raises nothing narrower
            raise CheckpointError(f"not the JSON of a tokenizer: {error}") from error
        found = tuple(tokenizer.id_to_token(number) for number in range(len(SPECIALS)))
        if found != SPECIALS:
            raise CheckpointError(f"a tokenizer whose first tokens are {found}; an ArchTokenizer has {SPECIALS}")
        return cls(tokenizer)

    def to_bytes(self) -> bytes:
        """The tokenizer as JSON, in the format of the `tokenizers` library."""
        return self.tokenizer.to_str().encode()

    @property
    def vocab_size(self) -> int:
        """Number of tokens, special tokens included."""
        return self.tokenizer.get_vocab_size()

    def encode(self, texts: Sequence[str], max_length: int = MAX_LENGTH) -> TokenBatch:
        """Ids of `texts`, each between `[CLS]` and `[EOS]`.

        Raises:
            MalformedModelError: A text has a character that the text form has not; the message says where.
        """
        return self.pad(self.rows(texts), max_length)

    @staticmethod
    def pad(rows: Sequence[Sequence[int]], max_length: int = MAX_LENGTH) -> TokenBatch:
        """Ids of B texts, as `rows` gives them, as one array. A text that is too long keeps its last token, `[EOS]`."""
        lengths = np.array([len(row) for row in rows], np.int64)
        longest = min(int(lengths.max(initial=0)), max_length)
        ids = np.zeros((len(rows), longest), np.int64)
        mask = np.zeros((len(rows), longest), np.int64)
        for i, row in enumerate(rows):
            kept = row if len(row) <= longest else [*row[: longest - 1], row[-1]]
            ids[i, : len(kept)] = kept
            mask[i, : len(kept)] = 1
        return TokenBatch(ids, mask, lengths > max_length)

    def rows(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of `texts` in their full length, unpadded. Raises as `encode`."""
        for number, text in enumerate(texts):
            if match := _FOREIGN.search(text):
                raise MalformedModelError(
                    f"text {number}, character {match.start()}: {match.group()!r} is no character of the text form, "
                    "which is printable ASCII and line ends; write the text with encoders.text.encode"
                )
        self.tokenizer.encode_special_tokens = True  # no setting of the JSON: `[MASK]` in a text is six characters
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(texts))]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`, without special tokens."""
        return self.tokenizer.decode(list(ids), skip_special_tokens=True)


def _rare_digit(numbers: Sequence[str]) -> str:
    r"""A pattern for each digit of a number of several digits that is not in `numbers`.

    The first digit is one that no digit precedes; the others follow the match before them (`\G`).
    """
    return rf"(?:(?<!\d)(?!{_whole((*map(str, range(10)), *numbers))})|(?<=\d)\G)\d"


def _whole(numbers: Sequence[str]) -> str:
    """A pattern for a number that is one of `numbers`, which asks for one digit after the other: a list is slow."""
    choices = [r"(?!\d)"] if "" in numbers else []
    for digit in sorted({n[0] for n in numbers if n}):
        choices.append(digit + _whole([n[1:] for n in numbers if n.startswith(digit)]))
    return f"(?:{'|'.join(choices)})"
