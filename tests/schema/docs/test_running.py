"""The query box runs what a program's own request would run, says what is wrong, and keeps no token (GQ-11)."""

import json
import logging
import re

import pytest
from django.http import HttpResponse
from django.test import Client

from counterfoil.conversations.models import Message
from schema.docs import running
from tests.factories import Shop
from tests.posting import post, token_of

pytestmark = [pytest.mark.feature("GQ-11"), pytest.mark.django_db]

WHO = "{ viewer { kind name } workspace { name } }"
BOX = "/graphql/docs/run"
SEND = """mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) { ... on SendMessageSuccess { sent { text } } ... on Problem { code } }
}"""


def run(
    text: str, variables: str = "", token: str = "", *, htmx: bool = True, host: str = "fennel.test"
) -> HttpResponse:
    headers = {"Host": host} | ({"HX-Request": "true"} if htmx else {})
    return Client(headers=headers).post(BOX, {"text": text, "variables": variables, "token": token})  # type: ignore[return-value]


def unescaped(response: HttpResponse) -> str:
    text = response.content.decode()
    for entity, character in (("&quot;", '"'), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


def answer_in(response: HttpResponse) -> dict[str, object]:
    """The JSON that the box shows."""
    found = re.search(r'id="answer".*?<pre[^>]*><code>(.*?)</code></pre>', unescaped(response), re.DOTALL)
    assert found, unescaped(response)
    return json.loads(found[1])  # type: ignore[no-any-return]


def told(body: dict[str, object]) -> dict[str, object]:
    """An answer without what may differ from one request to the next."""
    return {name: value for name, value in body.items() if name != "extensions"}


def test_it_answers_as_the_endpoint_does_with_the_token_and_without(shop: Shop, other_shop: Shop) -> None:
    token = token_of(shop.member)

    assert told(answer_in(run(WHO, token=token))) == told(post(WHO, token=token).body)
    assert told(answer_in(run(WHO))) == told(post(WHO).body)
    assert told(answer_in(run(WHO, host="other.test"))) == told(post(WHO, host="other.test").body)
    refused = run(WHO, token=token, host="other.test")
    assert told(answer_in(refused)) == told(post(WHO, token=token, host="other.test").body)
    assert '<span class="chip bad">401</span>' in unescaped(refused)
    assert "The token was refused" in unescaped(refused)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{ viewer { nothing } }", ""),
        ("{ viewer {", ""),
        ("query A($n: Int!) { orders(first: $n) { nodes { id } } }", '{"n": "x"}'),
        ("fragment A on Order { id }", ""),
        ("{" * 3000, ""),
    ],
)
def test_an_operation_that_can_not_run_is_answered_in_the_endpoints_own_words(
    shop: Shop, text: str, variables: str
) -> None:
    response = run(text, variables)
    found = answer_in(response)

    assert told(found) == told(post(text, **json.loads(variables or "{}")).body)
    assert '<span class="chip bad">' in unescaped(response)
    assert "errors" in found


def test_variables_in_any_script_arrive_and_the_answer_shows_them(shop: Shop) -> None:
    order = shop.order()
    said = "الفوانيس <b>في الطريق</b> إليكم"
    given = {"input": {"clientMutationKey": "box", "orderId": order.topic, "text": said}}

    response = run(SEND, json.dumps(given), token_of(shop.member))

    assert told(answer_in(response)) == {"data": {"sendMessage": {"sent": {"text": said}}}}
    assert Message.objects.get().text == said
    assert "<b>في" not in response.content.decode()


