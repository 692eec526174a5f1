"""The settings of worker processes that tests start: the product's own, with a mail backend that can be watched."""

import os
from datetime import timedelta
from typing import Any

from celery.signals import worker_init

from counterfoil.site.settings import *  # noqa: F403

MAILERS = {"default": {"BACKEND": "tests.mail.backends.Watched"}}
if prefix := os.environ.get("COUNTERFOIL_TEST_PREFIX"):  # tests that run beside this one use the same Redis
    CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": prefix}


@worker_init.connect
def in_a_hurry(**_: Any) -> None:
    """Where a test wants to see the task alone at work; else it comes, and finds what died, sooner than in life."""
    from counterfoil.mail import delivery
    from counterfoil.site import celery

    celery.SWEEP_EVERY = 3600 if os.environ.get("COUNTERFOIL_TEST_WITHOUT_SWEEP") else 0.5
    delivery.LEASE, delivery.RENEW_EVERY = timedelta(seconds=1.5), 0.4
