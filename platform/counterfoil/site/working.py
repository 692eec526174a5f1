"""`counterfoil worker`: a Celery worker with a pool of threads."""

import os
import signal
import sys
import threading
import warnings


def work(*, threads: int, with_parent: bool) -> int:
    """Work until stopped; with a parent, also until standard input closes, so that no orphan goes on."""
    import django
    from celery.exceptions import SecurityWarning
    from celery.signals import setup_logging

    # Celery warns of running as root; in a container that is usual, and our tasks unpickle nothing.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    django.setup()
    from counterfoil.site.celery import app

    setup_logging.connect(_log_as_settings_say)
    if with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    arguments = ["--quiet", "worker", "--pool", "threads", "--concurrency", str(threads), "--loglevel", "WARNING"]
    app.worker_main([*arguments, "--without-gossip", "--without-mingle", "--without-heartbeat"])
    return 0


def _log_as_settings_say(**_: object) -> None:
    """Somebody listens, so Celery sets nothing up: its handlers would write secrets too."""


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
