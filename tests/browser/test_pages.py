"""Every page, narrow and wide, light and dark: accessible, nothing beyond its edge, nothing that jumps, and light."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.accounts import be
from tests.browser.api import Api
from tests.browser.windows import Windows, send_button, unlike_any, watching
from tests.demo import Demo
from tests.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.once]

WIDTHS = (360, 1280)
NARROWEST = 320
LARGEST_FIRST_VISIT = 100 * 1024
LARGEST_SHIFT = 0.01

type Open = Callable[[Page, Demo], None]


def portal(customer: str) -> Open:
    """The order of a customer, in the portal."""

    def open_order(page: Page, demo: Demo) -> None:
        page.goto(demo.order(customer)["guest_url"])
        watching(page)

    return open_order


def admin(path: str, customer: str = "") -> Open:
    """A page of the admin; `{number}` in its path is the customer's order."""

    def open_page(page: Page, demo: Demo) -> None:
        number = demo.order(customer)["number"] if customer else ""
        page.goto(f"{demo.base}/admin/{path.format(number=number)}")

    return open_page


def site(path: str) -> Open:
    """Any other page."""
    return lambda page, demo: page.goto(f"{demo.base}{path}") and None


def refused_message(page: Page, demo: Demo) -> None:
    """The portal's order after a message that can't be taken."""
    portal("Kettle & Co")(page, demo)
    send_button(page).click()
    expect(page.get_by_text("Write something first")).to_be_visible()
    page.evaluate("window.shifted = 0")  # the reason has pushed the button down, which is no shift of the load


def refused_sign_in(page: Page, demo: Demo) -> None:
    """The sign-in page after a wrong password."""
    page.goto(demo.world["admin"])
    page.get_by_label("E-mail").fill("mara@fennel.example")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("do not open this admin")).to_be_visible()


def one_mail(page: Page, demo: Demo) -> None:
    """The newest mail about an order in the mailbox."""
    page.goto(demo.world["mailbox"])
    page.get_by_role("region", name="Mails").get_by_role("link").filter(has_text="order").first.click()
    expect(page.frame_locator("iframe").get_by_role("link")).to_be_visible()


def refused_parcel(page: Page, demo: Demo) -> None:
    """The Fulfilments tab after a quantity and an address that can't be taken."""
    admin("orders/{number}/fulfilments", "Pemberton Farm Shop")(page, demo)
    page.get_by_label("Hessian sack").fill("1.5")
    page.get_by_role("button", name="Send parcel").click()
    expect(page.get_by_text("Write a whole number")).to_be_visible()
    page.evaluate("window.shifted = 0")


def to_be_read_first(page: Page, demo: Demo) -> None:
    """The packing view with what was logged about the order and its customer, after it was not read."""
    with Api(demo) as api:
        order = api.place_like(demo.order("Bluebell Tearooms"), "Enamel mug " * 9, "Tea tin")
        api.move(order, "CONFIRMED")
        for text in (
            "Hold until July 12 per their email.\n\nFamily trip.",
            "https://a.example/" + "a" * 200,
            "اتصل أولاً",
        ):
            api.log_about(order, text, waits=True)
        api.log_about(order, "No plastic.", points=False, waits=True)
    page.goto(f"{demo.base}/admin/orders/{order['number']}/pack")
    page.locator("#send-parcel").click()
    expect(page.get_by_text("Nothing was sent")).to_be_visible()
    page.evaluate("window.shifted = 0")


def rows_chosen(path: str) -> Open:
    """A list of the admin, all of its rows chosen."""

    def choose(page: Page, demo: Demo) -> None:
        admin(path)(page, demo)
        page.get_by_role("checkbox").first.check()
        if page.get_by_role("button", name="All on this page").is_visible():
            page.get_by_role("button", name="All on this page").click()
        expect(page.get_by_role("group", name="Selected").get_by_role("button", name="Apply")).to_be_in_viewport()
        page.evaluate("window.shifted = 0")  # the bar lies over the list, at its end

    return choose


def done_at_once(path: str, what: str, heading: str) -> Open:
    """What became of rows of a list which can't all become what was asked for, or what is asked before."""

    def apply(page: Page, demo: Demo) -> None:
        rows_chosen(path)(page, demo)
        page.get_by_label("What to do").select_option(label=what)
        page.get_by_role("button", name="Apply").click()
        expect(page.get_by_role("heading", name=heading)).to_be_visible()

    return apply


