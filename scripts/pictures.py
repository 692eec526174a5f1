"""Take the README's pictures from a fresh demo: `make pictures`. Needs Chromium."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.demo import CHROMIUM_FLAGS, Demo, running_demo
from tests.services import chromium

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"


def take_pictures(demo: Demo, folder: Path) -> None:
    """Both sides of the liveliest order, as a phone and as a desk show them."""
    order = demo.world["orders"][0]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        customer = browser.new_page(viewport={"width": 390, "height": 844}, device_scale_factor=2)
        customer.goto(order["guest_url"])
        customer.get_by_role("heading", level=1).wait_for()
        customer.screenshot(path=folder / "portal.png")
        staff = browser.new_page(viewport={"width": 1280, "height": 844})
        demo.sign_in(staff)
        staff.goto(demo.notes_address(order))
        staff.get_by_role("heading", level=1).wait_for()
        staff.screenshot(path=folder / "admin.png")
        browser.close()


def main() -> int:
    """Start a demo on a free port, take the pictures, stop it."""
    if chromium() is None:
        print("No Chromium is installed.", file=sys.stderr)
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_demo(Path(folder)) as demo:
        take_pictures(demo, PICTURES)
    return 0


if __name__ == "__main__":
    sys.exit(main())
