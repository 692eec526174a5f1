"""The sweep that runs in each worker."""

from datetime import timedelta

import pytest

from counterfoil.access import clock
from counterfoil.access.idempotency import once
from counterfoil.access.models import MutationRecord
from counterfoil.site.celery import sweep
from tests.factories import Shop


@pytest.mark.feature("GQ-3")
@pytest.mark.django_db(transaction=True)
def test_the_sweep_forgets_the_keys_of_the_day_before_yesterday(shop: Shop) -> None:
    for days in (2, 0):
        with clock.at(clock.now() - timedelta(days=days)):
            once(viewer=shop.staff, key=f"{days} days ago", mutation="nothing", given={}, act=lambda: 1)

    sweep()

    assert list(MutationRecord.objects.values_list("key", flat=True)) == ["0 days ago"]
