"""Browsers that sign in to the admin, and apps that show codes."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import MD5PasswordHasher
from django.http import HttpResponse
from django.test import Client
from django_otp.oath import hotp
from django_otp.plugins.otp_totp.models import TOTPDevice

from counterfoil.access import clock, second_factor
from counterfoil.access.models import User
from tests.factories import PASSWORD, Shop


class CountingHasher(MD5PasswordHasher):
    """Counts how many passwords were looked at."""

    algorithm = "counting"
    looked_at = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.looked_at += 1
        return super().encode(password, salt)


def code_of(user: User, seconds: float = 0) -> str:
    """What the user's app shows so many seconds from now."""
    device = TOTPDevice.objects.get(user=user)
    return f"{hotp(device.bin_key, int(clock.now().timestamp() + seconds) // 30):06}"


def secured(user: User) -> list[str]:
    """Give a user a second factor, an hour ago; gives the recovery codes."""
    with clock.at(clock.now() - timedelta(hours=1)):
        device = second_factor.begin(user.pk)
        return second_factor.confirm(user.pk, device, code_of(user))


@dataclass
class Browser:
    """A browser at an address, which keeps its cookies."""

    address: str = "192.0.2.7"
    host: str = "fennel.test"
    client: Client = field(default_factory=Client)

    def get(self, path: str, **given: Any) -> HttpResponse:
        return self._there("get", path, given)

    def post(self, path: str, given: dict[str, Any] | None = None, **more: Any) -> HttpResponse:
        return self._there("post", path, given or {}, **more)

    def sign_in(self, email: str, password: str = PASSWORD, **more: str) -> HttpResponse:
        return self.post("/admin/sign-in", {"email": email, "password": password, **more})

    def send_code(self, code: str, **more: str) -> HttpResponse:
        return self.post("/admin/sign-in/code", {"code": code, **more})

    def is_in(self) -> bool:
        """Whether it is shown the orders."""
        return self.get("/admin/orders").status_code == 200

    def opens_nothing(self) -> bool:
        """Whether pages, changes, the poll of live pages and the API all treat it as nobody."""
        pages = ("/admin/", "/admin/orders", "/admin/customers", "/admin/account", "/admin/nowhere")
        away = all(self.get(page).status_code == 302 for page in pages)
        unchanged = self.post("/admin/products/new", {"name": "Tin"}).status_code == 303
        unheard = self.get("/admin/live/poll?topics=*&after=0").status_code == 403
        asked = self.client.post(
            "/graphql",
            '{"query": "{ viewer { kind } }"}',
            content_type="application/json",
            headers={"host": self.host},
        )
        return away and unchanged and unheard and "ANONYMOUS" in asked.content.decode().upper()

    def _there(self, method: str, path: str, given: dict[str, Any], **more: Any) -> HttpResponse:
        headers = {"host": self.host, **more.pop("headers", {})}
        answer: HttpResponse = getattr(self.client, method)(
            path, given, headers=headers, REMOTE_ADDR=self.address, **more
        )
        return answer


def text(answer: object) -> str:
    """The page as it was sent."""
    content: bytes = answer.content  # type: ignore[attr-defined]
    return content.decode()


def signed_in(shop: Shop) -> Browser:
    """A browser of the shop's admin, who has a second factor if they need one."""
    browser = Browser()
    browser.sign_in(shop.user.email)
    if second_factor.has_second_factor(shop.user.pk):
        assert browser.send_code(code_of(shop.user)).status_code == 303
    return browser


def proved(browser: Client) -> Client:
    """A browser that has just proved who is there."""
    session = browser.session
    session["proved_at"] = clock.now().isoformat()
    session.save()
    return browser