def customer(name: str) -> Open:
    """The page of a customer, in the admin."""

    def open_customer(page: Page, demo: Demo) -> None:
        page.goto(f"{demo.base}/admin/customers?q={quote(name)}")
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name="Contacts")).to_be_visible()

    return open_customer


def timeline(name: str, narrowed: str = "") -> Open:
    """The story of a customer, in the admin."""

    def open_timeline(page: Page, demo: Demo) -> None:
        customer(name)(page, demo)
        page.get_by_role("link", name="Timeline", exact=True).click()
        expect(page.get_by_role("navigation", name="Show only")).to_be_visible()
        if narrowed:
            page.goto(f"{page.url}?about={narrowed}")

    return open_timeline


def refused_customer(page: Page, demo: Demo) -> None:
    """The form of a new customer after a mail address that is none."""
    admin("customers/new")(page, demo)
    page.get_by_label("Customer’s name").fill("Quill")
    page.get_by_label("Mail address").fill("no address")
    page.get_by_role("button", name="Create customer").click()
    expect(page.get_by_text("is no mail address")).to_be_visible()
    page.evaluate("window.shifted = 0")


def closed_customer(page: Page, demo: Demo) -> None:
    """The page of a customer of a long name, made, closed and blocked just now."""
    admin("customers/new")(page, demo)
    page.get_by_label("Customer’s name").fill(unlike_any("Donaudampfschifffahrtsgesellschaftskapitänsmützen GmbH " * 3))
    page.get_by_role("button", name="Create customer").click()
    for name, chip in (("Account active", "Not active"), ("Ordering allowed", "Ordering blocked")):
        page.get_by_role("switch", name=name).click()
        expect(page.get_by_text(chip, exact=True)).to_be_visible()
        expect(page.get_by_role("switch", name=name)).to_be_focused()
    page.evaluate("window.shifted = 0")  # what was saved is said above the switches, which is no shift of the load


def saved_portal_settings(page: Page, demo: Demo) -> None:
    """The portal's settings after one was saved."""
    admin("settings/portal")(page, demo)
    page.get_by_role("switch", name="Sticky contact").click()
    expect(page.get_by_text("Saved. It counts for orders and parcels from now on.")).to_be_visible()
    page.evaluate("window.shifted = 0")


def refused_product(page: Page, demo: Demo) -> None:
    """The form of a new product after a price that is none."""
    admin("products/new")(page, demo)
    page.get_by_label("Price").fill("2,55")
    page.get_by_role("button", name="Create product").click()
    expect(page.get_by_text("Write a price such as")).to_be_visible()
    page.evaluate("window.shifted = 0")


def made_product(page: Page, demo: Demo) -> None:
    """The page of a product of a long name, with its image, made just now."""
    admin("products/new")(page, demo)
    page.get_by_label("SKU").fill(unlike_any("TT-22"))
    page.get_by_label("Name").fill("Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen aus Messing " * 4)
    page.get_by_label("Unit", exact=True).fill("Sammelpackung zu vierundzwanzig Stück mit Banderole, Siegel")
    page.get_by_label("Price").fill("12345678901.1234")
    page.get_by_label("Currency").fill("GBP")
    image = {"name": "photo.png", "mimeType": "image/png", "buffer": picture(300, 1400)}
    page.get_by_label("Choose an image").set_input_files(image)
    page.get_by_role("button", name="Create product").click()
    expect(page.get_by_text("The product is made")).to_be_visible()


def new_order(page: Page, demo: Demo) -> None:
    """The form of a new order, for a customer that was searched."""
    admin("new-order?q=nordlys")(page, demo)
    page.get_by_role("link", name="Nordlys Interiør").click()
    expect(page.get_by_role("button", name="Place as a draft")).to_be_visible()


def refused_order(page: Page, demo: Demo) -> None:
    """A new order after lines that can't be taken."""
    new_order(page, demo)
    page.get_by_label("SKU").first.fill("NOPE")
    page.get_by_label("Quantity").first.fill("1.5")
    page.get_by_role("button", name="Place as a draft").click()
    expect(page.get_by_text("No product has this SKU")).to_be_visible()


