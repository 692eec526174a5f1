"""Codes hold across processes, and survive those that made them (AC-3)."""

import json
import os
import subprocess
import sys

import pytest

from counterfoil.customers import codes
from counterfoil.customers.actions import create_customer
from counterfoil.customers.models import OneTimeCode
from tests.factories import Shop
from tests.serving import database_address

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.feature("AC-3")]

# Says who got in by each of the codes that it is given, as a process that was started after they were made.
ENTER = """
import json, sys
import django
django.setup()
from counterfoil.access.problems import Invalid
from counterfoil.customers.codes import Browser, enter
workspace_id, browser, typed = json.loads(sys.argv[1])
told = []
for code in typed:
    try:
        contact = enter(
            workspace_id=workspace_id, email="ana@harbour.example", typed=code, browser=Browser(browser, "203.0.113.7")
        )
        told.append(contact.pk)
    except Invalid as refusal:
        told.append(refusal.message)
print(json.dumps(told))
"""


def process(shop: Shop, *typed: str) -> subprocess.Popen[str]:
    """A web process of the same shop that is given these codes."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL_")} | {
        "DJANGO_SETTINGS_MODULE": "counterfoil.site.settings",
        "COUNTERFOIL_DATABASE": database_address(),
        "COUNTERFOIL_SECRET_KEY": "for-tests-only",
    }
    given = json.dumps([shop.workspace.pk, "here", typed])
    return subprocess.Popen([sys.executable, "-c", ENTER, given], stdout=subprocess.PIPE, env=environment, text=True)


def told(process: subprocess.Popen[str]) -> list[int | str]:
    """What each of its codes came to."""
    said, _ = process.communicate(timeout=60)
    return list(json.loads(said))


def asked(shop: Shop) -> str:
    """A code that this process made."""
    codes.ask(store=shop.store, email="ana@harbour.example", browser=codes.Browser("here", "203.0.113.7"))
    return codes.digits_of(OneTimeCode.objects.latest("pk"))


def test_a_code_that_one_process_made_lets_in_at_another_that_was_started_later(shop: Shop) -> None:
    ana = create_customer(viewer=shop.staff, name="Harbour", contact_name="Ana", email="ana@harbour.example")

    assert told(process(shop, asked(shop))) == [ana.pk]


def test_processes_that_guess_at_the_same_time_look_at_five_between_them(shop: Shop) -> None:
    create_customer(viewer=shop.staff, name="Harbour", contact_name="Ana", email="ana@harbour.example")
    code = asked(shop)
    wrong = [f"{(int(code) + number) % 1_000_000:06}" for number in range(1, 31)]

    processes = [process(shop, *wrong) for _ in range(3)]
    answers = [answer for one in processes for answer in told(one)]

    assert len(answers) == 90
    assert sum("not right" in str(answer) for answer in answers) == OneTimeCode.objects.get().tries == 5
    assert "too many wrong tries" in str(told(process(shop, code)))
