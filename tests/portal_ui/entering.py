"""How tests get into the portal."""

from django.http import HttpResponse
from django.test import Client
from django.utils.datastructures import MultiValueDict

from counterfoil.customers import codes, sessions
from counterfoil.customers.links import customer_url, public_url
from counterfoil.customers.models import Contact, Customer, OneTimeCode
from counterfoil.workspaces.models import Workspace
from schema import buyers

SIGN_IN, CODE, SIGN_OUT = "/store/account/sign-in", "/store/account/code", "/store/account/sign-out"
WELCOME, PROVE = "/store/welcome", "/store/welcome/proof"
ORDERS, PAST = "/store/account/orders", "/store/orders"


def browser(host: str = "fennel.test", **headers: str) -> Client:
    """A browser that has been nowhere yet."""
    return Client(headers={"Host": host, **headers})


def signed_in(contact: Contact, host: str = "fennel.test") -> Client:
    """A browser in which this contact is signed in."""
    there, response = browser(host), HttpResponse()
    buyers.hand_account(response, sessions.begin(contact=contact, address=None, program=""))
    there.cookies.update(response.cookies)
    return there


def newest_code() -> str:
    """The code that was mailed last."""
    return codes.digits_of(OneTimeCode.objects.latest("pk"))


def hidden(page: HttpResponse, name: str) -> str:
    """The value of a form's hidden control."""
    found = MultiValueDict()
    for piece in page.content.decode().split('<input type="hidden" ')[1:]:
        attributes = piece.partition(">")[0].split('"')
        found.appendlist(attributes[1], attributes[3])
    return found[name]


def link_of(customer: Customer) -> str:
    """The path of a customer's present link."""
    customer.refresh_from_db()
    return customer_url("", customer.pk, customer.link_version)


def public_link_of(workspace: Workspace) -> str:
    """The path of the workspace's present public link."""
    workspace.refresh_from_db()
    return public_url("", workspace.pk, workspace.public_link_version)