@pytest.mark.parametrize(
    ("text", "variables", "said"),
    [
        ("", "", "Operation: Write an operation first"),
        ("  \n ", "{}", "Operation: Write an operation first"),
        (
            WHO,
            "{",
            "Variables: This is no JSON: Expecting property name enclosed in double quotes in line 1, column 2.",
        ),
        (WHO, "[1]", "Variables: Variables are a JSON object"),
        (WHO, "[" * 90_000, "Variables: This JSON can’t be read."),
        (WHO, "9" * 5000, "Variables: This JSON can’t be read."),
    ],
)
def test_what_can_not_be_sent_is_refused_beside_what_was_typed_and_nothing_runs(
    shop: Shop, text: str, variables: str, said: str
) -> None:
    alone, page = run(text, variables), run(text, variables, htmx=False)

    for response in (alone, page):
        shown = re.sub(r"<[^>]*>", "", unescaped(response))
        assert response.status_code == 422
        assert said in " ".join(shown.split())
        assert "Nothing was run." in shown
    assert '<span class="chip' not in alone.content.decode()
    assert 'aria-invalid="true" aria-describedby="wrong"' in page.content.decode()


def test_a_subscription_is_not_run_and_comes_back_as_a_command(shop: Shop) -> None:
    response = run("subscription S($after: Position) { orderChanged(after: $after) { kind } }", '{"after": "7"}')

    text = unescaped(response)
    assert response.status_code == 200
    assert "A subscription stays open, which this box can’t show." in text
    assert "curl -Ns http://fennel.test/graphql" in text
    assert "Accept: text/event-stream" in text
    assert '"variables": {"after": "7"}' in text


def test_without_scripts_the_page_comes_back_with_all_that_was_typed_but_the_token(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = token_of(shop.member)

    page = run(WHO, '{"a": "</textarea><script>"}', token, htmx=False)

    text = page.content.decode()
    assert page.status_code == 200
    assert answer_in(page)["data"] == post(WHO, token=token).data
    assert f">\n{WHO}</textarea>" in text
    assert '{"a": "</textarea><script>"}' not in text
    assert '{"a": "</textarea><script>"}' in unescaped(page)
    assert token not in text
    assert token not in str(page.headers) + str(page.cookies)
    assert token not in caplog.text


def test_a_token_in_the_address_is_none(shop: Shop) -> None:
    token = token_of(shop.member)
    client = Client(headers={"Host": "fennel.test", "HX-Request": "true"})

    response = client.post(f"{BOX}?token={token}", {"text": WHO})
    page = client.get(f"{BOX}?token={token}&text=x")

    assert answer_in(response)["data"]["viewer"] == {"kind": "ANONYMOUS", "name": ""}  # type: ignore[index]
    assert token not in page.content.decode()


def test_who_is_signed_in_asks_as_nobody_without_a_token(shop: Shop) -> None:
    client = Client(headers={"Host": "fennel.test", "HX-Request": "true"})
    client.force_login(shop.user)

    response = client.post(BOX, {"text": WHO}, headers={"Authorization": f"Bearer {token_of(shop.member)}"})

    assert answer_in(response)["data"]["viewer"] == {"kind": "ANONYMOUS", "name": ""}  # type: ignore[index]


def test_a_form_of_another_site_runs_nothing_and_what_was_typed_is_given_back(shop: Shop) -> None:
    client = Client(enforce_csrf_checks=True, headers={"Host": "fennel.test"})

    response = client.post(BOX, {"text": "mutation Mine { x }", "token": "secret"})

    assert response.status_code == 403
    assert "mutation Mine { x }" in response.content.decode()
    assert "secret" not in response.content.decode()


def test_a_long_answer_is_cut(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MOST_SHOWN", 40)

    text = unescaped(run("{ partnerScopes { name description } }"))

    assert '<code>{\n  "data": {\n    "partnerScopes": [\n   </code>' in text
    assert "only its beginning is shown" in text


def test_where_no_store_answers_the_box_says_so(shop: Shop, other_shop: Shop) -> None:
    response = run(WHO, host="localhost")

    assert answer_in(response)["errors"] == post(WHO, host="localhost").body["errors"]
    assert '<span class="chip bad">404</span>' in unescaped(response)
