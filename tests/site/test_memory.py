"""A web process gives memory back when many streams have left."""

import gc
import os
import subprocess
import sys
import sysconfig
from unittest.mock import patch

import pytest
import uvicorn

from counterfoil.site.memory import run_on_mimalloc
from counterfoil.site.serving import Server
from tests.serving import in_loop
from tests.site.processes import clean_environment

ASK = """
import os, sys
from counterfoil.site.memory import run_on_mimalloc
run_on_mimalloc()
print(os.getpid(), os.environ.get("PYTHONMALLOC"), *sys.argv[1:])
"""
has_mimalloc = pytest.mark.skipif(not sysconfig.get_config_var("WITH_MIMALLOC"), reason="CPython 3.13's mimalloc")


def asked(**environment: str) -> tuple[int, list[str]]:
    """What a process finds that would like to run on mimalloc, and the number that it was started with."""
    started = {name: value for name, value in clean_environment().items() if name != "PYTHONMALLOC"} | environment
    with subprocess.Popen(
        [sys.executable, "-c", ASK, "a b"], env=started, stdout=subprocess.PIPE, text=True
    ) as process:
        told, _ = process.communicate(timeout=30)
    return process.pid, told.split(maxsplit=2)


@pytest.mark.once
@has_mimalloc
def test_the_process_begins_again_on_mimalloc_with_its_number_and_arguments() -> None:
    pid, told = asked()

    assert told == [str(pid), "mimalloc", "a b\n"]


@pytest.mark.once
def test_an_allocator_that_was_chosen_stays() -> None:
    _, told = asked(PYTHONMALLOC="malloc")

    assert told[1] == "malloc"


@pytest.mark.once
def test_without_mimalloc_the_process_goes_on() -> None:
    with (
        patch.dict(os.environ),
        patch.object(sysconfig, "get_config_var", return_value=0),
        patch.object(os, "execv") as replaced,
    ):
        os.environ.pop("PYTHONMALLOC", None)
        run_on_mimalloc()

    replaced.assert_not_called()


def collections(*connections: int) -> list[int]:
    """How often garbage was collected by the end of each five seconds, at whose start so many connections are open."""
    server = Server(uvicorn.Config("none:none"), lambda: None)
    found = []
    with patch.object(gc, "collect") as collect:
        for look, count in enumerate(connections):
            server.server_state.connections = set(range(count))  # type: ignore[arg-type]
            for tick in range(50):
                assert not in_loop(server.on_tick(look * 50 + tick))
            found.append(collect.call_count)
    return found


@pytest.mark.once
@pytest.mark.parametrize(
    ("connections", "expected"),
    [
        ([1000, 0, 0, 0], [0, 0, 1, 1]),
        ([1000, 700, 499, 499, 250, 250, 200], [0, 0, 0, 1, 1, 1, 1]),
        ([1000, 0, 1000, 0, 0], [0, 0, 1, 1, 2]),
        ([99, 0, 0, 0], [0, 0, 0, 0]),
        ([0, 500, 1000, 1000], [0, 0, 0, 0]),
    ],
    ids=["all at once", "little by little", "twice", "few", "only more"],
)
def test_garbage_is_collected_once_after_many_have_left(connections: list[int], expected: list[int]) -> None:
    assert collections(*connections) == expected