def second_factor_to_confirm(page: Page, demo: Demo) -> None:
    """A second factor that is being set up, after a code that can't be taken."""
    admin("account/second-factor")(page, demo)
    if page.get_by_role("button", name="Begin").is_visible():
        page.get_by_role("button", name="Begin").click()
    page.get_by_role("textbox", name="Code").fill("12")
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_text("This code is not right")).to_be_visible()


def code_after_password(page: Page, demo: Demo) -> None:
    """The page that asks for a code, after one that can't be taken."""
    page.goto(demo.world["admin"])
    packer = demo.world["staff"][2]
    page.get_by_label("E-mail").fill(packer["email"])
    page.get_by_label("Password").fill(packer["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("textbox", name="Code")).to_be_visible()


def refused_password(page: Page, demo: Demo) -> None:
    """The form of a new password, after one that is too short."""
    admin("account/password")(page, demo)
    page.get_by_label("Present password").fill(demo.world["staff"][0]["password"])
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("too short")).to_be_visible()


def refused_invitation(page: Page, demo: Demo) -> None:
    """An invitation to an address that is none."""
    admin("team/invitations")(page, demo)
    page.get_by_label("Mail address").fill("no address")
    page.get_by_label("Name").fill("Pia Donaudampfschifffahrtsgesellschaftskapitän")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("is no mail address")).to_be_visible()


def account(email: str, path: str, *, customer: str = "") -> Open:
    """A page of the portal as a contact who is signed in sees it; `{number}` in its path is the customer's order."""

    def open_page(page: Page, demo: Demo) -> None:
        be(page, demo, email)
        page.goto(demo.base + path.format(number=demo.order(customer)["number"] if customer else ""))

    return open_page


def by_customers_link(customer: str, path: str) -> Open:
    """A page of the portal as who followed the link of a customer sees it."""

    def open_page(page: Page, demo: Demo) -> None:
        order = demo.order(customer)
        with Api(demo) as api:
            page.goto(api.portal_link(order))
        if page.get_by_role("button", name="Yes, ").is_visible():
            page.get_by_role("button", name="Yes, ").click()
        page.goto(demo.base + path.format(number=order["number"]))

    return open_page


def previewed(page: Page, demo: Demo) -> None:
    """The past orders of a customer of a long name, as staff see them who look."""
    page.goto(demo.world["admin"])
    if page.get_by_label("Password").is_visible():
        demo.sign_in(page)
    customer("Schwarzwälder Geschenkmanufaktur und Papierwarenhandlung GmbH & Co. KG")(page, demo)
    page.get_by_role("button", name="Preview the portal").click()
    expect(page.get_by_role("button", name="End preview")).to_be_visible()


def address_refused(page: Page, demo: Demo) -> None:
    """The page by which customers sign in, after an address that is none."""
    site("/store/account/sign-in")(page, demo)
    page.get_by_label("E-mail address").fill("donaudampfschifffahrt@gesellschaft")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_text("is no mail address")).to_be_visible()


def code_refused(page: Page, demo: Demo) -> None:
    """The page that asks for the mailed code, after what is none."""
    site("/store/account/sign-in")(page, demo)
    page.get_by_label("E-mail address").fill("einkauf-und-beschaffung@geschenkmanufaktur-am-rhein.example")
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("The six digits in the e-mail").fill("12")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Type the six digits")).to_be_visible()


def welcomed(which: Callable[[Demo], str]) -> Open:
    """What a link to the portal opens with."""

    def open_page(page: Page, demo: Demo) -> None:
        page.goto(which(demo))

    return open_page


def customers_link(demo: Demo) -> str:
    """The link of a customer of a long name."""
    return next(str(one["link"]) for one in demo.world["customers"] if len(one["name"]) > 40)


def mailbox_to_prove(page: Page, demo: Demo) -> None:
    """What strict security asks of whoever followed a customer's link."""
    with Api(demo) as api:
        api.set_strict(strict=True)
        try:
            page.goto(customers_link(demo))
            if page.get_by_role("button", name="Yes, ").is_visible():
                page.get_by_role("button", name="Yes, ").click()
            expect(page.get_by_role("button", name="Send me a code")).to_be_visible()
        finally:
            api.set_strict(strict=False)


