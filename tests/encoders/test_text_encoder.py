"""Text encoders: our own, and checkpoints of others read by path, trained whole and with LoRA, saved and read again."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from encoders.text_encoder import BACKBONE, OWN, TOKENIZER, WEIGHTS, TextEncoder
from encoders.text_encoder_config import BackboneConfig, TextEncoderConfig
from onnx_bench.errors import CheckpointError, MissingExtraError
from tests.encoders.tiny_checkpoints import TEXTS, tokenizer, write_decoder, write_encoder

SMALL = TextEncoderConfig(hidden=16, layers=2, heads=2, intermediate=24, max_length=64)
Writer = Callable[[Path], Path]
BOTH = pytest.mark.parametrize(
    ("write", "pooling"), [(write_encoder, "mean"), (write_decoder, "last")], ids=["bert", "llama"]
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def own(seed: int = 0) -> TextEncoder:
    return TextEncoder.new(tokenizer(), SMALL, seed=seed).eval()


def trained_one_step(encoder: TextEncoder) -> set[str]:
    """Names of the parameters that one step of training changed."""
    before = {name: p.detach().clone() for name, p in encoder.named_parameters()}
    optimizer = torch.optim.SGD([p for p in encoder.parameters() if p.requires_grad], lr=1.0)
    batch = encoder.tokenize(TEXTS)
    encoder.train()
    encoder(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)).square().sum().backward()
    optimizer.step()
    encoder.eval()
    return {name for name, p in encoder.named_parameters() if not torch.equal(p, before[name])}


def test_embeddings_have_the_width_and_do_not_depend_on_the_batch() -> None:
    encoder = own()
    together = encoder.embed(TEXTS)
    assert together.shape == (len(TEXTS), encoder.width) == (3, 16)
    alone = torch.cat([encoder.embed([text]) for text in TEXTS])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    torch.testing.assert_close(encoder.embed(TEXTS, batch_size=2), together, atol=1e-5, rtol=0)
    assert (together[0] - together[1]).abs().max() > 1e-3
    assert encoder.embed([]).shape == (0, 16)


def test_attention_reaches_from_end_to_end() -> None:
    encoder = own()
    statements = ["Input: 1 3 8 8\n", *["Relu\n"] * 50, "Linear 10\n"]
    changed = ["Input: 1 3 8 8\n", *["Relu\n"] * 50, "Linear 16\n"]
    batch = encoder.tokenize(["".join(statements), "".join(changed)])
    hidden = encoder.hidden(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask))
    assert not torch.equal(hidden[0, 1], hidden[1, 1])


def test_weights_come_from_the_seed_alone() -> None:
    state = torch.random.get_rng_state()
    first = own().embed(TEXTS)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(5)
    assert torch.equal(own().embed(TEXTS), first)
    assert not torch.equal(own(seed=1).embed(TEXTS), first)


def test_our_own_saved_and_read(tmp_path: Path) -> None:
    encoder = own()
    changed = trained_one_step(encoder)
    assert changed == {name for name, _ in encoder.named_parameters()}
    encoder.save(tmp_path)
    again = TextEncoder.load(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([OWN, WEIGHTS, TOKENIZER])
    assert again.config == SMALL and not again.training
    assert torch.equal(again.embed(TEXTS), encoder.embed(TEXTS))
    assert not torch.equal(again.embed(TEXTS), own().embed(TEXTS))


def test_embed_leaves_the_mode_as_it_was() -> None:
    encoder = own().train()
    assert not encoder.embed(TEXTS).requires_grad
    assert encoder.training


def test_long_texts_are_cut_and_reported() -> None:
    encoder = own()
    batch = encoder.tokenize(["Relu\n" * 100, "Relu\n"])
    assert batch.truncated.tolist() == [True, False]
    assert batch.ids.shape == (2, SMALL.max_length)


@BOTH
def test_a_checkpoint_by_path(tmp_path: Path, write: Writer, pooling: str) -> None:
    encoder = TextEncoder.from_backbone(write(tmp_path))
    assert isinstance(encoder.config, BackboneConfig)
    assert encoder.config.pooling == pooling
    assert encoder.config.max_length == (64 if pooling == "mean" else 96)
    together = encoder.eval().embed(TEXTS)
    alone = torch.cat([encoder.embed([text]) for text in TEXTS])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    batch = encoder.tokenize(["Relu\n" * 200, "Relu\n"])
    assert batch.truncated.tolist() == [True, False] and batch.ids.shape == (2, encoder.config.max_length)


def test_what_pooling_takes(tmp_path: Path) -> None:
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1], [0, 1, 1, 0]])
    hidden = torch.arange(12.0).reshape(3, 4, 1)
    last = TextEncoder.from_backbone(write_decoder(tmp_path)).pool(hidden, mask)
    assert last.flatten().tolist() == [2.0, 7.0, 10.0]
    assert own().pool(hidden, mask).flatten().tolist() == [1.0, 5.5, 9.5]


@BOTH
def test_the_whole_checkpoint_trains(tmp_path: Path, write: Writer, pooling: str) -> None:
    encoder = TextEncoder.from_backbone(write(tmp_path / "given"))
    before = encoder.eval().embed(TEXTS)
    changed = trained_one_step(encoder)
    used = {name for name, _ in encoder.named_parameters() if "pooler" not in name}  # embeddings do not read BERT's
    assert changed >= {n for n in used if n.endswith("weight") and "position" not in n and "token_type" not in n}
    assert not torch.allclose(encoder.embed(TEXTS), before)
    encoder.save(tmp_path / "saved")
    again = TextEncoder.load(tmp_path / "saved")
    torch.testing.assert_close(again.embed(TEXTS), encoder.embed(TEXTS), atol=0, rtol=0)
    assert again.config == encoder.config
    assert not list((tmp_path / "saved").rglob("*.bin"))


@BOTH
def test_lora_trains_updates_and_nothing_else(tmp_path: Path, write: Writer, pooling: str) -> None:
    given = write(tmp_path / "given")
    plain = TextEncoder.from_backbone(given).eval().embed(TEXTS)
    encoder = TextEncoder.from_backbone(given, lora_rank=2).eval()
    torch.testing.assert_close(encoder.embed(TEXTS), plain, atol=1e-6, rtol=0)
    trained_one_step(encoder)  # the first step changes B alone, which starts at zero
    changed = trained_one_step(encoder)
    assert changed and all("lora_" in name for name in changed)
    share = sum(p.numel() for p in encoder.parameters() if p.requires_grad) / sum(
        p.numel() for p in encoder.parameters()
    )
    assert share < 0.4
    assert not torch.allclose(encoder.embed(TEXTS), plain)
    encoder.save(tmp_path / "saved")
    again = TextEncoder.load(tmp_path / "saved")
    torch.testing.assert_close(again.embed(TEXTS), encoder.embed(TEXTS), atol=1e-6, rtol=0)
    assert all("lora_" in name for name in trained_one_step(again)), "it goes on training the updates alone"
    adapter = load_file(tmp_path / "saved" / "adapter" / "adapter_model.safetensors")
    assert sum(t.numel() for t in adapter.values()) == sum(p.numel() for p in again.parameters() if p.requires_grad)


def test_lora_without_its_checkpoint(tmp_path: Path) -> None:
    given = write_encoder(tmp_path / "given")
    TextEncoder.from_backbone(given, lora_rank=2).save(tmp_path / "saved")
    given.rename(tmp_path / "moved")
    with pytest.raises(CheckpointError, match="no folder"):
        TextEncoder.load(tmp_path / "saved")


def test_lora_never_falls_back_to_a_pickled_adapter(tmp_path: Path) -> None:
    TextEncoder.from_backbone(write_encoder(tmp_path / "given"), lora_rank=2).save(tmp_path / "saved")
    adapter = tmp_path / "saved" / "adapter"
    (adapter / "adapter_model.safetensors").rename(adapter / "adapter_model.bin")
    with pytest.raises(CheckpointError, match=r"adapter_model\.safetensors"):
        TextEncoder.load(tmp_path / "saved")


def test_lora_without_peft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = write_encoder(tmp_path)
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtraError, match=r"archlm\[lora\]"):
        TextEncoder.from_backbone(given, lora_rank=2)
    TextEncoder.from_backbone(given)  # needs no peft


@pytest.mark.parametrize("source", ["/no/such/folder", "./nothing-here", "~/nothing-here", "a/b/c"])
def test_a_missing_folder(source: str) -> None:
    with pytest.raises(CheckpointError, match="no folder"):
        TextEncoder.from_backbone(source)


def test_a_hub_id_without_a_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError, match="hub id") as caught:
        TextEncoder.from_backbone("archlm-tests/no-such-model")
    assert "download" in str(caught.value)


def test_pickled_weights_are_refused_unread(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin.*run code"):
        TextEncoder.from_backbone(folder)


def test_code_of_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "foreign", "auto_map": {"AutoConfig": "code.Config", "AutoModel": "code.Model"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "code.py").write_text("import os; os.environ['ARCHLM_TEST_RAN'] = 'yes'\n")
    with pytest.raises(CheckpointError):
        TextEncoder.from_backbone(folder)
    assert "ARCHLM_TEST_RAN" not in os.environ


def test_an_encoder_with_a_decoder_is_refused(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path)
    (folder / "config.json").write_text(json.dumps({"model_type": "t5", "architectures": ["T5Model"]}))
    with pytest.raises(CheckpointError, match="one of the two"):
        TextEncoder.from_backbone(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dropout": 0.1}, "dropout"),
        ({"hidden": 17}, "hidden"),
        ({"hidden": "16"}, "hidden"),
        ({"layers": 3}, WEIGHTS),
    ],
)
def test_a_configuration_that_does_not_fit(tmp_path: Path, change: dict[str, object], message: str) -> None:
    own().save(tmp_path)
    config = json.loads((tmp_path / OWN).read_text())
    (tmp_path / OWN).write_text(json.dumps(config | change))
    with pytest.raises(CheckpointError, match=message):
        TextEncoder.load(tmp_path)


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER])
def test_a_damaged_or_missing_file(tmp_path: Path, name: str) -> None:
    own().save(tmp_path)
    (tmp_path / name).write_bytes(b"\x00" * 50)
    with pytest.raises(CheckpointError):
        TextEncoder.load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        TextEncoder.load(tmp_path)


def test_a_folder_that_is_no_encoder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=BACKBONE):
        TextEncoder.load(tmp_path)


@pytest.mark.parametrize("sizes", [{"hidden": 0}, {"hidden": 15, "heads": 3}, {"layers": -1}, {"max_length": 1}])
def test_sizes_that_cannot_be(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="TextEncoderConfig"):
        TextEncoderConfig(**sizes)
