"""The one door for both UIs: named operations that lie beside the views, run in-process as the viewer (GQ-1)."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from counterfoil.access.models import StaffMember
from counterfoil.access.sessions import SessionStore
from counterfoil.access.viewer import Role, Viewer, ViewerKind, anonymous
from counterfoil.conversations.actions import send_message
from counterfoil.events import relay
from counterfoil.events.relay import last_position
from counterfoil.staff.roles import save_role
from schema import client, trusted
from tests.factories import Shop

DOCUMENT = """
query Tin($number: String!) { orderByNumber(number: $number) { ...Tin } }
query Place { workspace { name } }
query Page($first: Int!) { orders(first: $first) { nodes { id } } }
mutation Write($input: SendMessageInput!) {
  result: sendMessage(input: $input) { ... on SendMessageSuccess { sent { text } } ... on Problem { code } }
}
fragment Tin on Order { number total { amount } }
"""


@pytest.fixture
def operations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> client.Operations:
    manifest = tmp_path / "trusted_documents.json"
    manifest.write_text(trusted.manifest_of({"operations.graphql": DOCUMENT}), encoding="utf-8")
    monkeypatch.setattr(trusted, "MANIFEST", manifest)
    (tmp_path / "operations.graphql").write_text(DOCUMENT, encoding="utf-8")
    return client.operations_beside(str(tmp_path / "views.py"))


def request(host: str = "fennel.test", user: object = None) -> HttpRequest:
    made = RequestFactory(headers={"host": host}).get("/")
    made.user = user or AnonymousUser()  # type: ignore[assignment]
    return made


@pytest.mark.once
def test_the_operations_of_a_document_are_found_by_name(operations: client.Operations) -> None:
    assert list(operations) == ["Tin", "Place", "Page", "Write"]
    assert len(operations) == 4
    assert operations["Tin"].name == "Tin"
    assert operations["Tin"].document == DOCUMENT


@pytest.mark.once
@pytest.mark.parametrize("name", ["Nothing", "tin", "", "Tin2"])
def test_an_operation_that_is_not_there_is_named(operations: client.Operations, name: str) -> None:
    with pytest.raises(KeyError, match=f"operations.graphql has no operation {name}"):
        operations[name]


@pytest.mark.feature("GQ-1")
def test_an_operation_runs_as_the_viewer(shop: Shop, operations: client.Operations) -> None:
    order = shop.order(number="INV-7")
    stranger = shop.guest(shop.order())
    tin = {"orderByNumber": {"number": "INV-7", "total": {"amount": "166.20"}}}

    for viewer, data in (
        (shop.staff, tin),
        (shop.guest(order), tin),
        (stranger, {"orderByNumber": None}),
        (anonymous(shop.workspace.pk), {"orderByNumber": None}),
    ):
        assert client.run(viewer, operations["Tin"], {"number": "INV-7"}) == data


@pytest.mark.feature("GQ-1")
def test_each_operation_of_a_document_runs_alone(shop: Shop, operations: client.Operations) -> None:
    assert client.run(shop.staff, operations["Place"]) == {"workspace": {"name": "Fennel & Twine"}}
    assert client.run(shop.staff, operations["Page"], {"first": 1}) == {"orders": {"nodes": []}}


def test_what_the_schema_refuses_comes_back_as_it_says(shop: Shop, operations: client.Operations) -> None:
    given = {"clientMutationKey": "1", "orderId": f"order_{shop.order().pk}", "text": ""}

    refused = client.run(shop.staff, operations["Write"], {"input": given})
    taken = client.run(shop.staff, operations["Write"], {"input": given | {"text": "Leaves today."}})

    assert refused == {"result": {"code": "INVALID"}}
    assert taken == {"result": {"sent": {"text": "Leaves today."}}}


@pytest.mark.parametrize(
    ("name", "variables", "words"),
    [
        ("Page", {"first": 0}, "`first` is 0"),
        ("Page", {}, "first"),
        ("Page", None, "first"),
        ("Tin", {"number": 7}, "number"),
    ],
)
def test_anything_else_that_goes_wrong_is_a_failure(
    shop: Shop, operations: client.Operations, name: str, variables: dict[str, object] | None, words: str
) -> None:
    with pytest.raises(client.OperationFailed) as failure:
        client.run(shop.staff, operations[name], variables)

    assert str(failure.value).startswith(name)
    assert words in str(failure.value)


def test_an_unexpected_error_is_a_failure_too(operations: client.Operations, db: None) -> None:
    nowhere = Viewer(kind=ViewerKind.STAFF, workspace_id=0, role=Role.ADMIN)

    with pytest.raises(client.OperationFailed, match="The reference is"):
        client.run(nowhere, operations["Place"])


@pytest.mark.feature("GQ-7")
@pytest.mark.once
def test_a_file_that_is_not_in_the_manifest_to_the_byte_is_not_loaded(
    tmp_path: Path, operations: client.Operations
) -> None:
    for changed in (DOCUMENT + "\n", DOCUMENT.replace("\n", "\r\n"), "query Place { workspace { name } }"):
        (tmp_path / "operations.graphql").write_bytes(changed.encode())
        with pytest.raises(trusted.NotTrusted, match=r"is not in trusted_documents\.json as it stands.*make schema"):
            client.operations_beside(str(tmp_path / "views.py"))


@pytest.mark.feature("GQ-7")
def test_a_text_that_was_not_loaded_does_not_run_under_any_name(shop: Shop, operations: client.Operations) -> None:
    made = client.Operation("Place", "query Place { workspace { name } }")

    with pytest.raises(trusted.NotTrusted, match="The document of Place was not loaded"):
        client.run(shop.staff, made)

    assert client.run(shop.staff, client.Operation("Place", str(DOCUMENT))) == {"workspace": {"name": shop.store.name}}


def test_variables_are_left_as_they_were(shop: Shop, operations: client.Operations) -> None:
    variables = {"number": "INV-7"}

    client.run(shop.staff, operations["Tin"], variables)

    assert variables == {"number": "INV-7"}


# From a request to a viewer


def test_the_viewer_of_a_request_belongs_to_the_workspace_of_its_host(shop: Shop, other_shop: Shop) -> None:
    assert client.anonymous_viewer(request()) == anonymous(shop.workspace.pk)
    assert client.anonymous_viewer(request("other.test")) == anonymous(other_shop.workspace.pk)
    assert client.anonymous_viewer(request("localhost")) is None


@pytest.mark.feature("AC-1")
def test_a_signed_in_user_is_staff_where_they_are_a_member(shop: Shop, other_shop: Shop) -> None:
    assert client.staff_viewer(request(user=shop.user)) == shop.staff
    assert client.staff_viewer(request("other.test", user=shop.user)) is None
    assert client.staff_viewer(request("localhost", user=shop.user)) is None
    assert client.staff_viewer(request()) is None


@pytest.mark.parametrize("left", ["the shop", "for good"])
def test_who_has_left_is_nobody(shop: Shop, left: str) -> None:
    person = shop.member if left == "the shop" else shop.user
    person.is_active = False
    person.save()

    assert client.staff_viewer(request(user=shop.user)) is None


# What pages watch


def test_staff_pages_watch_what_they_ask_for_guests_pages_what_they_were_granted(shop: Shop) -> None:
    order = shop.order()
    topics = [f"order_{order.pk}", "*"]
    signed_in = request(user=shop.user)
    signed_in.session = SessionStore()

    watch = client.staff_watch(signed_in, topics)

    assert watch is not None
    assert (watch.topics, watch.internal, watch.workspace_id) == (frozenset(topics), True, shop.workspace.pk)
    assert client.portal_watch(request(), topics) is None


@pytest.mark.feature("AC-10")
def test_staff_pages_watch_for_as_long_as_their_role_reads_orders(shop: Shop) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])
    member = StaffMember.objects.select_related("user").get(pk=shop.hire("Pia", role).staff_id)
    signed_in, topics = request(user=member.user), frozenset({"*"})
    signed_in.session = SessionStore()
    login(signed_in, member.user)
    signed_in.session.save()
    watch = client.staff_watch(signed_in, topics)
    assert watch is not None
    assert watch.still_allowed() == topics

    save_role(viewer=shop.staff, role=role, name="Packer", permissions=["products:read"])

    assert watch.still_allowed() == frozenset()
    assert client.staff_watch(signed_in, topics) is None


@pytest.mark.feature("CN-1")
@pytest.mark.django_db(transaction=True)
def test_polling_tells_what_happened_since_each_once(shop: Shop) -> None:
    order, other = shop.order(), shop.order()
    watch = client.Watch(shop.workspace.pk, frozenset({f"order_{order.pk}"}), internal=False, still_allowed=frozenset)
    start = client.poll(watch, 0)
    position = int(str(start["position"]))

    send_message(viewer=shop.staff, order=other, text="And yours?")
    send_message(viewer=shop.guest(order), order=order, text="Thank you!")

    told = client.poll(watch, position)
    assert told == {
        # After the page's own order: customer.created, customer.ordered, order.placed and a message of the other one.
        "position": str(position + 5),
        "nudges": [{"position": str(position + 5), "topic": f"order_{order.pk}", "kind": "message.sent"}],
    }
    assert client.poll(watch, position + 5) == {"position": str(position + 5), "nudges": []}


@pytest.mark.feature("IN-10")
@pytest.mark.feature("AC-10")
def test_what_one_event_makes_many_ask_is_read_once_for_those_who_may_do_the_same(
    operations: client.Operations, shop: Shop, other_shop: Shop, django_assert_num_queries: Any
) -> None:
    order = shop.order()
    send_message(viewer=shop.staff, order=order, text="Hello")
    at, asked = last_position(), {"number": order.number}
    manager, colleague = shop.hire("Tom"), shop.hire("Ines")
    packer = shop.hire("Pia", save_role(viewer=shop.staff, name="Packs", permissions=["orders:read"]))

    def run(viewer: Viewer, after: int | None, **variables: str) -> dict[str, Any]:
        return client.run(viewer, operations["Tin"], asked | variables, after=after)

    told = run(manager, at)
    assert told["orderByNumber"]["number"] == order.number
    with django_assert_num_queries(0):
        assert run(colleague, at) is told

    assert run(colleague, None) is not told  # nothing happened that both ask because of
    assert run(colleague, at, number="0")["orderByNumber"] is None  # another question
    assert run(packer, at) is not told  # who may do something else
    assert run(other_shop.staff, at)["orderByNumber"] is None  # another workspace
    assert run(shop.guest(order), at) is not run(shop.guest(order), at)  # not the staff


@pytest.mark.feature("IN-10")
def test_an_answer_of_before_an_event_is_not_shared_as_one_of_after_it(
    operations: client.Operations, shop: Shop
) -> None:
    order = shop.order()
    relay.drain()
    to_come = last_position() + 1
    manager, colleague = shop.hire("Tom"), shop.hire("Ines")

    def run(viewer: Viewer) -> dict[str, Any]:
        return client.run(viewer, operations["Tin"], {"number": order.number}, after=to_come)

    early = run(manager)  # of somebody who says that they were told what has not happened
    send_message(viewer=shop.staff, order=order, text="Hello")
    relay.drain()

    assert run(colleague) is not early
