"""The settings of worker processes that tests start: the product's own, with a mail backend that can be watched."""

import os

from counterfoil.site.settings import *  # noqa: F403

MAILERS = {"default": {"BACKEND": "tests.mail.backends.Watched"}}
if prefix := os.environ.get("COUNTERFOIL_TEST_PREFIX"):  # tests that run beside this one use the same Redis
    CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": prefix}
