"""Worker processes of the product on the test's database, with a data folder of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.serving import database_address

PATIENCE = 40.0  # seconds to wait for what must happen; reached only when a test fails
PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Surroundings:
    """Where processes of the product find their data, database and broker (None: the one in the data folder).

    Without the sweep a worker does only what the broker hands to it.
    """

    data_dir: Path
    broker: str | None = None
    prefix: str = ""
    with_sweep: bool = True

    @property
    def environment(self) -> dict[str, str]:
        """For a process."""
        given = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL_")}
        given |= {
            "DJANGO_SETTINGS_MODULE": "tests.mail.worker_settings",
            "COUNTERFOIL_DATA_DIR": str(self.data_dir),
            "COUNTERFOIL_DATABASE": database_address(),
            "COUNTERFOIL_SECRET_KEY": "for-tests-only",
            "COUNTERFOIL_TEST_PREFIX": self.prefix,
            "COUNTERFOIL_TEST_WITHOUT_SWEEP": "" if self.with_sweep else "1",
        }
        return given | ({"COUNTERFOIL_BROKER": self.broker} if self.broker else {})

    def run(self, program: str) -> None:
        """Run a piece of Python that uses the product, in a process of its own."""
        command = [sys.executable, "-c", f"import django; django.setup()\n{program}"]
        subprocess.run(command, env=self.environment, cwd=PROJECT, check=True, timeout=PATIENCE)


@contextmanager
def working(surroundings: Surroundings) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in its own process group; killed afterwards if it still lives."""
    command = [sys.executable, "-m", "counterfoil.site.command", "worker", "--threads", "2"]
    worker = subprocess.Popen(command, env=surroundings.environment, cwd=PROJECT, start_new_session=True)
    try:
        yield worker
    finally:
        if worker.poll() is None:
            kill(worker)


def kill(worker: subprocess.Popen[bytes]) -> None:
    """Kill a worker and whatever it started, without a chance to say good-bye."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(PATIENCE)


def eventually(is_so: Callable[[], object], what: str) -> None:
    """Wait until it is so."""
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, f"not within {PATIENCE} s: {what}"
        time.sleep(0.05)
