"""Guesses at one code from many networks at once, and how soon its contact is in all the same (AC-3)."""

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, NamedTuple

from counterfoil.site.bench.browsers import CODE, ORDERS, SIGN_IN, Answer, Browser
from counterfoil.site.bench.children import Child

_PATIENCE = 90.0  # seconds; reached only when something is wrong
_LOOK_EVERY = 0.05  # seconds
_WAIT = re.compile(r"A new code can be sent in (\d+) second")
_LOOKED_AT = "This code is not right"


class _Form(NamedTuple):
    """A browser, and the form for a code that it holds."""

    browser: Browser
    token: str
    asked: str

    def type(self, digits: str) -> Answer:
        """Send it."""
        return self.browser.post(CODE, csrfmiddlewaretoken=self.token, asked=self.asked, code=digits)


def measure_guesses(port: int, rows: Child, guessers: int, each: int) -> dict[str, Any]:
    """Once while half of who guesses have the very form of the contact's browser, once while nobody has."""
    with_form = _attack(port, rows, "stolen", guessers, each, stolen=guessers // 2)
    without = _attack(port, rows, "unknown", guessers, each, stolen=0)
    return {**with_form, "without_form": without}


def _attack(port: int, rows: Child, name: str, guessers: int, each: int, *, stolen: int) -> dict[str, float]:
    email, network = rows.ask("contact", name=name), 2 if stolen else 3
    mine = _ask(Browser(port, f"127.0.4.{network}"), email)
    right = rows.ask("digits", email=email)

    def guesser(number: int) -> _Form:
        browser = Browser(port, f"127.0.{network}.{number + 1}", mine.browser.cookies if number < stolen else None)
        return mine._replace(browser=browser) if number < stolen else _ask(browser, email)

    with ThreadPoolExecutor(guessers) as threads:
        forms = list(threads.map(guesser, range(guessers)))
        together = Barrier(guessers)
        wrong = [f"{(int(right) + 1 + number) % 1_000_000:06}" for number in range(guessers * each)]

        def guess(number: int) -> list[Answer]:
            together.wait()
            return [forms[number].type(digits) for digits in wrong[number::guessers]]

        began = time.perf_counter()
        answers = [answer for some in threads.map(guess, range(guessers)) for answer in some]
        took = time.perf_counter() - began
    counted = rows.ask("tries", email=email)
    if any(answer.status != 422 for answer in answers) or counted["codes"] != 1:
        raise ValueError(f"A guess was not refused, or asking made a code: {counted}")
    looked_at = sum(_LOOKED_AT in answer.text for answer in answers)
    return {
        "guesses": len(answers),
        "evaluated": max(counted["tries"], looked_at),
        "seconds": took,
        "right_contact_waits_s": _get_in(mine, right, lambda: rows.ask("digits", email=email), email),
    }


def _ask(browser: Browser, email: str) -> _Form:
    """Ask for a code for an address; during the wait after another one, that makes none."""
    token = browser.get(SIGN_IN).hidden("csrfmiddlewaretoken")
    answer = browser.post(SIGN_IN, csrfmiddlewaretoken=token, next="", email=email)
    if answer.status != 303:
        raise ValueError(f"A code was refused: {answer}")
    page = browser.get(CODE)
    return _Form(browser, page.hidden("csrfmiddlewaretoken"), page.hidden("asked"))


def _get_in(form: _Form, digits: str, newest: Callable[[], str], email: str) -> float:
    """Seconds until the contact is signed in: by the code they have, else by a new one as soon as there may be one."""
    began = time.perf_counter()
    while form.type(digits).status != 303:
        if time.perf_counter() - began > _PATIENCE:
            raise ValueError("The right contact does not get in.")
        while wait := _seconds(form.browser.get(CODE)):  # whole ones, rounded up
            time.sleep(max(wait - 1, _LOOK_EVERY))
        form.browser.post(SIGN_IN, csrfmiddlewaretoken=form.token, asked=form.asked, next="", email=email)
        digits = newest()
    took = time.perf_counter() - began
    if form.browser.get(ORDERS).status != 200:
        raise ValueError("The right contact is not signed in.")
    return took


def _seconds(page: Answer) -> int:
    found: Sequence[str] = _WAIT.findall(page.text)
    return int(found[0]) if found else 0