def closed_account(page: Page, demo: Demo) -> None:
    """The link of a customer whose account is not active."""
    order = demo.order("The Corner Larder")
    with Api(demo) as api:
        api.set_active(order, active=False)
        try:
            page.goto(api.portal_link(order))
            expect(page.get_by_role("heading", name="not currently active")).to_be_visible()
        finally:
            api.set_active(order, active=True)


def order_to_add(page: Page, demo: Demo) -> None:
    """An order that was opened by its link, while its opener is signed in as somebody else, who may not add it."""
    be(page, demo, "ana@harbour.example")
    portal("Juniper Lane")(page, demo)
    page.get_by_role("button", name="Add this order").click()
    expect(page.get_by_text("placed with another address")).to_be_visible()


def order_to_change(page: Page, demo: Demo) -> None:
    """What a contact may change of an order, all of it unfolded."""
    be(page, demo, "nell@bluebelltea.example")
    with Api(demo) as api:
        order = api.place_like(demo.order("Bluebell Tearooms"), "Donaudampfschifffahrtsgesellschaftskapitänsmütze " * 3)
    page.goto(f"{demo.base}/order/{order['number']}/change")
    watching(page)
    for summary in page.locator("summary").all():
        summary.click()
    page.evaluate("window.shifted = 0")  # what was folded moves what stands below


def change_refused(page: Page, demo: Demo) -> None:
    """The same after a quantity and a town that are none."""
    order_to_change(page, demo)
    page.get_by_role("textbox", name="Donaudampf").fill("four")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Write a whole number")).to_be_visible()


def change_too_late(page: Page, demo: Demo) -> None:
    """The same once the shop has confirmed the order: what can't be saved any more is shown to be copied."""
    order_to_change(page, demo)
    number = page.url.split("/")[-2]
    page.get_by_role("textbox", name="Donaudampf").fill("4")
    with Api(demo) as api:
        api.confirm_number(number)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="This can’t be saved any more")).to_be_visible()


def unchangeable(page: Page, demo: Demo) -> None:
    """The page of what may be changed, of an order that has left."""
    portal("Kettle & Co")(page, demo)
    page.goto(f"{page.url}/change")


def order_to_cancel(page: Page, demo: Demo) -> None:
    """Whether an order is to be cancelled."""
    with Api(demo) as api:
        order = api.place_like(demo.order("Bluebell Tearooms"), "Tea cosy")
    page.goto(order["guest_url"])
    page.goto(f"{demo.base}/order/{order['number']}/cancel")


def checked_store(page: Page, demo: Demo) -> None:
    """The health of the demo's store, checked just now."""
    admin("settings/portal")(page, demo)
    page.get_by_role("link", name="Check its health").click()
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("Checked just now")).to_be_visible()
    page.evaluate("window.shifted = 0")


