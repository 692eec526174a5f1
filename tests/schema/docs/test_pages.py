"""The documentation's pages: all of the schema, made from it, for everybody, and nothing of anybody's (GQ-11)."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from graphql import build_schema

from counterfoil.access.policy import GRANTABLE
from schema.docs import reference, views
from schema.docs.reference import prose, types
from schema.docs.tasks import TASKS
from schema.root import schema
from tests.factories import Shop

pytestmark = [pytest.mark.feature("GQ-11"), pytest.mark.django_db]

DOCS = "/graphql/docs"
SECTIONS = (
    *("queries", "mutations", "subscriptions"),
    *("objects", "inputs", "enums", "unions", "scalars", "interfaces"),
)
VARIABLE = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]+"')  # in each page another one
PAGES = ("", "/tasks", "/search", "/search?q=order", "/run", *(f"/{section}" for section in SECTIONS))


def page(path: str, host: str = "fennel.test") -> str:
    response = Client(headers={"Host": host}).get(DOCS + path)
    assert response.status_code == 200, path
    return response.content.decode()


@pytest.mark.once
def test_every_type_has_a_page_with_all_that_belongs_to_it() -> None:
    ours = {name: kind for name, kind in schema._schema.type_map.items() if not name.startswith("__")}

    assert set(types()) == set(ours)
    for name, kind in ours.items():
        text = page(f"/types/{name}")
        for part, found in {**getattr(kind, "fields", {}), **getattr(kind, "values", {})}.items():
            assert f'id="{part}"' in text, (name, part)
            assert prose(found.description) in text, (name, part)
            for argument, given in getattr(found, "args", {}).items():
                assert f"<code>{argument}</code>: " in text, (name, part, argument)
                assert prose(given.description) in text, (name, part, argument)


@pytest.mark.once
def test_every_type_stands_in_the_list_of_its_kind_and_every_root_field_in_its_own() -> None:
    listed = [
        name
        for section in SECTIONS[3:]
        for name in re.findall(r'<a href="/graphql/docs/types/(\w+)"><code>', page(f"/{section}"))
    ]

    assert sorted(listed) == sorted(set(types()) - {"Query", "Mutation", "Subscription"})
    for section, root in reference.ROOTS.items():
        text = page(f"/{section}")
        for name in schema._schema.type_map[root].fields:  # type: ignore[attr-defined]
            assert f'href="#{name}"' in text
            assert f'id="{name}"' in text


@pytest.mark.once
def test_every_link_within_the_documentation_leads_to_a_page_and_a_place_in_it() -> None:
    paths = {*PAGES, *(f"/types/{name}" for name in types()), *(f"/tasks/{task.slug}" for task in TASKS)}
    texts = {path: page(path) for path in paths}
    ids = {path: set(re.findall(r' id="([^"]+)"', text)) for path, text in texts.items()}

    for path, text in texts.items():
        assert len(re.findall(r' id="', text)) == len(ids[path]), f"an id twice on {path}"
        for address, fragment in re.findall(r'href="([^"#]*)(?:#([^"]+))?"', text):
            if address.startswith(DOCS) or not address:
                target = address.removeprefix(DOCS) if address else path
                assert target in texts, (path, target)
                assert not fragment or fragment in ids[target], (path, address, fragment)


@pytest.mark.once
def test_a_field_says_its_type_arguments_defaults_and_scope_with_links() -> None:
    text = page("/types/Order")

    assert '<a href="/graphql/docs/types/MessageConnection">MessageConnection</a>!' in text
    scope = '<a class="docs-scope" href="/graphql/docs#scopes">%s</a>'
    assert f"Needs the scopes {scope % 'orders:read'} and {scope % 'messages:read'}." in text
    assert "default <code>&quot;&quot;</code>" in page("/types/FulfilOrderInput")
    assert '[<a href="/graphql/docs/types/PackedLineInput">PackedLineInput</a>!]' in page("/types/FulfilOrderInput")
    assert "https://datatracker.ietf.org/doc/html/rfc4648.html#section-4" in page("/types/Base64")
    assert '<a href="/graphql/docs/types/Problem">' in page("/types/FulfilOrderResult")
    assert '<a href="/graphql/docs/types/Query#order">' in text


@pytest.mark.once
def test_what_is_deprecated_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    old = build_schema(
        'type Query { a(b: Int @deprecated(reason: "Give `c`.")): E @deprecated }'
        ' enum E { X @deprecated(reason: "Gone") }'
        " input I { f: Int @deprecated }"
    )
    monkeypatch.setattr(reference, "_SCHEMA", old)

    found = types.__wrapped__()

    (field,) = found["Query"].fields
    assert field.deprecated == "No longer supported"
    assert field.arguments[0].deprecated == "Give `c`."
    assert found["E"].values[0].deprecated == "Gone"
    assert found["I"].inputs[0].deprecated == "No longer supported"


@pytest.mark.once
def test_a_description_is_text_and_code_between_backticks_alone() -> None:
    assert prose("A `first` <b>") == "A <code>first</code> &lt;b&gt;"
    assert prose("A lonely ` one") == "A lonely ` one"
    assert prose(None) == ""
    assert prose("`orders:read`") == '<a class="docs-scope" href="/graphql/docs#scopes">orders:read</a>'
    assert prose("borders:readers") == "borders:readers"


@pytest.mark.once
def test_the_overview_lists_every_scope_and_no_permission_that_is_none() -> None:
    text = page("")

    assert set(re.findall(r"<tr><td><code>([a-z_:]+)</code>", text)) == set(map(str, GRANTABLE))
    assert "curl -s http://fennel.test/oauth/token" in text
    assert "curl -Ns http://fennel.test/graphql" in text


def test_each_host_shows_the_same_but_its_own_address_and_nothing_of_the_shop(shop: Shop, other_shop: Shop) -> None:
    shop.order(customer="Harbour Café Number Nine", number="INV-77")
    for path in PAGES:
        ours, theirs = page(path), page(path, host="other.test")
        assert "Harbour Café Number Nine" not in ours
        assert "INV-77" not in ours
        assert shop.workspace.name.replace("&", "&amp;") not in ours
        assert VARIABLE.sub("", ours.replace("fennel.test", "other.test")) == VARIABLE.sub("", theirs)


def test_everybody_sees_the_same(shop: Shop, other_shop: Shop) -> None:
    browsers = [Client(headers={"Host": "fennel.test"}) for _ in range(4)]
    browsers[1].get(shop.order().guest_url)
    browsers[2].force_login(shop.user)
    browsers[3].force_login(other_shop.user)

    for path in (*PAGES, "/types/Order", "/tasks/send-a-part"):
        texts = {VARIABLE.sub("", browser.get(DOCS + path).content.decode()) for browser in browsers}
        assert len(texts) == 1, path


def test_the_pages_are_kept_out_of_search_engines_and_run_no_inline_script(shop: Shop) -> None:
    for path in (*PAGES, "/types/Order", "/tasks/send-a-part"):
        response = Client(headers={"Host": "fennel.test"}).get(DOCS + path)
        text = response.content.decode()
        assert '<meta name="robots" content="noindex">' in text
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", text), path
        assert "unsafe" not in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/types/Nope",
        "/types/__Schema",
        "/types/order",
        "/types/Order%00",
        "/nope",
        "/tasks/nope",
        "/",
        "/types/",
        "/query",
    ],
)
def test_what_is_not_there_is_not_found(shop: Shop, path: str) -> None:
    assert Client(headers={"Host": "fennel.test"}).get(DOCS + path).status_code == 404


def test_it_is_there_only_for_whom_the_schema_is_public(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "may_read", lambda request: False)
    browser = Client(headers={"Host": "fennel.test"})

    for path in (*PAGES, "/types/Order", "/tasks/send-a-part"):
        assert browser.get(DOCS + path).status_code == 404
    assert browser.post(f"{DOCS}/run", {"text": "{ position }"}).status_code == 404


def test_no_page_costs_more_than_the_one_statement_that_finds_the_store(shop: Shop) -> None:
    browser = Client(headers={"Host": "fennel.test"})
    for path in (*PAGES, "/types/Mutation", "/types/Order", "/tasks/send-a-part"):
        with CaptureQueriesContext(
            connection,
        ) as statements:
            browser.get(DOCS + path)
        assert len(statements) == 1, path


def test_a_step_fills_the_box(shop: Shop) -> None:
    first, second = page("/tasks/send-a-part"), page("/tasks/send-a-part?step=2")

    assert re.search(r'name="text"[^>]*>\nquery WhatIsLeft', first)
    assert re.search(r'name="text"[^>]*>\nmutation SendParcel', second)
    assert 'data-takes="LINE_ID" data-from="1" data-path="orderByNumber.lines.nodes.1.id"' in second
    for strange in ("0", "9", "x", "", "1' OR"):
        assert re.search(r'name="text"[^>]*>\nquery WhatIsLeft', page(f"/tasks/send-a-part?step={strange}"))


def test_posting_to_a_page_is_refused(shop: Shop) -> None:
    browser = Client(headers={"Host": "fennel.test"})

    assert browser.post(reverse("graphql_docs:overview")).status_code == 405
    assert browser.put(f"{DOCS}/run").status_code == 405
