"""A running demo, a Chromium, and windows whose consoles stay silent.

The demo runs in a process of its own, one for each worker of the test run. Playwright leaves an event loop running in
the thread, where Django's ORM would refuse to work: the browser is closed before another folder's tests go on.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.api import Api
from tests.browser.windows import PATIENCE, Doors, Windows
from tests.demo import CHROMIUM_FLAGS, Demo, running_demo, start_demo
from tests.services import need_chromium
from tests.settings import POSTGRESQL

type Restart = Callable[[], None]


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo keeps its data."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="session")
def demo_arguments() -> Iterator[tuple[str, ...]]:
    """On the run on PostgreSQL, the demo gets a new database there, which is dropped at the end."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield ()
        return
    name = f"counterfoil_browser_{uuid4().hex[:12]}"
    with psycopg.connect(POSTGRESQL, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield ("--database", urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl())
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def demo(demo_folder: Path, demo_arguments: tuple[str, ...]) -> Iterator[Demo]:
    """A running demo."""
    need_chromium()
    with running_demo(demo_folder, arguments=demo_arguments) as running:
        yield running


@pytest.fixture
def start_again(demo: Demo, demo_folder: Path, demo_arguments: tuple[str, ...]) -> Iterator[Restart]:
    """Start the demo again where it was, after `demo.stop()`. It is started in any case when the test ends."""

    def start() -> None:
        port = urlsplit(demo.base).port
        assert port is not None
        again = start_demo(demo_folder, port=port, arguments=demo_arguments)
        demo.world, demo.process = again.world, again.process

    yield start
    if demo.process.poll() is not None:
        start()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium, until the tests of this folder are over."""
    path = need_chromium()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def doors(browser: Browser, demo: Demo) -> Doors:
    """Each staff member's sign-in, done once."""
    return Doors(browser, demo)


@pytest.fixture
def windows(browser: Browser, demo: Demo, doors: Doors) -> Iterator[Windows]:
    """Opens windows; at the end they are closed, and none may have complained."""
    opened = Windows(browser, demo, doors)
    try:
        yield opened
    finally:
        opened.close()
    assert opened.complaints() == []


@pytest.fixture(scope="session")
def api(demo: Demo) -> Iterator[Api]:
    """The GraphQL endpoint, as a program of the shop uses it."""
    with Api(demo) as api:
        yield api
