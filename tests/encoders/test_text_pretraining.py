"""Pretraining: what is hidden, what the loss counts, that it learns and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from encoders.text_encoder import TextEncoder
from encoders.text_encoder_config import TextEncoderConfig
from encoders.text_pretraining import HIDDEN_SHARE, IGNORED, WHOLE_SHARE, FeatureScale, TextPretraining, hide
from encoders.text_tokenizer import SPECIALS
from tests.encoders.tiny_checkpoints import TEXTS, tokenizer, write_encoder

SMALL = TextEncoderConfig(hidden=32, layers=1, heads=2, intermediate=32, max_length=64)
MASK = SPECIALS.index("[MASK]")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def model(encoder: TextEncoder | None = None) -> TextPretraining:
    return TextPretraining(encoder or TextEncoder.new(tokenizer(), SMALL), 3)


def batch(encoder: TextEncoder, seed: int = 0) -> dict[str, torch.Tensor]:
    """`TEXTS` four times, with features that the texts decide."""
    tokens = encoder.tokenize(TEXTS * 4)
    ids, mask = torch.from_numpy(tokens.ids), torch.from_numpy(tokens.mask)
    hidden, labels = hide(ids, mask, torch.Generator().manual_seed(seed))
    features = torch.tensor([[-1.0, 0.5, 0.2], [1.0, -1.0, 0.2], [0.0, 2.0, 0.2]] * 4)
    return {"input_ids": hidden, "attention_mask": mask, "labels": labels, "features": features}


def test_hide_takes_its_share_of_plain_tokens_and_no_other() -> None:
    ids = torch.randint(4, 100, (4000, 30), generator=torch.Generator().manual_seed(1))
    ids[:, 0], ids[:, 20], ids[:, 21:] = 1, 3, 0
    mask = (ids != 0).long()
    hidden, labels = hide(ids, mask, torch.Generator().manual_seed(2))
    chosen = labels != IGNORED
    assert (hidden[chosen] == MASK).all() and torch.equal(labels[chosen], ids[chosen])
    assert torch.equal(hidden[~chosen], ids[~chosen])
    assert not chosen[:, 0].any() and not chosen[:, 20:].any()
    whole = ~chosen.any(1)
    assert whole.float().mean().item() == pytest.approx(WHOLE_SHARE, abs=0.03)
    assert chosen[~whole][:, 1:20].float().mean().item() == pytest.approx(HIDDEN_SHARE, abs=0.01)


def test_hide_is_decided_by_its_generator() -> None:
    encoder = TextEncoder.new(tokenizer(), SMALL)
    assert torch.equal(batch(encoder, 1)["labels"], batch(encoder, 1)["labels"])
    assert not torch.equal(batch(encoder, 1)["labels"], batch(encoder, 2)["labels"])


def test_the_loss_is_that_of_hidden_tokens_over_the_whole_vocabulary() -> None:
    pretraining = model().eval()
    inputs = batch(pretraining.encoder)
    found = pretraining(**inputs)
    hidden = pretraining.encoder.hidden(inputs["input_ids"], inputs["attention_mask"])
    expected = functional.cross_entropy(pretraining.word_logits(hidden).transpose(1, 2), inputs["labels"])
    torch.testing.assert_close(found["token_loss"], expected)
    torch.testing.assert_close(found["loss"], found["token_loss"] + found["feature_loss"])


def test_nothing_hidden_is_no_loss_and_no_nan() -> None:
    pretraining = model()
    inputs = batch(pretraining.encoder)
    inputs["labels"] = torch.full_like(inputs["labels"], IGNORED)
    found = pretraining(**inputs)
    assert found["token_loss"].item() == 0.0
    found["loss"].backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in pretraining.parameters())


def test_weights_are_tied_and_stored_once() -> None:
    pretraining = model()
    assert pretraining.words is pretraining.encoder.backbone.get_input_embeddings().weight
    addresses = [t.data_ptr() for t in pretraining.state_dict().values() if t.numel()]
    assert len(addresses) == len(set(addresses)), "safetensors refuses shared weights"


def test_a_few_steps_learn_tokens_and_features() -> None:
    pretraining = model()
    optimizer = torch.optim.AdamW(pretraining.parameters(), lr=1e-2)
    first = {name: value.item() for name, value in pretraining(**batch(pretraining.encoder, 100)).items()}
    for step in range(60):
        loss = pretraining(**batch(pretraining.encoder, step))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    last = {name: value.item() for name, value in pretraining(**batch(pretraining.encoder, 100)).items()}
    assert last["token_loss"] < 0.6 * first["token_loss"]
    assert last["feature_loss"] < 0.5 * first["feature_loss"]


def test_every_weight_gets_a_gradient() -> None:
    pretraining = model()
    pretraining(**batch(pretraining.encoder))["loss"].backward()
    without = [n for n, p in pretraining.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_with_lora_the_checkpoint_stays_as_it_is(tmp_path: Path) -> None:
    encoder = TextEncoder.from_backbone(write_encoder(tmp_path), lora_rank=2)
    pretraining = model(encoder)
    before = {n: p.detach().clone() for n, p in pretraining.named_parameters()}
    optimizer = torch.optim.SGD([p for p in pretraining.parameters() if p.requires_grad], lr=1.0)
    pretraining(**batch(encoder))["loss"].backward()
    optimizer.step()
    changed = {n for n, p in pretraining.named_parameters() if not torch.equal(p, before[n])}
    inside = {n for n in changed if n.startswith("encoder.")}
    assert inside and all("lora_" in n for n in inside)
    assert {"word_bias", "transform.0.weight", "regressor.2.weight"} <= changed


def test_feature_scale() -> None:
    table = np.array([[1.0, 5.0, 0.0], [3.0, 5.0, 0.0], [5.0, 5.0, 1e30]])
    scale = FeatureScale.fit(table[:, :2])
    standard = scale.apply(table[:, :2])
    assert standard.dtype == np.float32
    np.testing.assert_allclose(standard[:, 0], [-1.2247, 0, 1.2247], atol=1e-3)
    np.testing.assert_allclose(standard[:, 1], 0.0)
    assert np.abs(scale.apply(np.array([[1e30, -1e30]]))).max() == 5.0
