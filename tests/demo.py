"""A running demo, for the browser tests, the benchmark and the pictures."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

START_WITHIN = 120  # seconds; reached only when something is wrong


@dataclass
class Demo:
    """The demo's world, as its JSON line tells it, and the process."""

    world: dict[str, Any]
    process: subprocess.Popen[str]

    @property
    def base(self) -> str:
        """The address of the server."""
        return str(self.world["base"])

    def order(self, customer: str) -> dict[str, str]:
        """The newest order of a customer."""
        return next(order for order in self.world["orders"] if order["customer"] == customer)

    def sign_in(self, page: Page, staff: int = 0) -> None:
        """Sign in to the admin as one of the demo's staff."""
        page.goto(self.world["admin"])
        page.get_by_label("E-mail").fill(self.world["staff"][staff]["email"])
        page.get_by_label("Password").fill(self.world["staff"][staff]["password"])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/admin/")

    def notes_address(self, order: dict[str, str]) -> str:
        """The Customer notes tab of an order."""
        return f"{self.base}/admin/orders/{order['number']}/notes"

    def stop(self) -> int:
        """Stop it as an operator would; gives its exit status."""
        self.process.terminate()
        status = self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status


def start_demo(data_dir: Path, *, port: int = 0, arguments: tuple[str, ...] = ()) -> Demo:
    """Start a demo and wait until it is ready."""
    command = [sys.executable, "-m", "counterfoil.site.command", "demo", "--json", "--port", str(port)]
    command += ["--data-dir", str(data_dir), *arguments]
    # As a person would start it: without what a test run sets for itself.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "DJANGO_SETTINGS_MODULE" and not name.startswith("COUNTERFOIL_")
    }
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert process.stdout is not None
    patience = threading.Timer(START_WITHIN, process.kill)
    patience.start()
    line = process.stdout.readline()
    patience.cancel()
    assert line, f"the demo ended with status {process.wait(10)}"
    return Demo(world=json.loads(line), process=process)


@contextmanager
def running_demo(data_dir: Path, *, port: int = 0, arguments: tuple[str, ...] = ()) -> Iterator[Demo]:
    """A demo that is stopped afterwards."""
    demo = start_demo(data_dir, port=port, arguments=arguments)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.stop()
