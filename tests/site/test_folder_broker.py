"""The task broker in a folder: what one process puts there, another takes whole, each once (CN-7)."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from kombu import Connection, Exchange, Queue

TRANSPORT = "counterfoil.site.folder_broker:Transport"
QUEUE = Queue("celery", Exchange("celery"), routing_key="celery")
COUNT = 50
WRITER = """
import sys
from tests.site.test_folder_broker import COUNT, QUEUE, opened
with opened(sys.argv[1]) as connection:
    for number in range(COUNT):
        content = {"number": number, "long": "x" * 400_000}
        connection.Producer().publish(content, exchange="celery", routing_key="celery", declare=[QUEUE])
"""


def opened(folder: Path | str) -> Connection:
    """A process's connection to the broker in a folder."""
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder), "polling_interval": 0.001}
    return Connection("filesystem://localhost", transport=TRANSPORT, transport_options=options)


@pytest.mark.once
@pytest.mark.feature("CN-7")
def test_who_looks_while_another_process_writes_takes_each_message_whole_and_once_in_their_order(
    tmp_path: Path,
) -> None:
    taken: list[int] = []

    with opened(tmp_path) as connection, connection.Consumer([QUEUE], no_ack=True) as consumer:
        consumer.register_callback(lambda content, _: taken.append(content["number"]))
        with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)]) as writer:
            until = time.monotonic() + 30
            while len(taken) < COUNT and time.monotonic() < until:
                try:
                    connection.drain_events(timeout=0.05)
                except TimeoutError:
                    continue

    assert writer.returncode == 0
    assert taken == list(range(COUNT))
    assert list(tmp_path.iterdir()) == []
