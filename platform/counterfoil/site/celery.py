"""The Celery application, and the sweep that runs in each worker.

Tasks are only the fast way: the database is the queue of record. Every few seconds each worker looks for what was
never begun, or was begun by a worker that was killed.
"""

import logging
import threading
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings
from django.db import close_old_connections

logger = logging.getLogger(__name__)

SWEEP_EVERY = 3.0

app = Celery("counterfoil", include=["counterfoil.mail.tasks"])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()

_stopping = threading.Event()


if settings.CELERY_BROKER_URL.startswith("filesystem:"):
    Path(settings.BROKER_DIR).mkdir(parents=True, exist_ok=True)


@worker_ready.connect
def begin_sweeping(**_: Any) -> None:
    """Sweep beside the worker's tasks, in a thread of its own."""
    threading.Thread(target=_sweep_until_stopped, name="sweep", daemon=True).start()


@worker_shutting_down.connect
def stop_sweeping(**_: Any) -> None:
    """Let the sweep end."""
    _stopping.set()


def sweep() -> None:
    """Do what nobody has done, and forget what nobody needs any more."""
    from counterfoil.access import idempotency
    from counterfoil.events import relay
    from counterfoil.mail import tasks

    relay.drain()
    tasks.sweep()
    idempotency.forget_old()


def _sweep_until_stopped() -> None:
    while not _stopping.wait(SWEEP_EVERY):
        try:
            sweep()
        except Exception:
            logger.exception("The sweep failed; it runs again in %s s", SWEEP_EVERY)
        finally:
            close_old_connections()
