"""Processes that measure for the benchmark: a JSON object a line in, one out. They end when their input closes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from counterfoil.site.command import Stop

_END_WITHIN = 5  # seconds


class Child:
    """A module of ours in a process of its own."""

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._module = module
        self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
            text=True,
        )

    def ask(self, task: str, **given: Any) -> Any:
        """Let it do a task; gives the task's answer. Raises `Stop` when the process ended instead."""
        assert self._process.stdin is not None  # noqa: S101  (both are pipes)
        assert self._process.stdout is not None  # noqa: S101
        try:
            self._process.stdin.write(json.dumps({"task": task, "given": given}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Stop(f"{self._module} ended at the task {task}; what it said stands above.")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._process:
            if self._process.stdin is not None:
                self._process.stdin.close()
            try:
                self._process.wait(_END_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()


def answer(tasks: Mapping[str, Callable[..., Any]]) -> None:
    """The other side: do the tasks that come, until there are no more. What anything prints goes to stderr."""
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(tasks[asked["task"]](**asked["given"])), file=answers, flush=True)
