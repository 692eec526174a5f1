"""The admin's pages of products: their list, and the form that makes and changes them, with its image (OR-8)."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from counterfoil.access.viewer import Role
from counterfoil.catalog.actions import NewUnit, save_product, set_product_image
from counterfoil.catalog.models import Product
from tests.admin_ui.pages import Html
from tests.conversations.test_hostile_text import MORE, STRINGS
from tests.factories import Shop
from tests.pictures import picture
from tests.services import need

pytestmark = pytest.mark.slow_on_postgresql

HTMX = {"HX-Request": "true"}
EACH = NewUnit("each", Decimal("2.55"), "GBP")
ROWS = (("each", "2.55", "GBP"), ("label", "0.0045", "gbp"), ("", "", "GBP"))
TIN = {"sku": "TT-22", "name": "Tea tin", "category": "Kitchen", "active": "1"}


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """An empty folder for files."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def staff(shop: Shop) -> Client:
    client = Client(headers={"Host": "fennel.test"})
    client.force_login(shop.user)
    return client


@pytest.fixture
def product(shop: Shop) -> Product:
    return save_product(viewer=shop.staff, sku="TT-22", name="Tea tin", units=[EACH], category="Kitchen")


def page_of(product: Product) -> str:
    return f"/admin/products/product_{product.pk}"


def form(
    units: Sequence[tuple[str, str, str]] = ROWS, image: bytes | None = None, key: str = "k1", **facts: Any
) -> dict[str, Any]:
    """What the browser sends: None takes a control out."""
    columns = zip(*units, strict=True) if units else ((), (), ())
    sent = {
        "client_mutation_key": key,
        **TIN,
        **facts,
        **dict(zip(("unit", "price", "currency"), columns, strict=True)),
    }
    if image is not None:
        sent["image"] = SimpleUploadedFile("photo.svg", image, content_type="image/svg+xml")  # its content counts
    return {name: value for name, value in sent.items() if value is not None}


def units_of(product: Product) -> list[tuple[str, Decimal, str]]:
    return list(product.units.order_by("ordinal").values_list("name", "price", "currency"))


def shown_units(response: HttpResponse) -> list[tuple[str, ...]]:
    html = Html(response)
    return list(zip(*(html.values(name) for name in ("unit", "price", "currency")), strict=True))


@pytest.mark.feature("OR-8")
def test_staff_make_a_product_with_an_image_and_read_it_back_exactly(staff: Client, shop: Shop) -> None:
    response = staff.post("/admin/products/new", form(image=picture()))

    made = Product.objects.get()
    assert (response.status_code, response.headers["Location"]) == (303, f"{page_of(made)}?done=made")
    assert (made.workspace_id, made.sku, made.name, made.active) == (shop.workspace.pk, "TT-22", "Tea tin", True)
    assert units_of(made) == [("each", Decimal("2.55"), "GBP"), ("label", Decimal("0.0045"), "GBP")]
    page = staff.get(response.headers["Location"])
    assert shown_units(page) == [("each", "2.55", "GBP"), ("label", "0.0045", "GBP"), ("", "", "GBP")]
    html = Html(page)
    assert [html.value(name) for name in ("sku", "name", "category")] == ["TT-22", "Tea tin", "Kitchen"]
    assert html.images() == [f"/media/{made.image}"]
    assert "The product is made." in html.text


@pytest.mark.feature("OR-8")
def test_saving_what_the_form_shows_changes_nothing_and_what_was_typed_anew_does(
    staff: Client, product: Product
) -> None:
    page = staff.get(page_of(product))
    staff.post(page_of(product), form(units=shown_units(page)))
    assert units_of(product) == [("each", Decimal("2.55"), "GBP")]

    units = [("case of 12", "24", "GBP"), ("", " ", "GBP"), ("each", "0.0001", "EUR")]
    response = staff.post(page_of(product), form(units, key="k2", name="Tin", category="", active=None))

    assert response.headers["Location"] == f"{page_of(product)}?done=saved"
    changed = Product.objects.get()
    assert (changed.name, changed.category, changed.active) == ("Tin", None, False)
    assert units_of(changed) == [("case of 12", Decimal(24), "GBP"), ("each", Decimal("0.0001"), "EUR")]


