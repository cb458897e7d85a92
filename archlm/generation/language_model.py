"""A sentence as a condition, by a language model of the user's: a folder, or an endpoint that speaks OpenAI's protocol.

What the model answers is data: a JSON object whose fields are checked like every condition's. Nothing is asked of a
language model unless the user names one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from generators.condition import Condition, InvalidConditionError
from generators.layouts import SPACES
from generators.targets import COSTS
from onnx_bench.errors import UserInputError
from onnx_bench.tasks import list_tasks
from onnx_bench.tasks.latency import PREFIX as LATENCY

_FIELDS = ("task", "space", "max_params", "max_macs", "max_depth", "max_latency", "at_most", "at_least", "objectives")
_MOST_TOKENS = 256
_MOST_SECONDS = 120
_MOST_BYTES = 1 << 20


def prompt_for(sentence: str) -> str:
    """What a language model is asked."""
    names = [task.name for task in list_tasks()]
    tasks = ", ".join(name for name in names if not name.startswith(LATENCY))
    devices = ", ".join(name.removeprefix(LATENCY) for name in names if name.startswith(LATENCY))
    return (
        "Translate the request for a neural network into one JSON object and answer with nothing else. Fields, all "
        "optional: task (one of: " + tasks + "), space (one of: " + ", ".join(SPACES) + "), max_params, max_macs, "
        "max_depth (numbers), max_latency (an object from device to milliseconds; devices: " + devices + "), "
        "at_most, at_least (objects from task to the most or least that may be predicted on it), "
        "objectives (a list of costs to keep low: " + ", ".join(COSTS) + ", latency/<device>, or a task). Leave out "
        "what the request does not say.\nRequest: " + json.dumps(sentence) + "\nJSON:"
    )


def read_condition(answer: str, **given: Any) -> Condition:
    """The condition that a language model has answered.

    Args:
        answer: Text with a JSON object.
        given: Fields that hold whatever it says.

    Raises:
        InvalidConditionError: There is no such object, or a condition that is none.
    """
    start, end = answer.find("{"), answer.rfind("}")
    try:
        body = json.loads(answer[start : end + 1]) if start >= 0 else None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise InvalidConditionError(f"the language model answered {answer[:200]!r}, which holds no JSON object")
    if unknown := body.keys() - set(_FIELDS):
        raise InvalidConditionError(f"the language model answered with unknown fields {sorted(unknown)[:5]}")
    said = {name: value for name, value in body.items() if value not in (None, [], {})} | given
    if isinstance(said.get("objectives"), list):
        said["objectives"] = tuple(said["objectives"])
    shapes = {"task": str, "space": str, "max_latency": dict, "at_most": dict, "at_least": dict, "objectives": tuple}
    for name, shape in shapes.items():
        if name in said and not isinstance(said[name], shape):
            raise InvalidConditionError(f"the language model answered {name} = {said[name]!r}, no {shape.__name__}")
    return Condition(**said)


def ask_language_model(model: str, sentence: str, **given: Any) -> Condition:
    """The condition that a language model reads in a sentence.

    Args:
        model: A folder with a Hugging Face causal language model, or `http(s)://host/v1#name` for an endpoint.
        sentence: Any language that the model reads.
        given: Fields that hold whatever it says.

    Raises:
        UserInputError: The model cannot be asked, or what it answers is no condition.
    """
    ask: Callable[[str, str], str] = _ask_endpoint if model.startswith(("http://", "https://")) else _ask_local
    return read_condition(ask(model, prompt_for(sentence)), **given)


def _ask_endpoint(address: str, prompt: str) -> str:
    url, _, name = address.partition("#")
    body = {"model": name or "default", "temperature": 0, "max_tokens": _MOST_TOKENS,
            "messages": [{"role": "user", "content": prompt}]}  # fmt: skip
    request = Request(
        url.rstrip("/") + "/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urlopen(request, timeout=_MOST_SECONDS) as response:
            answer = json.loads(response.read(_MOST_BYTES))
        return str(answer["choices"][0]["message"]["content"])
    except (URLError, TimeoutError, OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise UserInputError(f"the language model at {url} gave no answer: {type(error).__name__}: {error}") from error


def _ask_local(folder: str, prompt: str) -> str:
    from transformers import AutoModelForCausalLM, AutoTokenizer  # nobody else waits for them

    if not Path(folder).is_dir():
        raise UserInputError(f"{folder!r} is no folder with a language model; name one, or an endpoint http(s)://...")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        network = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise UserInputError(f"no language model can be read from {folder}: {type(error).__name__}: {error}") from error
    if tokenizer.chat_template:
        said = [{"role": "user", "content": prompt}]
        prompt = str(tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True))
    inputs = tokenizer(prompt, return_tensors="pt")
    tokens = network.generate(
        input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], max_new_tokens=_MOST_TOKENS,
        do_sample=False, pad_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    return str(tokenizer.decode(tokens[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))
