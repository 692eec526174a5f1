"""Staff make and change a product by hand, with its image, with and without JavaScript (OR-8)."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.test_pages import WIDTHS, beyond_the_edge, violations
from tests.browser.windows import Windows
from tests.demo import Demo
from tests.pictures import opened, picture

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.slow]


def photo(width: int, height: int) -> FilePayload:
    """A file to choose."""
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": picture(width, height, kind="JPEG")}


def expect_fit_for_all(page: Page) -> None:
    """The page as it stands is accessible and within its edge, narrow and wide, light and dark."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light")
        assert violations(page) == [], f"{width} px, light"
        page.emulate_media(color_scheme="dark")
        assert violations(page, colours_alone=True) == [], f"{width} px, dark"
        assert beyond_the_edge(page) == [], f"{width} px"


def expect_image(page: Page, shape: float) -> None:
    """The product's image is there, this many times as wide as high."""
    image = page.locator("img.picture")
    expect(image).to_be_visible()
    file = opened(page.request.get(image.evaluate("one => one.src")).body())
    assert file.width / file.height == shape


def open_products(page: Page) -> None:
    """By the navigation."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Products").click()


@pytest.mark.feature("OR-8")
@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param(True, id="with scripts"),
        pytest.param(False, id="without JavaScript", marks=pytest.mark.slow),
    ],
)
def test_staff_make_a_product_with_an_image_and_change_it(demo: Demo, windows: Windows, scripts: bool) -> None:
    windows.expect_complaint("status of 422")
    page = windows.profile(staff=0, java_script_enabled=scripts).new_page()
    page.goto(f"{demo.base}/admin/orders")
    open_products(page)
    page.get_by_role("link", name="New product").click()
    sku, name = f"TT-{scripts}", f"Tea tin {'on' if scripts else 'off'}"

    # What can't be taken is refused beside its control, and nothing typed is lost
    page.get_by_label("SKU").fill(sku)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Unit", exact=True).fill("case of 12")
    page.get_by_label("Price").fill("24,00")
    page.get_by_label("Currency").fill("gbp")
    file = page.get_by_label("Choose an image")
    if scripts:
        file.set_input_files({**photo(80, 40), "buffer": bytes(8 * 2**20 + 1)})
        expect(page.get_by_role("alert").filter(has_text="larger than 8 MB")).to_be_visible()
        expect(file).to_have_value("")
    file.set_input_files(photo(80, 40))
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Create product").click()
    price = page.get_by_label("Price").first
    expect(price).to_have_attribute("aria-invalid", "true")
    expect(price).to_have_accessible_description(re.compile("Write a price such as 2.55"))
    expect(price).to_have_value("24,00")
    expect(page.get_by_label("Name")).to_have_value(name)
    if scripts:
        expect(price).to_be_focused()
    else:  # browsers keep no file, and the form says so
        expect(file).to_have_accessible_description(re.compile("choose the image again"))
        file.set_input_files(photo(80, 40))

    # One unit more keeps what was typed, and with scripts the image that was chosen at first
    price.fill("24.00")
    if scripts:
        page.get_by_role("button", name="Add a unit").click()
        expect(page.get_by_label("Unit", exact=True).nth(2)).to_be_focused()
    page.get_by_label("Unit", exact=True).nth(1).fill("label")
    page.get_by_label("Price").nth(1).fill("0.0045")
    page.get_by_role("button", name="Create product").click()
    expect(page.get_by_role("status").filter(has_text="The product is made")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_label("Price").nth(1)).to_have_value("0.0045")
    expect(page.get_by_label("Currency").first).to_have_value("GBP")
    expect_image(page, 2)

    change(page)
    open_products(page)
    find(page, sku, name, scripts=scripts)


def change(page: Page) -> None:
    """A unit more, another image, and no more to be ordered; Enter saves it."""
    page.get_by_role("button", name="Add a unit").click()
    expect(page.get_by_label("Unit", exact=True)).to_have_count(4)
    page.get_by_label("Unit", exact=True).nth(3).fill("each")
    page.get_by_label("Price").nth(3).fill("2.55")
    page.get_by_label("Another image").set_input_files(photo(40, 80))
    page.get_by_label("Active").uncheck()
    page.get_by_label("Name").press("Enter")
    expect(page.get_by_role("status").filter(has_text="The product is saved")).to_be_visible()
    expect(page.get_by_label("Price").nth(2)).to_have_value("2.55")
    expect_image(page, 0.5)


def find(page: Page, sku: str, name: str, *, scripts: bool) -> None:
    """Search it by its SKU in another case, open it, by the keyboard where that works, and take its image away."""
    search = page.get_by_role("searchbox", name="Search products")
    search.fill(sku.lower())
    search.press("Enter")
    row = page.get_by_role("row").filter(has_text=name)
    expect(page.locator("tbody").get_by_role("row")).to_have_count(1)
    expect(row).to_contain_text("£24.00")
    expect(row.get_by_text("Inactive")).to_be_visible()
    expect(row.locator("img")).to_be_visible()
    if scripts:
        expect_fit_for_all(page)
        page.locator("h1").click()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
    else:
        row.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.get_by_label("Remove image").check()
    page.get_by_role("button", name="Save product").click()
    expect(page.get_by_label("Choose an image")).to_be_visible()
    expect(page.locator("img.picture")).to_have_count(0)
