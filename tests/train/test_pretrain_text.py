"""The text pretraining recipe on a corpus of a few networks: what is read, in which order, interrupted and resumed."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import zstandard

from encoders import features
from encoders.text_encoder import TextEncoder
from encoders.text_encoder_config import TextEncoderConfig
from encoders.text_pretraining import FeatureScale, TextPretraining
from onnx_bench import spaces
from train import pretrain_text, text_corpus, text_quality
from train.pretrain_text import learn_tokenizer, pretrain
from train.text_batches import HidingCollator, TextReadings, reading_order, space_shares
from train.text_corpus import TextCorpus, load_corpus

SMALL = TextEncoderConfig(hidden=16, layers=1, heads=2, intermediate=16, max_length=96)
RUN: dict[str, Any] = {"steps": 8, "batch": 4, "seed": 0}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> TextCorpus:
    """Two spaces, ten cells and three real networks, written by the recipe itself from records made here."""
    folder = tmp_path_factory.mktemp("records")
    (folder / "nasbench201.parquet").touch()
    chain, skip = 0b100101, 0b101101  # 0 -> 1 -> 2 -> 3, without and with 0 -> 3
    cells = [(4, edges, f"{a}{b}") for edges in (chain, skip) for a in range(3) for b in range(3)]
    pd.DataFrame(cells, columns=["n_vertices", "edge_bits", "op_codes"]).to_parquet(
        folder / "nasbench101_cells.parquet"
    )
    mnasnet, rng = spaces.get("mnasnet"), random.Random(0)
    files = [mnasnet.build(mnasnet.sample(rng)).to_onnx().SerializeToString() for _ in range(3)]
    packed = [zstandard.ZstdCompressor().compress(file) for file in files]
    pd.DataFrame({"onnx": packed}).to_parquet(folder / "timm_onnx.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_corpus, "SPACES", ("nasbench101", "nasbench201", "bert"))
        patch.setattr(text_corpus, "CACHE", folder / "cache")
        first = load_corpus(54, data=str(folder), workers=1)
        patch.setattr(text_corpus, "_encode", None)  # the second time is from the cache
        again = load_corpus(54, data=str(folder), workers=1)
    assert again.texts == first.texts and np.array_equal(again.features, first.features)
    assert again.spaces.tolist() == first.spaces.tolist()
    return first


def test_the_corpus_has_every_space_and_no_network_twice(corpus: TextCorpus) -> None:
    counts = Counter(corpus.spaces.tolist())
    assert counts["timm"] == 3 and counts["nasbench101"] > 4 and counts["nasbench201"] > 10 and counts["bert"] > 10
    assert len(set(corpus.texts)) == len(corpus) == sum(counts.values())
    assert corpus.features.shape == (len(corpus), len(features.NAMES))
    log_params = corpus.features[:, features.NAMES.index("log_params")]
    assert log_params[corpus.spaces == "bert"].min() > log_params[corpus.spaces == "nasbench201"].max()


def test_no_space_asks_for_more_than_it_has() -> None:
    quotas = text_corpus._quotas(60_000)
    assert sum(quotas.values()) == 60_000 and set(quotas) == set(text_corpus.SPACES)
    assert quotas["bert"] == 2664 and quotas["transnas_macro"] == 3256 < quotas["nasbench101"]
    assert max(quotas.values()) < 0.2 * 60_000


def test_the_held_out_part_is_a_share_of_every_space(corpus: TextCorpus) -> None:
    mask = corpus.held_out(0.2, 0)
    for space in np.unique(corpus.spaces):
        inside = mask[corpus.spaces == space]
        assert inside.sum() == np.ceil(0.2 * len(inside))
    assert (corpus.held_out(0.2, 0) == mask).all() and (corpus.held_out(0.2, 1) != mask).any()


def test_no_space_is_more_than_a_fifth_of_what_is_read() -> None:
    names = np.repeat(["huge", *"abcdefg"], [100_000, *[10 * 4**i for i in range(7)]])
    shares = space_shares(names)
    assert max(shares.values()) <= 0.2 + 1e-6 and sum(shares.values()) == pytest.approx(1.0)
    assert shares["b"] == pytest.approx(2 * shares["a"])
    assert space_shares(np.array(["a", "a", "b"]))["a"] <= 0.6


def test_the_order_is_balanced_and_batches_are_of_one_length() -> None:
    names = np.repeat([f"space{i}" for i in range(8)], [40, 40, 40, 40, 40, 40, 40, 4000])
    lengths = np.random.default_rng(0).integers(10, 300, len(names))
    order = reading_order(names, lengths, steps=100, batch=8, seed=3)
    assert order.shape == (800,)
    read = Counter(names[order].tolist())
    assert read["space7"] == pytest.approx(160, abs=8)
    small = Counter(order[names[order] == "space0"].tolist())
    assert set(small) == set(range(40)) and max(small.values()) - min(small.values()) <= 1
    batches = lengths[order].reshape(100, 8)
    assert np.ptp(batches, axis=1).mean() < 0.1 * np.ptp(lengths)
    assert abs(np.corrcoef(np.arange(100), batches.mean(1))[0, 1]) < 0.4, "not from short to long"
    assert (reading_order(names, lengths, 100, 8, 3) == order).all()
    assert (reading_order(names, lengths, 100, 8, 4) != order).any()


def test_what_is_hidden_depends_on_the_place_and_the_seed() -> None:
    rows, table = [[1, *range(4, 40), 3]] * 4, np.zeros((4, 2), np.float32)
    readings = TextReadings(rows, table, np.array([0, 1, 2, 3]))

    def labels(start: int, seed: int) -> torch.Tensor:
        return HidingCollator(96, seed)([readings[start], readings[start + 1]])["labels"]

    assert torch.equal(labels(0, 0), labels(0, 0))
    assert not torch.equal(labels(0, 0), labels(2, 0))
    assert not torch.equal(labels(0, 0), labels(0, 1))


def test_interrupted_and_resumed_is_as_if_it_had_not_been(
    corpus: TextCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[np.ndarray[Any, Any]] = []

    class Recorded(TextReadings):
        def __init__(self, rows: Any, table: Any, order: Any) -> None:
            super().__init__(rows, table, order)
            orders.append(order)

    monkeypatch.setattr(pretrain_text, "TextReadings", Recorded)
    whole, table = pretrain(corpus, SMALL, **RUN, runs=tmp_path / "whole")
    held_out = corpus.held_out(pretrain_text.HELD_OUT, 0)
    assert not held_out[orders[0]].any(), "what is held out is never read"
    assert [row["space"] for row in table] == ["all", *np.unique(corpus.spaces)]
    assert table[0]["networks"] == held_out.sum()

    collate, read = HidingCollator.__call__, []

    def failing(self: HidingCollator, readings: Any) -> Any:
        read.append(readings[0]["place"])
        if len(read) == 6:
            raise KeyboardInterrupt
        return collate(self, readings)

    monkeypatch.setattr(HidingCollator, "__call__", failing)
    with pytest.raises(KeyboardInterrupt):
        pretrain(corpus, SMALL, **RUN, runs=tmp_path / "parts")
    read.clear()
    resumed, _ = pretrain(corpus, SMALL, **RUN, runs=tmp_path / "parts")
    assert 0 < len(read) < 6, "it went on, and did not start again"
    for name, weights in whole.state_dict().items():
        assert torch.equal(weights, resumed.state_dict()[name]), name


def test_the_recipe_writes_an_encoder_that_loads(
    corpus: TextCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: dict[str, Any] = {}
    monkeypatch.setattr(pretrain_text, "load_corpus", lambda *_, **__: corpus)
    monkeypatch.setattr(pretrain_text, "TextEncoderConfig", lambda: SMALL)
    monkeypatch.setattr(pretrain_text, "ROOT", tmp_path)
    monkeypatch.setattr(pretrain_text, "write_results", lambda name, rows: written.update({name: rows}))
    pretrain_text.main(steps=2, batch=4, out=tmp_path / "encoder")
    encoder = TextEncoder.load(tmp_path / "encoder")
    assert encoder.config == SMALL
    fresh = TextEncoder.new(learn_tokenizer(corpus.take(~corpus.held_out(pretrain_text.HELD_OUT, 0)), 0), SMALL)
    assert not torch.equal(encoder.embed(corpus.texts[:3]), fresh.embed(corpus.texts[:3]))
    assert {row["space"] for row in written["text_pretraining"]} == {"all", *corpus.spaces}


def test_trivial_answers_have_trivial_scores(corpus: TextCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = learn_tokenizer(corpus, 0)
    rows = tokenizer.rows(corpus.texts)
    held_out = corpus.held_out(0.3, 0)
    scale = FeatureScale.fit(corpus.features)
    model = TextPretraining(TextEncoder.new(tokenizer, SMALL), corpus.features.shape[1]).eval()
    counts = Counter(i for row, out in zip(rows, held_out, strict=True) if not out for i in row if i > 3)
    most = counts.most_common(1)[0][0]
    unigram = torch.nn.functional.one_hot(torch.tensor(most), tokenizer.vocab_size).float()
    monkeypatch.setattr(model, "word_logits", lambda hidden: unigram.expand(len(hidden), -1))
    monkeypatch.setattr(model, "predict_features", lambda ids, mask: torch.zeros(len(ids), corpus.features.shape[1]))
    everything, *each = text_quality.held_out_rows(model, corpus, rows, scale, held_out, 0)
    assert 0 < everything["token_accuracy"] == everything["token_accuracy_unigram"] < 0.5
    assert everything["r2_mean"] == pytest.approx(0.0, abs=1e-6)
    assert sum(row["networks"] for row in each) == everything["networks"] == held_out.sum()


def test_r2() -> None:
    target = np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 5.0], [5.0, 9.0, 5.0]])
    mean = target.mean(0)
    assert text_quality._r2(target, target, mean)[:2].tolist() == [1.0, 1.0]
    assert np.isnan(text_quality._r2(target, target, mean)[2])
    np.testing.assert_allclose(text_quality._r2(target, np.broadcast_to(mean, (3, 3)), mean)[:2], 0.0)
    assert (text_quality._r2(target, -target, mean)[:2] < 0).all()
