"""What a mail says: the message exactly, and one button with the order's key (CN-7)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

import pytest
from django.test import Client

from counterfoil.access import clock
from counterfoil.conversations.actions import send_message
from counterfoil.customers.models import Contact
from counterfoil.mail.models import Mail
from counterfoil.mail.rendering import new_message
from counterfoil.orders.actions import rotate_order_key
from counterfoil.orders.models import Order
from tests.factories import Shop

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = (
    "<script>alert('ä')</script> & <a href=\"https://evil.example\">“free”</a> {{ url }} {% now 'Y' %}\n\n  שלום 🎁"
)


@dataclass
class Page(HTMLParser):
    """An HTML mail as a reader sees it: its links, its elements, its text."""

    html: str
    links: list[tuple[str, str]] = field(default_factory=list)
    elements: set[str] = field(default_factory=set)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag == "a":
            self.links.append((dict(attrs)["href"] or "", ""))

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.links and not self.links[-1][1]:
            self.links[-1] = (self.links[-1][0], data)


def mail_about(shop: Shop, text: str, order: Order | None = None) -> EmailMessage:
    """The mail about a new staff message, as a mail program gets it."""
    send_message(viewer=shop.staff, order=order or shop.order(), text=text)
    return received(Mail.objects.latest("pk"))


def received(mail: Mail) -> EmailMessage:
    return message_from_bytes(new_message(mail).message().as_bytes(), _class=EmailMessage, policy=default)


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@pytest.mark.feature("CN-7")
def test_a_mail_says_who_wrote_about_what_and_never_pretends_to_be_answered_by_a_machine(shop: Shop) -> None:
    with clock.at(datetime(2026, 3, 2, 10, 4, tzinfo=UTC)):
        mail = mail_about(shop, "Your parcel left today.", shop.order(number="4137", email="ana@harbour.example"))

    assert mail["Subject"] == "Fennel & Twine wrote about your order 4137"
    assert mail["From"] == "Fennel & Twine <orders@fennel.test>"
    assert mail["To"] == "ana@harbour.example"
    assert mail["Date"] == "Mon, 02 Mar 2026 10:04:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"


@pytest.mark.feature("CN-7")
def test_both_bodies_hold_the_whole_message_and_one_way_to_the_thread(shop: Shop) -> None:
    order = shop.order(number="4137")
    mail = mail_about(shop, HOSTILE, order)
    text, page = part(mail, "plain"), Page(part(mail, "html"))
    address = f"{order.guest_url}#conversation"

    assert HOSTILE in text
    assert text.count("http://fennel.test") == 1
    assert address in text.splitlines()
    assert HOSTILE in page.text
    assert page.links == [(address, "Read and answer")]
    assert "script" not in page.elements
    assert "Hello Ana Reis," in page.text
    assert "Hello Ana Reis," in text


@pytest.mark.feature("CN-7")
@pytest.mark.feature("AC-2")
def test_the_button_opens_the_order_without_a_login(shop: Shop) -> None:
    order = shop.order(number="A&B+1")
    mail = mail_about(shop, "Hello", order)
    ((address, _),) = Page(part(mail, "html")).links
    browser = Client(headers={"Host": "fennel.test"})
    first = browser.get(address.removeprefix("http://fennel.test"))
    page = browser.get(first.headers["Location"])

    assert first.status_code == 303
    assert page.status_code == 200
    assert "Hello" in page.content.decode()


@pytest.mark.feature("CN-8")
def test_a_mail_that_waited_while_the_key_was_regenerated_carries_the_new_key(shop: Shop) -> None:
    order = shop.order()
    old = Page(part(mail_about(shop, "Hello", order), "html")).links[0][0]
    rotate_order_key(viewer=shop.staff, order=order)
    new = Page(part(received(Mail.objects.get()), "html")).links[0][0]

    order.refresh_from_db()
    assert new == f"{order.guest_url}#conversation"
    assert new != old


def test_names_can_break_neither_the_headers_nor_the_page(shop: Shop) -> None:
    shop.store.name = 'Fennel "& <b>Twine</b>", est. 1987 – Größe'
    shop.store.save()
    order = shop.order(contact="<i>Ana</i>")
    Contact.objects.update(name="<i>Ana</i>\r\nBcc: evil@evil.example")  # which no action takes
    mail = mail_about(shop, "Hello", order)
    page = Page(part(mail, "html"))

    assert mail["From"].addresses[0].addr_spec == "orders@fennel.test"
    assert mail["From"].addresses[0].display_name == "Fennel '& <b>Twine</b>', est. 1987 – Größe"
    assert mail["Subject"].startswith('Fennel "& <b>Twine</b>", est. 1987 – Größe wrote about')
    assert mail["Bcc"] is None
    assert not page.elements & {"i", "b"}


@pytest.mark.feature("OP-3")
def test_a_mail_keeps_its_message_id_however_often_it_is_tried_and_shares_it_with_no_other(shop: Shop) -> None:
    order = shop.order()
    for text in ("one", "two"):
        send_message(viewer=shop.staff, order=order, text=text)
    first, second = Mail.objects.order_by("pk")
    first_ids = {str(received(first)["Message-ID"]) for _ in range(3)}
    (second_id,) = {str(received(second)["Message-ID"])}
    (first_id,) = first_ids

    assert first_id.endswith("@fennel.test>")
    assert first_id != second_id
    assert str(order.pk) != first_id.strip("<").partition("@")[0]


def test_the_page_names_its_language_and_lets_each_text_choose_its_direction(shop: Shop) -> None:
    html = part(mail_about(shop, "שלום"), "html")

    assert '<html lang="en">' in html
    assert 'dir="auto"' in html
    assert "<img" not in html  # nothing in it can report that it was opened
