"""Programs in Node that hold the API against what the field uses, and what one tells while it runs.

A program gets its task as its first argument and tells what happens, a JSON value a line. The packages that it needs
are pinned in `package.json` and its lock; npm fetches them once.
"""

import fcntl
import hashlib
import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.services import need
from tests.serving import PATIENCE

FOLDER = Path(__file__).parent
INSTALLED = FOLDER / "node_modules"
_STAMP = INSTALLED / ".installed-lock"
_INSTALL_WITHIN = 300  # seconds, on a slow line


def installed() -> None:
    """The packages of the lock file, fetched when they are not there; skips the test where they can't be had."""
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    with (FOLDER / ".npmrc").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run of the tests may be fetching them
        if _STAMP.is_file() and _STAMP.read_text() == wanted:
            return
        fetched = subprocess.run(
            ["npm", "ci", "--ignore-scripts"],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            timeout=_INSTALL_WITHIN,
            check=False,
        )
        need(fetched.returncode == 0, f"npm could not fetch the packages of tests/standards: {fetched.stderr[-500:]}")
        _STAMP.write_text(wanted)


@dataclass
class Program:
    """A program that runs. `next()` waits for what it tells."""

    process: subprocess.Popen[str]
    _lines: "queue.Queue[str | None]" = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def next(self, within: float = PATIENCE) -> Any:
        """The next thing that it tells."""
        line = self._lines.get(timeout=within)
        assert line is not None, f"the program ended: {self._errors()}"
        return json.loads(line)

    def rest(self) -> list[Any]:
        """All that it tells until it ends, which must be well."""
        told = [json.loads(line) for line in iter(lambda: self._lines.get(timeout=PATIENCE), None)]
        assert self.process.wait(PATIENCE) == 0, self._errors()
        return told

    def _errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()


@contextmanager
def program(name: str, /, **task: object) -> Iterator[Program]:
    """Run `{name}.mjs` with a task; it ends with the block."""
    process = subprocess.Popen(
        ["node", str(FOLDER / f"{name}.mjs"), json.dumps(task)],
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Program(process)
        finally:
            process.kill()


def run(name: str, /, **task: object) -> list[Any]:
    """What `{name}.mjs` tells, once it has ended; costs are looked at and left out."""
    with program(name, **task) as running:
        return [_without_cost(told) for told in running.rest()]


def _without_cost(told: Any) -> Any:
    if not isinstance(told, dict):
        return told
    found = {key: _without_cost(value) for key, value in told.items()}
    cost = found.get("extensions", {}).pop("cost", None) if isinstance(found.get("extensions"), dict) else None
    if cost is not None:
        assert {"requested", "limit"} <= set(cost) <= {"requested", "limit", "left"}, cost
        if not found["extensions"]:
            del found["extensions"]
    return found
