"""The health check of a store: each thing that can be wrong is found, and told with what to do (OR-5)."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import Role, anonymous
from counterfoil.events.models import Event
from counterfoil.workspaces.advice import FINDINGS, words_of
from counterfoil.workspaces.health import (
    CHECKS_A_QUARTER,
    Check,
    Subject,
    Verdict,
    begin_check,
    check_store,
    looked_at,
    newest_checks,
    proof,
    was_checked,
)
from counterfoil.workspaces.models import Store
from counterfoil.workspaces.network import Answer, Cause, Reaches, Unreachable
from tests.factories import Shop
from tests.network import Nowhere, World

pytestmark = [pytest.mark.feature("OR-5"), pytest.mark.django_db]

HTML = {"content-type": "text/html; charset=utf-8"}
FRONT = Answer(200, HTML, b"<h1>Fennel &amp; Twine</h1>")
SIGN_IN = Answer(303, {"location": "/store/account/sign-in?next=%2F"})


def proving(store: Store) -> object:
    """What the portal answers as this store."""

    def answer(address: str) -> Answer:
        [challenge] = parse_qs(urlsplit(address).query)["challenge"]
        return Answer(200, {}, json.dumps({"proof": proof(store.pk, challenge)}).encode())

    return answer


@pytest.fixture
def store(shop: Shop) -> Store:
    Store.objects.filter(pk=shop.store.pk).update(base_url="https://fennel.test", mail_from="orders@fennel.shop")
    return Store.objects.select_related("workspace").get(pk=shop.store.pk)


def world(store: Store, **different: object) -> World:
    """One in which all is well, but for what is given: `page`, `proof` and `orders` are answers of the portal."""
    pages = {
        "/": different.pop("page", FRONT),
        "/store/health": different.pop("proof", proving(store)),
        "/store/account/orders": different.pop("orders", SIGN_IN),
    }
    return World(pages={**pages, **different.pop("pages", {})}, **different)  # type: ignore[arg-type,dict-item]


def findings(store: Store, network: Reaches) -> dict[str, str]:
    return {check.subject.value: check.finding for check in looked_at(store, network)}


WELL = {"domain": "resolves", "page": "page", "portal": "portal", "mail_server": "server", "sender": "unproved"}


def test_a_store_that_works_is_told_so_and_what_can_not_be_told_is_not_called_well(store: Store) -> None:
    checks = looked_at(store, world(store))

    assert {check.subject.value: check.finding for check in checks} == WELL
    verdicts = [words_of(check).verdict for check in checks]
    assert verdicts == [Verdict.OK, Verdict.OK, Verdict.OK, Verdict.OK, Verdict.UNKNOWN]


@pytest.mark.parametrize(
    ("names", "finding", "verdict"),
    [
        (Cause.NO_NAME, "unresolved", Verdict.FAILED),
        (Cause.TIMEOUT, "resolver_silent", Verdict.UNKNOWN),
        (["127.0.0.1", "::1"], "resolves_inside", Verdict.UNKNOWN),
        (["10.0.0.7"], "resolves_inside", Verdict.UNKNOWN),
        (["fe80::1%eth0"], "resolves_inside", Verdict.UNKNOWN),
        (["10.0.0.7", "8.8.8.8"], "resolves", Verdict.OK),
    ],
)
def test_where_the_domain_leads(store: Store, names: list[str] | Cause, finding: str, verdict: Verdict) -> None:
    network = world(store, names=names)

    [domain, *rest] = looked_at(store, network)

    assert (domain.finding, words_of(domain).verdict) == (finding, verdict)
    unasked = finding in ("unresolved", "resolver_silent")
    assert [check.finding for check in rest[:2]] == (["not_asked"] * 2 if unasked else ["page", "portal"])
    assert bool(network.asked) is not unasked


def test_a_store_whose_links_lead_elsewhere_than_it_listens(store: Store) -> None:
    store.host = "shop.fennel.test"

    domain = looked_at(store, world(store))[0]

    assert domain.finding == "host_differs"
    assert words_of(domain).seen == "Links lead to fennel.test, but the store listens to shop.fennel.test."


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.LOGIN_REFUSED])
def test_pages_that_can_not_be_reached(store: Store, cause: Cause) -> None:
    checks = looked_at(store, world(store, page=cause, proof=cause))

    assert [check.finding for check in checks[1:3]] == [cause.value] * 2
    for check in checks[1:3]:
        words = words_of(check)
        assert words.verdict is Verdict.FAILED
        assert "fennel.test" in words.seen
        assert words.do
    assert findings(store, world(store, orders=cause))["portal"] == cause.value


@pytest.mark.parametrize(
    ("page", "finding"),
    [
        (Answer(200, HTML, b"<h1>Parked</h1>"), "other_page"),
        (Answer(200, {"content-type": "text/plain"}, b"Fennel &amp; Twine"), "no_page"),
        (Answer(404, HTML), "no_page"),
        (Answer(403, HTML), "no_page"),
        (Answer(400, HTML), "host_not_allowed"),
        (Answer(500, HTML), "fault"),
        (Answer(502, HTML), "fault"),
        (Answer(301, {"location": "https://elsewhere.test/"}), "leads_elsewhere"),
        (Answer(302, {"location": "ftp://fennel.test/"}), "leads_elsewhere"),
        (Answer(302, {"location": "//elsewhere.test/x"}), "leads_elsewhere"),
        (Answer(302, {"location": "http://[fennel.test/"}), "leads_elsewhere"),  # no address at all
        (Answer(302, {"location": "/"}), "leads_in_circles"),
        (Answer(302), "leads_in_circles"),
    ],
)
def test_a_first_page_that_is_not_the_portals(store: Store, page: Answer, finding: str) -> None:
    network = world(store, page=page)

    assert findings(store, network) == {**WELL, "page": finding}
    assert {urlsplit(address).hostname for address in network.asked} == {"fennel.test"}
    assert len(network.asked) <= 6


def test_a_redirect_to_https_is_followed(store: Store) -> None:
    store.base_url = "http://fennel.test"
    moved = {path: Answer(301, {"location": f"https://fennel.test{path}"}) for path in ("/", "/store/health")}

    def to_https(address: str) -> Answer:
        return Answer(301, {"location": address.replace("http:", "https:", 1)})

    network = world(store, pages={"http://fennel.test/": moved["/"], "http://fennel.test/store/health": to_https})

    assert findings(store, network) == WELL


@pytest.mark.parametrize(
    ("said", "finding"),
    [
        (Answer(404, HTML, b"Not found"), "another_site"),
        (Answer(200, HTML, b"<h1>Parked</h1>"), "another_site"),
        (Answer(200, {}, b'{"proof": "0"}'), "another_site"),
        (Answer(200, {}, b'{"proof": 7}'), "another_site"),
        (Answer(200, {}, b"[]"), "another_site"),
        (Answer(200, {}, b"\xff{"), "another_site"),
        (Answer(302, {"location": "https://elsewhere.test/"}), "leads_elsewhere"),
        (Answer(302, {"location": "//[fennel.test/"}), "leads_elsewhere"),  # no address at all
    ],
)
def test_somebody_else_who_answers_in_its_place(store: Store, said: Answer, finding: str) -> None:
    assert findings(store, world(store, proof=said)) == {**WELL, "portal": finding}


def test_a_sign_in_that_leads_to_no_address_at_all_is_told_as_leading_astray(store: Store) -> None:
    orders = Answer(303, {"location": "http://[fennel.test/"})

    portal = looked_at(store, world(store, orders=orders))[2]

    assert (portal.finding, portal.facts["to"]) == ("leads_elsewhere", "http://[fennel.test/")


def test_another_store_that_answers_in_its_place(shop: Shop, other_shop: Shop, store: Store) -> None:
    address = {"host": "trade.test", "base_url": "http://trade.test", "mail_from": "orders@trade.test"}
    trade = Store.objects.create(workspace=shop.workspace, name="Trade", **address)

    assert findings(store, world(store, proof=proving(trade)))["portal"] == "another_store"
    # Of another tenant's nothing is told but that it is not this one.
    assert findings(store, world(store, proof=proving(other_shop.store)))["portal"] == "another_site"


def test_a_proof_that_was_given_before_proves_nothing(store: Store) -> None:
    old = Answer(200, {}, json.dumps({"proof": proof(store.pk, "a" * 32)}).encode())

    assert findings(store, world(store, proof=old))["portal"] == "another_site"


@pytest.mark.parametrize(
    "orders", [Answer(200, HTML), Answer(500), Answer(303, {"location": "/elsewhere"}), Answer(303), Answer(404)]
)
def test_orders_that_do_not_lead_to_the_sign_in(store: Store, orders: Answer) -> None:
    assert findings(store, world(store, orders=orders)) == {**WELL, "portal": "no_sign_in"}


@pytest.mark.parametrize(
    ("mail", "finding", "verdict"),
    [("mail.fennel.shop", "server", Verdict.OK), (None, "kept_here", Verdict.FAILED)]
    + [(cause, cause.value, Verdict.FAILED) for cause in Cause],
)
def test_whether_mails_can_leave(store: Store, mail: str | Cause | None, finding: str, verdict: Verdict) -> None:
    check = looked_at(store, world(store, mail=mail))[3]

    assert (check.finding, words_of(check).verdict) == (finding, verdict)


@pytest.mark.parametrize(
    ("sender", "finding"),
    [
        ("orders@fennel.shop", "unproved"),
        ("orders@fennel.example", "reserved_domain"),
        ("orders@EXAMPLE.com", "reserved_domain"),
        ("orders@localhost", "reserved_domain"),
        ("orders@counterexample.com", "unproved"),
    ],
)
def test_whether_mailboxes_can_believe_the_sender(store: Store, sender: str, finding: str) -> None:
    store.mail_from = sender

    check = looked_at(store, world(store))[4]

    assert check.finding == finding
    assert sender in words_of(check).seen


def test_each_failure_says_what_to_do_and_no_word_is_left_open() -> None:
    facts = {name: f"<{name}>" for name in ("host", "addresses", "address", "listens", "status", "to", "sender")}
    facts |= {"domain": "<domain>", "server": "<server>"}
    for subject, known in FINDINGS.items():
        for finding in known:
            words = words_of(Check(subject, finding, facts))
            assert bool(words.do) is (words.verdict is not Verdict.OK), finding
            assert "…" not in words.seen + words.do, finding
            assert "{" not in words.seen + words.do, finding


def test_words_of_a_finding_that_is_not_known_any_more() -> None:
    assert words_of(Check(Subject.PAGE, "upside_down")).verdict is Verdict.UNKNOWN


# Asking for it, and what is kept.


def test_what_was_found_is_kept_with_who_asked(shop: Shop, other_shop: Shop, store: Store) -> None:
    begun = begin_check(viewer=shop.staff, store=store)
    assert not was_checked(viewer=shop.staff, store=store, begun=begun)

    checks = check_store(viewer=shop.staff, store=store, begun=begun, network=world(store))

    assert was_checked(viewer=shop.staff, store=store, begun=begun)
    assert not was_checked(viewer=other_shop.staff, store=store, begun=begun)
    event = Event.objects.get(kind="store.checked")
    assert (event.actor, event.topic, event.internal) == (shop.staff.reference, f"store_{store.pk}", True)
    [(at, kept)] = newest_checks(shop.workspace.pk, [store.pk, 0]).values()
    assert (at, kept) == (event.created_at, checks)
    assert newest_checks(other_shop.workspace.pk, [store.pk]) == {}


def test_the_newest_check_is_the_one_that_counts(shop: Shop, store: Store) -> None:
    for network in (Nowhere(), world(store)):
        begun = begin_check(viewer=shop.staff, store=store)
        check_store(viewer=shop.staff, store=store, begun=begun, network=network)

    assert newest_checks(shop.workspace.pk, [store.pk])[store.pk][1][0].finding == "resolves"


def test_a_workspace_checks_so_often_and_then_waits(shop: Shop, other_shop: Shop, store: Store) -> None:
    for _ in range(CHECKS_A_QUARTER):
        begin_check(viewer=shop.staff, store=store)

    with pytest.raises(Invalid, match=r"Check again in \d+ min\."):
        begin_check(viewer=shop.staff, store=store)
    begin_check(viewer=other_shop.staff, store=other_shop.store)

    assert Event.objects.filter(kind="store.check_begun").count() == CHECKS_A_QUARTER + 1


def test_admins_alone_check_their_own_stores(shop: Shop, other_shop: Shop, store: Store) -> None:
    for viewer in (shop.hire("Tom", Role.SHOP_MANAGER), anonymous(shop.workspace.pk)):
        with pytest.raises(Forbidden, match="settings:write"):
            begin_check(viewer=viewer, store=store)
        with pytest.raises(Forbidden, match="settings:write"):
            check_store(viewer=viewer, store=store, begun=1, network=Nowhere())
    with pytest.raises(NotFound):
        begin_check(viewer=other_shop.staff, store=store)

    assert not Event.objects.filter(kind__startswith="store.check").exists()


@pytest.mark.parametrize("challenge", ["", "short", "a" * 65, "a b" * 9, "ä" * 20, "a" * 20 + "\0", "../" * 9])
def test_what_is_no_challenge_is_proved_to_nobody(challenge: str) -> None:
    assert proof(1, challenge) is None


def test_each_store_has_a_proof_of_its_own() -> None:
    assert len({proof(1, "a" * 20), proof(2, "a" * 20), proof(1, "b" * 20)}) == 3


def test_unreachable_says_its_cause() -> None:
    assert str(Unreachable(Cause.REFUSED)) == "refused"
