"""The database refuses a row that points into another workspace."""

import pytest
from django.db import IntegrityError, connection, transaction

from counterfoil.orders.models import OrderLine
from tests.factories import Shop


def test_a_line_can_not_point_at_another_workspaces_order(shop: Shop, other_shop: Shop) -> None:
    order = shop.order()

    def move_across() -> None:
        with transaction.atomic():
            OrderLine.objects.filter(order=order).update(workspace=other_shop.workspace)
            connection.check_constraints()

    with pytest.raises(IntegrityError):
        move_across()
    assert set(OrderLine.objects.values_list("workspace_id", flat=True)) == {shop.workspace.pk}