def test_the_same_form_twice_makes_one_product_and_another_with_its_key_says_so(staff: Client) -> None:
    first, again = (staff.post("/admin/products/new", form(image=picture())) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]

    other = staff.post("/admin/products/new", form(sku="OTHER"))

    assert other.status_code == 422
    assert "This form has made a product before" in Html(other).text
    assert Html(other).value("client_mutation_key") != "k1"
    assert [product.sku for product in Product.objects.all()] == ["TT-22"]


REFUSALS = [
    ({"sku": " "}, "sku", "Write something here"),
    ({"sku": "bc-07"}, "sku", "Another product has the SKU bc-07"),
    ({"name": "x" * 301}, "name", "use at most 300"),
    ({"category": "x" * 121}, "category", "use at most 120"),
    ({"units": [("", "", ""), ("each", "1,50", "GBP")]}, "price-2", "Write a price such as 2.55"),
    ({"units": [("each", "-1", "GBP")]}, "price-1", "Write a price such as 2.55"),
    ({"units": [("each", "0.00001", "GBP")]}, "price-1", "at most 4 decimals"),
    ({"units": [("each", "", "GBP")]}, "price-1", "Write a price such as 2.55"),
    ({"units": [("", "", ""), ("each", "1", "GBP"), ("", "2", "GBP")]}, "unit-3", "Write something here"),
    ({"units": [("each", "1", "GBP"), ("", "", ""), ("each", "2", "GBP")]}, "unit-3", "each stands above"),
    ({"units": [("each", "1", "QQQ")]}, "currency-1", "'QQQ' is no currency code"),
    ({"units": [("each", "1", "")]}, "currency-1", "is no currency code"),
    ({"units": [("", "", "GBP")]}, None, "at least one unit"),
    ({"units": []}, None, "at least one unit"),
]


@pytest.mark.feature("OR-8")
@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_what_can_not_be_kept_is_refused_at_its_control_with_everything_typed(
    staff: Client, shop: Shop, product: Product, htmx: bool
) -> None:
    save_product(viewer=shop.staff, sku="BC-07", name="Cutters", units=[EACH])
    before = list(Product.objects.order_by("pk").values())

    for address in ("/admin/products/new", page_of(product)):
        for given, control, told in REFUSALS:
            typed = form(**{"sku": "TT-99", **given})
            response = staff.post(address, typed, headers=HTMX if htmx else {})

            html = Html(response)
            assert response.status_code == 422, given
            assert told in (html.told_at(control) if control else html.text), given
            assert {name: html.value(name) for name in ("sku", "name", "category")} == {
                name: typed[name] for name in ("sku", "name", "category")
            }
            assert shown_units(response)[: len(typed["unit"])] == list(
                zip(typed["unit"], typed["price"], typed["currency"], strict=True)
            )
            assert html.value("client_mutation_key") == "k1"
            assert ("<html" in response.content.decode()) is not htmx

    assert list(Product.objects.order_by("pk").values()) == before
    assert units_of(product) == [("each", Decimal("2.55"), "GBP")]


def test_one_unit_more_keeps_everything_typed_and_saves_nothing(staff: Client, product: Product) -> None:
    typed = [("each", "not yet", "GBP"), ("case", "", "EUR")]

    response = staff.post(page_of(product), {**form(typed, sku="", active=None), "add_unit": "1"})

    assert response.status_code == 200
    assert shown_units(response) == [*typed, ("", "", "EUR")]
    html = Html(response)
    assert html.value("sku") == ""
    assert html.value("client_mutation_key") == "k1"
    assert html.focused() == ["unit-3"]
    assert "checked" not in html.control("active")
    assert Product.objects.get().sku == "TT-22"


