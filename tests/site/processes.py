"""Processes as a person at a shell starts them, and what is left of them afterwards."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("counterfoil"))
START_WITHIN = 60.0  # seconds; reached only when a test fails


def clean_environment() -> dict[str, str]:
    """The environment without what a test run sets for itself."""
    return {
        name: value
        for name, value in os.environ.items()
        if name != "DJANGO_SETTINGS_MODULE" and not name.startswith("COUNTERFOIL_")
    }


def run(*command: str, within: float = START_WITHIN, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, which comes within so many seconds."""
    return subprocess.run(
        command,
        env=clean_environment() | environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
    )


@contextmanager
def started(*command: str, stdin: int | None = None, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on; killed afterwards if it still runs."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdin=stdin, stdout=pipe, stderr=pipe, env=clean_environment() | environment, cwd=PROJECT, text=True
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@dataclass
class Shown:
    """A demo that runs: the process, what it printed when it was ready, and how long that took."""

    process: subprocess.Popen[bytes]
    line: str
    seconds: float
    said: Path

    @property
    def world(self) -> dict[str, Any]:
        """What the line says."""
        world: dict[str, Any] = json.loads(self.line)
        return world

    def stop(self, number: signal.Signals) -> float:
        """Send a signal; gives the seconds until the process was gone."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(START_WITHIN)
        return time.monotonic() - began

    def rest(self) -> str:
        """What it printed to standard output after that line, once it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.read().decode()

    def family(self) -> set[int]:
        """The processes that it has started, and those that they have."""
        return descendants(self.process.pid)


@contextmanager
def shown(data_dir: Path, *arguments: str) -> Iterator[Shown]:
    """`counterfoil demo --json` on a free port; killed afterwards if it still runs."""
    said = data_dir.with_name(f"{data_dir.name}.stderr")
    command = [COMMAND, "demo", "--json", "--port", "0", "--data-dir", str(data_dir), *arguments]
    began = time.monotonic()
    with said.open("wb") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, env=clean_environment(), cwd=PROJECT)
    try:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert line, f"it ended without a line: {said.read_text()}"
        yield Shown(process, line, time.monotonic() - began, said)
    finally:
        if process.poll() is None:
            for pid in descendants(process.pid):
                os.kill(pid, signal.SIGKILL)
            process.kill()
            process.wait(START_WITHIN)
        if process.stdout is not None:
            process.stdout.close()


def descendants(pid: int) -> set[int]:
    """The living processes below this one."""
    children: dict[int, set[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        children.setdefault(int(fields[1]), set()).add(int(stat.parent.name))
    found, waiting = set(), [pid]
    while waiting:
        below = children.get(waiting.pop(), set())
        found |= below
        waiting += below
    return found


def alive(pids: set[int]) -> set[int]:
    """Those of these processes that still run."""

    def runs(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    return {pid for pid in pids if runs(pid)}


def gone_within(pids: set[int], seconds: float) -> bool:
    """Whether all of them end within so many seconds."""
    until = time.monotonic() + seconds
    while alive(pids) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pids)
