"""The audit of GraphQL over HTTP, as graphql-http ships it (GQ-5)."""

import pytest

from tests.factories import Shop
from tests.serving import Served
from tests.standards.node import run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.mark.feature("GQ-5")
def test_every_audit_of_graphql_over_http_is_met(shop: Shop, served: Served) -> None:
    audits = run("audit", url=f"{served.base}/graphql")

    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len({audit["id"] for audit in audits}) == 61
