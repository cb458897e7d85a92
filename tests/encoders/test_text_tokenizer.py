"""The tokenizer: nothing lost, numbers whole, statements short, cuts reported."""

from __future__ import annotations

import random
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.text import encode, tokens, write
from encoders.text_merges import ALPHABET
from encoders.text_tokenizer import CLS, EOS, SPECIALS, ArchTokenizer
from onnx_bench import spaces
from onnx_bench.errors import CheckpointError, MalformedModelError
from onnx_bench.node import Graph
from tests.encoders.random_graphs import image_graphs, odd_graphs

SPACES = ("nasbench101", "nasbench201", "mnasnet", "autoformer")


def drawn(name: str, count: int, seed: int = 0) -> list[str]:
    space, rng = spaces.get(name), random.Random(seed)
    return [encode(space.build(space.sample(rng))) for _ in range(count)]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [text for name in SPACES for text in drawn(name, 25)]


@pytest.fixture(scope="module")
def tokenizer(texts: list[str]) -> ArchTokenizer:
    return ArchTokenizer.train(texts, 1024)


def pieces(tokenizer: ArchTokenizer, text: str) -> list[str]:
    return [tokenizer.tokenizer.id_to_token(i) for i in tokenizer.rows([text])[0]]


_SHARED: list[ArchTokenizer] = []


def shared() -> ArchTokenizer:
    """One tokenizer for hypothesis, which draws no fixtures of a module."""
    if not _SHARED:
        _SHARED.append(ArchTokenizer.train(drawn("nasbench101", 40), 512))
    return _SHARED[0]


@settings(max_examples=60, deadline=None)
@given(st.one_of(image_graphs(), odd_graphs()))
def test_nothing_is_lost_on_any_graph(graph: Graph) -> None:
    text = write(graph)
    assert shared().decode(shared().rows([text])[0]) == text


@settings(max_examples=200, deadline=None)
@given(st.text("".join(ALPHABET), max_size=60))
def test_nothing_is_lost_on_any_text(text: str) -> None:
    ids = shared().rows([text])[0]
    assert shared().decode(ids) == text
    assert min(ids[1:-1], default=len(SPECIALS)) >= len(SPECIALS), "special tokens stand at the ends alone"


def test_a_special_token_in_a_text_is_plain_characters(tokenizer: ArchTokenizer) -> None:
    found = pieces(tokenizer, "[MASK][PAD]\n")
    assert found[0] == CLS and found[-1] == EOS
    assert not set(found[1:-1]) & set(SPECIALS)
    assert tokenizer.decode(tokenizer.rows(["[MASK][PAD]\n"])[0]) == "[MASK][PAD]\n"


def test_a_frequent_statement_is_one_token(tokenizer: ArchTokenizer) -> None:
    assert pieces(tokenizer, "  Relu\n  Relu\n")[1:-1] == ["  Relu\n", "  Relu\n"]
    assert all("\n" not in piece[:-1] for piece in tokenizer.tokenizer.get_vocab()), "no token crosses a line end"


def test_networks_take_less_than_half_as_many_tokens_as_words(tokenizer: ArchTokenizer) -> None:
    fresh = drawn("nasbench201", 50, seed=9)
    assert np.mean([len(row) for row in tokenizer.rows(fresh)]) < 0.5 * np.mean([len(tokens(t)) for t in fresh])


def test_a_number_is_whole_or_spelled_digit_by_digit(tokenizer: ArchTokenizer) -> None:
    whole = set()
    for n in [*range(10, 400), *range(1000, 5000, 37)]:
        found = pieces(tokenizer, f"Conv {n} k{n}\n[{n} {n}]\n")
        runs = set(re.findall(r"\d+", "|".join(found)))
        assert runs in ({str(n)}, set(str(n))), f"{n} is cut: {found}"
        if runs == {str(n)}:
            whole.add(n)
    assert {16, 32, 64, 128, 256} <= whole
    assert not {397, 4996} & whole


def test_bytes_and_back(tokenizer: ArchTokenizer, texts: list[str]) -> None:
    again = ArchTokenizer.from_bytes(tokenizer.to_bytes())
    assert again.rows(texts) == tokenizer.rows(texts)
    assert again.vocab_size == tokenizer.vocab_size <= 1024


def test_training_twice_gives_the_same_tokenizer(texts: list[str], tokenizer: ArchTokenizer) -> None:
    assert ArchTokenizer.train(texts, 1024).to_bytes() == tokenizer.to_bytes()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[1]"])
def test_damaged_bytes_are_a_typed_error(content: bytes) -> None:
    with pytest.raises(CheckpointError, match="tokenizer"):
        ArchTokenizer.from_bytes(content)


def test_somebody_elses_tokenizer_is_refused(tokenizer: ArchTokenizer) -> None:
    other = tokenizer.to_bytes().replace(b"[CLS]", b"<bos>")
    with pytest.raises(CheckpointError, match="first tokens"):
        ArchTokenizer.from_bytes(other)


def test_padding_and_truncation(tokenizer: ArchTokenizer, texts: list[str]) -> None:
    short, long = "Relu\n", max(texts, key=len)
    full = tokenizer.encode([short, long])
    assert full.ids.shape == full.mask.shape == (2, len(tokenizer.rows([long])[0]))
    assert full.ids.dtype == full.mask.dtype == np.int64
    assert full.mask.sum(1).tolist() == [len(tokenizer.rows([t])[0]) for t in (short, long)]
    assert not full.ids[full.mask == 0].any() and not full.truncated.any()
    cut = tokenizer.encode([short, long], max_length=10)
    assert cut.truncated.tolist() == [False, True] and cut.ids.shape == (2, 10)
    assert cut.ids[1, :9].tolist() == full.ids[1, :9].tolist()
    assert cut.ids[1, 9] == SPECIALS.index(EOS)


def test_no_texts(tokenizer: ArchTokenizer) -> None:
    assert tokenizer.encode([]).ids.shape == (0, 0)


@pytest.mark.parametrize("text", ["Conv 16 k3é\n", "Relu\tRelu", "Relu\r\n", "\x00"])
def test_a_character_that_the_text_form_has_not_is_refused(tokenizer: ArchTokenizer, text: str) -> None:
    with pytest.raises(MalformedModelError, match="text 1, character"):
        tokenizer.encode(["Relu\n", text])


def test_too_small_a_vocabulary(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="100"):
        ArchTokenizer.train(texts, 20)
    smallest = ArchTokenizer.train(texts, len(SPECIALS) + len(ALPHABET))
    assert smallest.decode(smallest.rows(texts)[0]) == texts[0]


def test_importing_it_brings_neither_torch_nor_transformers() -> None:
    code = "import sys, encoders.text_tokenizer; print({'torch', 'transformers'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