CUSTOMERS_PAGES: dict[str, Open] = {
    "order": portal("Harbour Café"),
    "order without messages": portal("St Brigid's Hospice Shop"),
    "order in two parcels": portal("Brightwater Garden Centre"),
    "order, cancelled": portal("Oakfield Primary School PTA"),
    "order in Arabic": portal("مكتبة الياسمين"),
    "order of long names": portal("Schwarzwälder Geschenkmanufaktur und Papierwarenhandlung GmbH & Co. KG"),
    "order, message refused": refused_message,
    "link that opens nothing": site("/order/4125?key=nonsense"),
    "landing": site("/"),
    "customers' sign-in": site("/store/account/sign-in"),
    "customers' sign-in, refused": address_refused,
    "customers' code, refused": code_refused,
    "customer's link": welcomed(customers_link),
    "public link": welcomed(lambda demo: str(demo.world["public_link"])),
    "mailbox to prove": mailbox_to_prove,
    "account that is not active": closed_account,
    "link to the portal that opens nothing": site("/c/nothing"),
    "past orders": account("ana@harbour.example", "/store/account/orders"),
    "past orders, nothing found": account("ana@harbour.example", "/store/account/orders?q=nothing"),
    "past orders in Arabic": account("layla@yasmin.example", "/store/account/orders"),
    "past orders of long names": account("bestellung@geschenkmanufaktur.example", "/store/account/orders"),
    "past orders by a customer's link": by_customers_link("Brightwater Garden Centre", "/store/orders"),
    "past orders, as staff see them": previewed,
    "devices": account("ana@harbour.example", "/store/account/devices"),
    "order of one's account": account("ana@harbour.example", "/order/{number}", customer="Harbour Café"),
    "order by a customer's link": by_customers_link("Brightwater Garden Centre", "/order/{number}"),
    "order to add, refused": order_to_add,
    "order to change": order_to_change,
    "order to change, refused": change_refused,
    "order to change, too late": change_too_late,
    "order that can't be changed": unchangeable,
    "order to cancel": order_to_cancel,
    "invoice": account("hannah@maplerye.example", "/order/{number}/invoice", customer="Maple & Rye"),
    "nothing at this address": site("/nothing"),
    "mailbox": site("/mailbox/"),
    "mail": one_mail,
    "sign-in": site("/admin/"),
    "sign-in, refused": refused_sign_in,
    "sign-in, code": code_after_password,
    "forgotten password": site("/admin/sign-in/forgotten"),
    "link for a new password that opens nothing": site("/admin/reset"),
    "invitation that opens nothing": site("/admin/invitation"),
}
STAFF_PAGES: dict[str, Open] = {
    "home": admin(""),
    "who waits for an answer": admin("attention/waiting"),
    "entries to acknowledge": admin("attention/entries"),
    "mails that failed": admin("attention/mails"),
    "orders": admin("orders"),
    "orders, nothing found": admin("orders?q=nobody"),
    "orders, on hold": admin("orders?sent=on_hold"),
    "orders, mistyped": admin("orders?q=lihgthouse&paid=not_charged&placed=30"),
    "orders, a state typed": admin("orders?q=harbour+confirmed"),
    "orders, rows chosen": rows_chosen("orders"),
    "orders, some refused": done_at_once("orders?status=cancelled", "Confirm", "as "),
    "orders, many to cancel": done_at_once("orders", "Cancel…", "for good?"),
    "whose order": admin("new-order"),
    "new order": new_order,
    "new order, refused": refused_order,
    "lines of a draft": admin("orders/{number}/lines", "Foxglove Florist"),
    "overview": admin("orders/{number}", "Harbour Café"),
    "overview of long names": admin(
        "orders/{number}", "Schwarzwälder Geschenkmanufaktur und Papierwarenhandlung GmbH & Co. KG"
    ),
    "fulfilments": admin("orders/{number}/fulfilments", "Harbour Café"),
    "fulfilments of a draft": admin("orders/{number}/fulfilments", "Foxglove Florist"),
    "fulfilments of two parcels": admin("orders/{number}/fulfilments", "Brightwater Garden Centre"),
    "fulfilments, refused": refused_parcel,
    "packing view": admin("orders/{number}/pack", "Brightwater Garden Centre"),
    "packing view of a draft": admin("orders/{number}/pack", "Foxglove Florist"),
    "packing view, to be read first": to_be_read_first,
    "customer notes": admin("orders/{number}/notes", "Harbour Café"),
    "customer notes in Arabic": admin("orders/{number}/notes", "مكتبة الياسمين"),
    "customer notes without messages": admin("orders/{number}/notes", "St Brigid's Hospice Shop"),
    "customers": admin("customers"),
    "customers, nobody found": admin("customers?q=nobody"),
    "customers, mistyped": admin("customers?q=lihgthouse&account=active"),
    "customers, rows chosen": rows_chosen("customers"),
    "customer": customer("Harbour Café"),
    "customer in Arabic": customer("مكتبة الياسمين"),
    "customer of a long name": customer("Schwarzwälder Geschenkmanufaktur und Papierwarenhandlung GmbH & Co. KG"),
    "timeline": timeline("Harbour Café"),
    "timeline in Arabic": timeline("مكتبة الياسمين"),
    "timeline, nothing of a kind": timeline("Papeterie Lucien", "interactions"),
    "timeline of an order": admin("orders/{number}/timeline", "Harbour Café"),
    "timeline of an order of long names": admin(
        "orders/{number}/timeline", "Schwarzwälder Geschenkmanufaktur und Papierwarenhandlung GmbH & Co. KG"
    ),
    "customer, refused": refused_customer,
    "products": admin("products"),
    "products, nothing found": admin("products?q=nobody&state=inactive"),
    "new product": admin("products/new"),
    "product of a long name": made_product,
    "new product, refused": refused_product,
    "customer, closed": closed_customer,
    "portal settings": admin("settings/portal"),
    "portal settings, saved": saved_portal_settings,
    "health of a store": checked_store,
    "account": admin("account"),
    "second factor": admin("account/second-factor"),
    "second factor, refused": second_factor_to_confirm,
    "interaction types": admin("settings/interactions"),
    "security": admin("security"),
    "sessions": admin("account/sessions"),
    "password": admin("account/password"),
    "password, refused": refused_password,
    "team": admin("team"),
    "invitations": admin("team/invitations"),
    "invitations, refused": refused_invitation,
    "roles": admin("team/roles"),
    "programs": admin("programs"),
    "nothing in the admin": admin("orders/9999"),
}


