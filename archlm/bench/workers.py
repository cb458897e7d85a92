"""Run jobs side by side: in this process, in several, or on a Ray cluster. The results do not depend on which."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from onnx_bench.errors import UserInputError
from onnx_bench.extras import import_extra

Key = TypeVar("Key")
Work = TypeVar("Work")
Result = TypeVar("Result")

AHEAD = 2
"""Jobs for each worker that are taken from the source before they are needed; bounds memory."""


def run(
    function: Callable[[Work], Result], jobs: Iterable[tuple[Key, Work]], workers: int, ray: bool = False
) -> Iterator[tuple[Key, Result]]:  # fmt: skip
    """Apply `function` to every job; results come in the order in which they are ready.

    Args:
        function: A function at the top of its module.
        jobs: Pairs of a key and what `function` is given. Taken one by one, a few ahead.
        workers: Processes; with 1 the work is done in this one.
        ray: Run on the Ray cluster that `RAY_ADDRESS` names, or on one of `workers` processes that is started here.

    Raises:
        MissingExtraError: Ray is asked for and not installed.
        UserInputError: A process was ended from outside.
    """
    if ray:
        yield from _run_on_ray(function, jobs, workers)
    elif workers == 1:
        for key, work in jobs:
            yield key, function(work)
    else:
        yield from _run_in_processes(function, jobs, workers)


def _run_in_processes(
    function: Callable[[Work], Result], jobs: Iterable[tuple[Key, Work]], workers: int
) -> Iterator[tuple[Key, Result]]:
    context = multiprocessing.get_context("spawn")  # a forked copy of a process with threads may hang
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)
    pending = iter(jobs)
    running: dict[Future[Result], Key] = {}
    try:
        while True:
            for key, work in islice(pending, AHEAD * workers - len(running)):
                with _deaf_to_ctrl_c():
                    running[pool.submit(function, work)] = key
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    except BrokenProcessPool as error:
        raise UserInputError(
            f"one of {workers} worker processes was ended from outside, most likely for want of memory: use fewer of "
            "them (--workers), and start again; what is done stays"
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """For a process that is started here, Ctrl-C, which all processes of a terminal get, waits until `_begin`."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """What a worker does first. Ctrl-C ends it without a traceback, which would tell nobody anything."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as in a shell's background jobs
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    _die_with_parent()


def _die_with_parent() -> None:
    """End this worker as soon as the process that started it is gone, even if that was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "called in a worker"

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _run_on_ray(
    function: Callable[[Work], Result], jobs: Iterable[tuple[Key, Work]], workers: int
) -> Iterator[tuple[Key, Result]]:
    ray = import_extra("ray", "ray")
    ours = not ray.is_initialized()
    if ours:
        cluster: dict[str, Any] = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers}
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="error", **cluster)
    try:
        remote = ray.remote(function)
        pending = iter(jobs)
        running: dict[Any, Key] = {}
        while True:
            room = AHEAD * max(workers, int(ray.cluster_resources().get("CPU", 1))) - len(running)
            for key, work in islice(pending, room):
                running[remote.remote(work)] = key
            if not running:
                return
            done, _ = ray.wait(list(running))
            for reference in done:
                yield running.pop(reference), ray.get(reference)
    finally:
        if ours:
            ray.shutdown()
