"""A product's image by mutation, and its file over HTTP (OR-8)."""

import base64
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from counterfoil.catalog.models import Product
from counterfoil.events.models import Event
from tests.factories import Shop
from tests.pictures import opened, picture
from tests.posting import Reply, post, token_of

pytestmark = pytest.mark.slow_on_postgresql

SAVE = """mutation ($input: SaveProductInput!) {
    saveProduct(input: $input) { ... on SaveProductSuccess { product { id imageUrl } } }
}"""
SET = """mutation ($input: SetProductImageInput!) { setProductImage(input: $input) {
    ... on SetProductImageSuccess { product { id imageUrl } } ... on Problem { code field message } } }"""
UNIT = {"name": "each", "price": "2.55", "currency": "GBP"}


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """An empty folder for files."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def token(shop: Shop) -> str:
    return token_of(shop.member)


@pytest.fixture
def gid(token: str) -> str:
    """A product without an image."""
    given = {"clientMutationKey": "made", "sku": "TT-22", "name": "Tea tin", "units": [UNIT]}
    product = post(SAVE, token=token, input=given).data["saveProduct"]["product"]
    assert product["imageUrl"] is None
    return str(product["id"])


def set_image(token: str, gid: str, image: Any, key: str = "k1") -> Reply:
    return post(SET, token=token, input={"clientMutationKey": key, "productId": gid, "image": image})


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.feature("OR-8")
def test_an_image_is_set_served_and_taken_away(token: str, gid: str) -> None:
    told = set_image(token, gid, in_base64(picture(kind="JPEG"))).data["setProductImage"]
    again = set_image(token, gid, in_base64(picture(kind="JPEG"))).data["setProductImage"]

    assert told == again
    address = told["product"]["imageUrl"]
    listed = post("{ products(first: 9) { nodes { id imageUrl } } }", token=token).data["products"]["nodes"]
    assert listed == [{"id": gid, "imageUrl": address}]
    file = Client(headers={"Host": "fennel.test"}).get(address)  # no token: customers see what they buy
    assert (file.status_code, opened(file.content).format) == (200, "WEBP")
    assert file.headers["Content-Type"] == "image/webp"
    assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in file.headers
    assert "Cookie" not in file.headers.get("Vary", "")

    assert set_image(token, gid, None, "k2").data["setProductImage"]["product"]["imageUrl"] is None
    assert Product.objects.get().image == ""


def test_a_key_that_came_with_another_image_is_refused(token: str, gid: str) -> None:
    address = set_image(token, gid, in_base64(picture())).data["setProductImage"]["product"]["imageUrl"]

    assert set_image(token, gid, in_base64(picture(60, 60))).data["setProductImage"]["code"] == "KEY_REUSED"

    assert f"/media/{Product.objects.get().image}" == address


def test_what_is_no_picture_is_a_problem_of_its_field(token: str, gid: str) -> None:
    events = Event.objects.count()

    told = set_image(token, gid, in_base64(b"<svg/>")).data["setProductImage"]

    assert (told["code"], told["field"]) == ("INVALID", "image")
    assert "export it as PNG" in told["message"]
    assert (Product.objects.get().image, Event.objects.count()) == ("", events)


@pytest.mark.parametrize(
    "image", ["not base64!", "QUJ", "QU JD", "QUJD\n", "data:image/png;base64,QUJD", "é", 7, ["QUJD"]]
)
def test_what_is_no_base64_is_the_clients_mistake(token: str, gid: str, image: Any) -> None:
    reply = set_image(token, gid, image)

    assert "This is no Base64" in reply.body["errors"][0]["message"]
    assert "reference" not in str(reply.body)
    assert Product.objects.get().image == ""


def test_a_request_that_is_too_large_is_refused_and_says_how_large_it_may_be(token: str, gid: str) -> None:
    reply = set_image(token, gid, "A" * 2_700_000)

    assert (reply.status, reply.codes) == (413, ["TOO_LARGE"])
    assert "2,621,440 bytes is the most" in reply.body["errors"][0]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "products/0123456789abcdef0123456789abcdef.webp",
        "products/secret.webp",
        "products/../secret.key",
        "products/%2e%2e/secret.key",
        "secret.key",
        "products/",
        "",
        "products/0123456789abcdef0123456789abcdef.webp%0a",
        "products/0123456789ABCDEF0123456789ABCDEF.webp",
    ],
)
def test_nothing_else_is_served_beside_the_images(shop: Shop, media: Path, path: str) -> None:
    (media / "secret.key").write_text("secret")
    (media / "products").mkdir()
    (media / "products" / "secret.webp").write_text("secret")

    assert Client(headers={"Host": "fennel.test"}).get(f"/media/{path}").status_code == 404