def test_a_form_holds_a_hundred_units(staff: Client, shop: Shop) -> None:
    units = [NewUnit(f"case of {number}", Decimal(number), "GBP") for number in range(100)]
    product = save_product(viewer=shop.staff, sku="TT-22", name="Tin", units=units)
    page = staff.get(page_of(product))
    assert len(shown_units(page)) == 100
    assert "add_unit" not in page.content.decode()

    assert staff.post(page_of(product), form(shown_units(page))).status_code == 303
    assert staff.post(page_of(product), form([*shown_units(page), ("each", "1", "GBP")])).status_code == 422
    assert len(units_of(product)) == 100


def test_a_sound_image_is_kept_when_a_fact_is_refused(staff: Client, product: Product) -> None:
    response = staff.post(page_of(product), form(sku="", image=picture()))

    assert response.status_code == 422
    html, kept = Html(response), Product.objects.get()
    assert (kept.sku, html.images()) == ("TT-22", [f"/media/{kept.image}"])
    assert "The image is saved, the rest is not yet." in html.text
    assert html.told_at("sku") == "Write something here."


def test_for_a_product_that_is_not_made_yet_the_image_is_asked_for_again(staff: Client) -> None:
    plain = staff.post("/admin/products/new", form(sku="", image=picture()))
    assert "choose the image again" in Html(plain).told_at("image")

    htmx = staff.post("/admin/products/new", form(sku="", image=picture()), headers=HTMX)  # the control stays
    assert "choose the image again" not in Html(htmx).text
    assert any("hx-preserve" in attributes for _, attributes in Html(htmx).tags)
    assert not Product.objects.exists()


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
def test_a_refused_image_of_a_new_product_leaves_its_product(staff: Client, htmx: bool, media: Path) -> None:
    response = staff.post("/admin/products/new", form(image=b"no image"), headers=HTMX if htmx else {})

    made, html = Product.objects.get(), Html(response)
    assert (response.status_code, made.image, list(media.iterdir())) == (422, "", [])
    assert "send a JPEG, PNG, WebP or GIF" in html.told_at("image")
    assert "The product is made." in html.text
    assert page_of(made) in [attributes.get("action") for tag, attributes in html.tags if tag == "form"]
    assert response.headers.get("HX-Push-Url") == (page_of(made) if htmx else None)
    again = form(shown_units(response), picture(), key=html.value("client_mutation_key"))
    assert staff.post(page_of(made), again).status_code == 303
    assert Product.objects.get().image


def test_a_refused_image_of_a_product_changes_nothing_at_all(staff: Client, shop: Shop, product: Product) -> None:
    image = set_product_image(viewer=shop.staff, product=product, data=picture()).image

    response = staff.post(page_of(product), form(name="Tin", image=picture()[:-30]))

    assert response.status_code == 422
    assert "broken or cut off" in Html(response).told_at("image")
    assert (Product.objects.get().name, Product.objects.get().image) == ("Tea tin", image)


def test_the_image_is_taken_away(staff: Client, shop: Shop, product: Product) -> None:
    set_product_image(viewer=shop.staff, product=product, data=picture())

    assert staff.post(page_of(product), form(remove_image="1")).status_code == 303

    assert Product.objects.get().image == ""
    assert Html(staff.get(page_of(product))).images() == []


@pytest.mark.feature("AC-12")
def test_either_role_gets_in_and_nobody_else(shop: Shop, other_shop: Shop, product: Product) -> None:
    pages = ["/admin/products", "/admin/products/new", page_of(product)]
    manager = type(shop.user).objects.get(memberships__id=shop.hire("Tom", Role.SHOP_MANAGER).staff_id)
    clients = {
        name: Client(headers={"Host": "fennel.test"}) for name in ("admin", "manager", "nobody", "other's staff")
    }
    for name, user in (("admin", shop.user), ("manager", manager), ("other's staff", other_shop.user)):
        clients[name].force_login(user)

    for name, client in clients.items():
        gets_in = name in ("admin", "manager")
        assert [client.get(page).status_code for page in pages] == [200 if gets_in else 302] * 3, name
        answers = [
            client.post(page, form(key=f"{name} {page}", sku=f"{name} {page}")).status_code for page in pages[1:]
        ]
        assert answers == [303] * 2
    assert not Product.objects.filter(sku__contains="nobody").exists()
    assert not Product.objects.filter(sku__contains="other").exists()