# The pages of each kind that people see most; the others are looked at by make test-slow.
IN_EVERY_RUN = {"home", "order", "link that opens nothing", "orders", "fulfilments", "customer notes"}


@pytest.mark.parametrize(
    "name",
    [
        name if name in IN_EVERY_RUN else pytest.param(name, marks=pytest.mark.slow)
        for name in (*CUSTOMERS_PAGES, *STAFF_PAGES)
    ],
)
def test_page_is_accessible_fits_and_stands_still(demo: Demo, windows: Windows, name: str) -> None:
    windows.expect_complaint(r"status of (404|422)")
    if name == "account that is not active":
        windows.expect_complaint("status of 403")
    open_page = {**CUSTOMERS_PAGES, **STAFF_PAGES}[name]
    profile = windows.profile(staff=0 if name in STAFF_PAGES else None)
    page = profile.new_page()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        open_page(page, demo)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.emulate_media(color_scheme="light")
        assert violations(page) == [], f"{width} px, light"
        page.emulate_media(color_scheme="dark")
        assert violations(page, colours_alone=True) == [], f"{width} px, dark"
        assert page.evaluate("window.shifted") < LARGEST_SHIFT, f"{width} px"
        assert beyond_the_edge(page) == [], f"{width} px"
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    assert beyond_the_edge(page) == [], f"{NARROWEST} px"


def violations(page: Page, *, colours_alone: bool = False) -> list[str]:
    """What axe finds, each with the elements that it concerns."""
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if colours_alone:
        options["runOnly"] = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
    else:
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("async (options) => (await axe.run(document, options)).violations", options)
    return [f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes']]}" for one in found]


def beyond_the_edge(page: Page) -> list[str]:
    """The elements because of which the page scrolls sideways; none when it does not."""
    return list(
        page.evaluate("""() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            const beyond = [...document.body.querySelectorAll("*")].filter((element) => {
                const box = element.getBoundingClientRect();
                return box.right > width + 0.5 || box.left < -0.5;
            });
            return beyond.length ? beyond.map((element) => element.outerHTML.slice(0, 120)) : ["the page itself"];
        }""")
    )


def test_an_arabic_customers_order_reads_from_right_to_left_where_it_is_arabic(demo: Demo, windows: Windows) -> None:
    page = windows.customer(demo.order("مكتبة الياسمين"))
    directions = dict(
        page.locator("#thread article > p").evaluate_all(
            "all => all.map((text) => [text.textContent.slice(0, 5), getComputedStyle(text).direction])"
        )
    )
    assert directions == {"مرحبا": "rtl", "Hello": "ltr", "شكراً": "rtl"}


def test_the_first_visit_of_an_order_transfers_at_most_100_kilobytes(demo: Demo, windows: Windows) -> None:
    # Given a browser that was never here
    order = demo.order("Harbour Café")
    profile = windows.profile()
    page = profile.new_page()
    sizes: dict[str, int] = {}
    addresses: dict[str, str] = {}
    line = profile.new_cdp_session(page)
    line.send("Network.enable")
    line.on("Network.requestWillBeSent", lambda event: addresses.update({event["requestId"]: event["request"]["url"]}))
    line.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))

    # When it opens the customer's link
    page.goto(order["guest_url"])
    watching(page)
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    # Then page, style, scripts and pictures together are small
    listed = {re.sub(r"\?.*", "", addresses[request]): size for request, size in sizes.items()}
    for part in (f"/order/{order['number']}", r"app\.\w+\.css", r"app\.\w+\.js", r"live\.\w+\.js", "htmx", "icons"):
        assert any(re.search(part, address) for address in listed), (part, listed)
    assert sum(sizes.values()) <= LARGEST_FIRST_VISIT, listed
