"""A process that sends what it is told to, at the moment it is told to: `python -m tests.schema.sender`.

Each line of standard input is a JSON object with `body`, `token` and `at` (seconds since 1970); each answer is a line
of standard output. `dies_after` is the beginning of a statement: the process kills itself once the database has done
it.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any


def main() -> None:
    """Answer line by line."""
    import django

    django.setup()
    print("ready", flush=True)
    for line in sys.stdin:
        print(_sent(**json.loads(line)), flush=True)


def _sent(body: object, token: str, at: float, dies_after: str | None = None) -> str:
    from django.db import connection
    from django.test import Client

    client = Client(headers={"host": "fennel.test", "authorization": f"Bearer {token}"})
    connection.ensure_connection()

    def watch(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        result = execute(sql, *more)
        if dies_after and sql.startswith(dies_after):
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    with connection.execute_wrapper(watch) if dies_after else nullcontext():
        while time.time() < at:
            pass
        return client.post("/graphql", json.dumps(body), content_type="application/json").content.decode()


if __name__ == "__main__":
    main()
