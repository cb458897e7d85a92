"""Conditions read by a language model: what it answers is checked, whatever it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from archlm.generation.language_model import ask_language_model, prompt_for, read_condition
from generators.condition import Condition, InvalidConditionError
from onnx_bench.errors import UserInputError


class Endpoint(BaseHTTPRequestHandler):
    """Answers every request with the same text, and keeps what it was asked."""

    answer = ""
    asked: dict[str, object] = {}  # noqa: RUF012  # one server a test

    def do_POST(self) -> None:
        Endpoint.asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"choices": [{"message": {"content": self.answer}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1#small"
    server.shutdown()


def test_an_endpoint_is_asked(endpoint: str) -> None:
    Endpoint.answer = 'Sure! {"task": "cifar100", "max_params": 1000000, "objectives": ["latency/raspi4"], "space": []}'
    found = ask_language_model(endpoint, "ein kleines Netz", max_params=5e5)
    assert found == Condition(task="cifar100", max_params=5e5, objectives=("latency/raspi4",))
    assert Endpoint.asked["model"] == "small" and "ein kleines Netz" in str(Endpoint.asked["messages"])


@pytest.mark.parametrize(
    "answer",
    ["no idea", "{", "[1]", '{"task": ["cifar10"]}', '{"quality": 3}', '{"max_params": "many"}', '{"max_latency": 5}',
     '{"space": "moon"}', '{"objectives": "params"}'],
)  # fmt: skip
def test_answers_that_are_no_condition_are_refused(answer: str) -> None:
    with pytest.raises(InvalidConditionError):
        read_condition(answer)


def test_what_cannot_be_asked_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="no folder"):
        ask_language_model(str(tmp_path / "nothing"), "a network")
    with pytest.raises(UserInputError, match="can be read"):
        ask_language_model(str(tmp_path), "a network")
    with pytest.raises(UserInputError, match="gave no answer"):
        ask_language_model("http://127.0.0.1:9/v1", "a network")


def test_the_prompt_names_what_there_is() -> None:
    assert "transnas/jigsaw" in prompt_for("x") and "raspi4" in prompt_for("x") and "nasbench201" in prompt_for("x")


def test_a_local_model_is_asked(tmp_path: Path) -> None:
    """A tiny untrained model babbles, which is read and refused."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1, "<end>": 2}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>", eos_token="<end>").save_pretrained(tmp_path)
    config = GPT2Config(vocab_size=3, n_positions=4096, n_embd=8, n_layer=1, n_head=1, bos_token_id=2, eos_token_id=2)
    GPT2LMHeadModel(config).save_pretrained(tmp_path)
    with pytest.raises(InvalidConditionError, match="no JSON object"):
        ask_language_model(str(tmp_path), "a network")
