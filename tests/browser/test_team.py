"""Admins decide in the browser who works here and what each role may do; a role's pages fit its permissions (AC-10)."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_customers import expect_fit_for_all
from tests.browser.windows import Windows
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.slow, pytest.mark.feature("AC-10")]
LONG = "Packers of the night shift in the northern warehouse, 日本語"


def give_role(page: Page, demo: Demo, name: str, role: str) -> None:
    """As an admin, give the member of this name a role."""
    page.goto(f"{demo.base}/admin/team")
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("radio", name=role, exact=True).check()
    page.get_by_role("button", name="Save the role").click()
    expect(page.get_by_role("status").filter(has_text="The role is changed.")).to_be_visible()


@pytest.fixture
def admin(demo: Demo, windows: Windows) -> Iterator[Page]:
    """An admin's window; afterwards the other member is a shop manager again, and there is no role but the built-in."""
    page = windows.profile(staff=0).new_page()
    yield page
    give_role(page, demo, "Jo", "Shop manager")
    page.goto(f"{demo.base}/admin/team/roles")
    page.get_by_role("link", name=LONG).click()
    page.get_by_role("button", name="Delete this role…").click()
    page.get_by_role("button", name="Delete the role").click()
    expect(page.get_by_role("status").filter(has_text="The role is deleted.")).to_be_visible()


def test_an_admin_makes_a_role_and_its_holder_sees_what_it_allows_from_the_next_moment_on(
    demo: Demo, windows: Windows, admin: Page
) -> None:
    windows.expect_complaint("status of 4(03|22)")
    theirs = windows.profile(staff=1).new_page()
    admin.goto(f"{demo.base}/admin/account")
    admin.get_by_role("link", name="Team").click()
    expect_fit_for_all(admin)

    admin.get_by_role("link", name="Roles").click()
    expect_fit_for_all(admin)
    admin.get_by_role("link", name="New role").click()
    expect(admin.get_by_label("Name")).to_be_focused()
    admin.get_by_label("Name").fill(LONG)
    admin.get_by_role("button", name="Create role").click()
    expect(admin.get_by_role("alert")).to_contain_text("Choose at least one permission")
    expect(admin.get_by_label("Name")).to_have_value(LONG)
    expect_fit_for_all(admin)
    for sentence in ("Write notes about orders", "Send parcels"):
        admin.get_by_role("checkbox", name=sentence).check()
    admin.get_by_role("checkbox", name="See orders").check()
    admin.get_by_role("button", name="Create role").click()
    expect(admin.get_by_role("checkbox", name="Read the notes")).to_be_checked()
    expect_fit_for_all(admin)

    theirs.goto(demo.notes_address(demo.world["orders"][0]))
    theirs.get_by_label("Internal note, for staff only").fill("Two boxes")
    give_role(admin, demo, "Jo", LONG)
    expect_fit_for_all(admin)
    theirs.get_by_role("button", name="Save internal note").click()
    expect(theirs.locator("#internal-notes-list")).to_contain_text("Two boxes")

    # What the role does not allow is not there
    for address, absent in (
        ("orders", "New order"),
        (f"orders/{demo.world['orders'][0]['number']}", "Note a payment"),
        (f"orders/{demo.world['orders'][0]['number']}/notes", "Send to customer"),
        (f"orders/{demo.world['orders'][0]['number']}/fulfilments", "Confirm order"),
    ):
        theirs.goto(f"{demo.base}/admin/{address}")
        expect(theirs.get_by_role("heading", level=1)).to_be_visible()
        expect(theirs.get_by_text(absent)).to_have_count(0)
        expect_fit_for_all(theirs)
    leads_to = theirs.get_by_role("navigation", name="Main").get_by_role("link")
    expect(leads_to).to_have_text(["Counterfoil", "Home", "Orders", "Settings"])
    theirs.goto(f"{demo.base}/admin/customers")
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Your role does not allow this")
    expect_fit_for_all(theirs)

    # The role is cut while its holder writes: the note is refused, and still there
    theirs.goto(demo.notes_address(demo.world["orders"][0]))
    note = theirs.get_by_label("Internal note, for staff only")
    note.fill("And a third one")
    admin.goto(f"{demo.base}/admin/team/roles")
    admin.get_by_role("link", name=LONG).click()
    admin.get_by_role("checkbox", name="Write notes about orders").uncheck()
    admin.get_by_role("button", name="Save role").click()
    expect(admin.get_by_role("status").filter(has_text="The role is saved.")).to_be_visible()
    theirs.get_by_role("button", name="Save internal note").click()
    expect(theirs.locator("#note-error")).to_contain_text("it needs the permission notes:write")
    expect(note).to_have_value("And a third one")


def test_without_javascript_the_last_admin_is_told_why_they_stay_one(demo: Demo, windows: Windows) -> None:
    windows.expect_complaint("status of 422")
    page = windows.profile(staff=0, java_script_enabled=False).new_page()
    page.goto(f"{demo.base}/admin/team")
    page.get_by_role("link", name="Mara", exact=True).click()
    page.get_by_role("radio", name="Shop manager").check()
    page.get_by_role("button", name="Save the role").click()

    expect(page.get_by_role("alert")).to_contain_text("Make another active member an admin first.")
    expect(page.get_by_role("radio", name="Shop manager")).to_be_checked()
    page.get_by_role("link", name=re.compile("Team")).first.click()
    expect(page.get_by_role("heading", name="Who works here")).to_be_visible()
