"""The settings of worker processes that tests start: the product's own, with a mail backend that can be watched."""

import os
from typing import Any

from celery.signals import worker_init

from counterfoil.site.settings import *  # noqa: F403

MAILERS = {"default": {"BACKEND": "tests.mail.backends.Watched"}}
if prefix := os.environ.get("COUNTERFOIL_TEST_PREFIX"):  # tests that run beside this one use the same Redis
    CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": prefix}


@worker_init.connect
def without_the_sweep(**_: Any) -> None:
    """Where a test wants to see the task alone at work."""
    from counterfoil.site import celery

    if os.environ.get("COUNTERFOIL_TEST_WITHOUT_SWEEP"):
        celery.SWEEP_EVERY = 3600
