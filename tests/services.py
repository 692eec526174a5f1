"""The services that some tests need: there, or the test is skipped with a reason; in CI their absence is a failure."""

import os
import shutil
import socket
import subprocess
from urllib.parse import urlsplit

import pytest

from tests.settings import POSTGRESQL, REDIS

REQUIRED = os.environ.get("COUNTERFOIL_REQUIRE_SERVICES") == "1"


_CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser")


def _answers(address: str, default_port: int) -> bool:
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or default_port), timeout=1):
            return True
    except OSError:
        return False


def postgresql_answers() -> bool:
    """Whether a PostgreSQL server is there."""
    return _answers(POSTGRESQL, 5432)


def chromium() -> str | None:
    """The path of a Chromium, if one is installed; best one without a screen, which starts with half the work."""
    given = os.environ.get("COUNTERFOIL_TEST_CHROMIUM")
    return given or next(filter(None, map(shutil.which, _CHROMIUMS)), None)


def need(found: object, reason: str) -> None:
    """Skip the test unless `found`; fail it where services are required."""
    if found:
        return
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


def need_redis() -> None:
    """This test talks to a Redis."""
    need(_answers(REDIS, 6379), f"No Redis answers at {REDIS}; set COUNTERFOIL_TEST_REDIS to run this test.")


def need_chromium() -> str:
    """This test drives a Chromium; gives its path."""
    path = chromium()
    need(path, "No Chromium is installed; set COUNTERFOIL_TEST_CHROMIUM to run this test.")
    return str(path)


def need_node() -> None:
    """This test runs programs of Node's world, which npm fetches."""
    need(_node() >= 20 and shutil.which("npm"), "No Node 20 or newer with npm is installed: this test needs both.")


def _node() -> int:
    """The number of the Node that is installed; 0 without one."""
    path = shutil.which("node")
    if path is None:
        return 0
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout  # v20.20.2
    return int(told.removeprefix("v").partition(".")[0])