@pytest.mark.feature("AC-12")
def test_a_product_of_another_workspace_is_not_found(staff: Client, other_shop: Shop, shop: Shop) -> None:
    foreign = save_product(viewer=other_shop.staff, sku="TT-22", name="Secret", units=[EACH])
    order = f"/admin/products/order_{shop.order().pk}"

    for address in (page_of(foreign), order, "/admin/products/product_999999", "/admin/products/nonsense"):
        assert staff.get(address).status_code == 404
        assert staff.post(address, form(image=picture())).status_code == 404
    assert "Secret" not in staff.get("/admin/products").content.decode()
    foreign.refresh_from_db()
    assert (foreign.name, foreign.image, Product.objects.count()) == ("Secret", "", 1)


def test_the_list_is_searched_narrowed_and_paged(staff: Client, shop: Shop) -> None:
    for number in range(1, 33):
        save_product(viewer=shop.staff, sku=f"B-{number:02}", name=f"Bunting {number}", units=[EACH])
    save_product(viewer=shop.staff, sku="TT-22", name="Tea tin", units=[EACH], active=False)

    def listed(address: str, **headers: str) -> list[str]:
        return Html(staff.get(address, headers=headers)).rows

    first = listed("/admin/products")
    assert (len(first), first[0]) == (30, "Tea tin")
    older = Html(staff.get("/admin/products")).next_page()
    assert listed(older) == ["Bunting 3", "Bunting 2", "Bunting 1"]
    assert listed("/admin/products?q=tt-") == listed("/admin/products?state=inactive") == ["Tea tin"]
    assert listed("/admin/products?q=TIN+tea&state=active") == []
    assert len(listed("/admin/products?after=nonsense")) == 30
    assert "No inactive product matches “bunting”" in Html(staff.get("/admin/products?q=bunting&state=inactive")).text
    searched = staff.get("/admin/products?q=tea", headers={**HTMX, "HX-Trigger": "search"})
    assert (searched.headers["HX-Push-Url"], "1 product found" in Html(searched).text) == (
        "/admin/products?q=tea",
        True,
    )
    assert "<html" not in searched.content.decode()


def test_the_list_asks_as_many_questions_for_one_product_as_for_many(staff: Client, shop: Shop) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as captured:
            staff.get(reverse("admin:products"))
        return len(captured)

    save_product(viewer=shop.staff, sku="A", name="A", units=[EACH], category="Kitchen")
    one = questions()
    for sku in "BCDEFG":
        save_product(viewer=shop.staff, sku=sku, name=sku, units=[EACH, NewUnit("case", Decimal(9), "GBP")])

    assert questions() == one


@pytest.mark.parametrize("every", [50, pytest.param(1, marks=pytest.mark.slow)])
def test_hostile_strings_are_shown_as_text_or_refused(staff: Client, every: int) -> None:
    need(STRINGS.exists(), f"There are no naughty strings at {STRINGS}.")
    strings = [*json.loads(STRINGS.read_text(encoding="utf-8"))[::every], "<script>alert(1)</script>", *MORE]
    kept = 0
    for number, text in enumerate(strings):
        typed = form(
            [(text[:60], "1", "GBP")], sku=f"S-{number}", name=text[:300], category=text[:120], key=f"k{number}"
        )
        typed = {name: _sendable(value) for name, value in typed.items()}
        response = staff.post("/admin/products/new", typed)

        assert response.status_code in (303, 422), text
        shown = Html(staff.get(response.headers["Location"]) if response.status_code == 303 else response)
        assert not shown.acts
        assert shown.value("category").strip() == typed["category"].strip()
        kept += response.status_code == 303
        assert not Html(staff.get("/admin/products", {"q": _sendable(text)})).acts
    assert Product.objects.count() == kept > len(strings) / 2


def _sendable(value: Any) -> Any:
    """What a browser makes of it: halves of surrogate pairs become question marks."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return tuple(map(_sendable, value))
