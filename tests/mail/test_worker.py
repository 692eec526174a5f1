"""Worker processes for real: through each broker, and killed in the middle (CN-7, OP-3)."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from counterfoil.conversations.actions import send_message
from counterfoil.mail.models import Mail, MailState
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.mail.backends import HANG, HANGING, sent_log
from tests.mail.workers import Surroundings, eventually, kill, working
from tests.services import need_redis
from tests.settings import REDIS

pytestmark = pytest.mark.django_db(transaction=True)


def send_from_a_web_process(surroundings: Surroundings, shop: Shop, order: Order) -> None:
    """As a web process would, with its own connection to the broker."""
    surroundings.run(
        "from counterfoil.access.models import StaffMember\n"
        "from counterfoil.conversations.actions import send_message\n"
        "from counterfoil.orders.models import Order\n"
        "from schema.identity import staff_viewer\n"
        f"member = StaffMember.objects.select_related('user').get(pk={shop.member.pk})\n"
        f"send_message(viewer=staff_viewer(member.user, member.workspace_id), order=Order.objects.get(pk={order.pk}),"
        " text='From a web process')\n"
    )


def mailbox(data_dir: Path) -> list[Path]:
    return list((data_dir / "mailbox").glob("*.eml"))


@pytest.fixture
def redis_prefix() -> Iterator[str]:
    """A part of the Redis that this test has for itself, empty again afterwards."""
    need_redis()
    prefix = f"counterfoil-test-{uuid4().hex}:"
    yield prefix
    with redis.Redis.from_url(REDIS) as client:
        for key in client.scan_iter(f"{prefix}*"):
            client.delete(key)


def deliver_through(surroundings: Surroundings, shop: Shop) -> None:
    """A message of the staff becomes a mail in the mailbox, by a task alone."""
    order = shop.order()
    with working(surroundings):
        send_from_a_web_process(surroundings, shop, order)
        eventually(lambda: Mail.objects.filter(state=MailState.SENT).exists(), "the mail is sent")

    (kept,) = mailbox(surroundings.data_dir)
    assert len(sent_log(surroundings.data_dir)) == 1
    assert b"From a web process" in kept.read_bytes()


@pytest.mark.feature("CN-7")
def test_a_message_becomes_a_mail_at_once_through_the_broker_in_the_data_folder(shop: Shop, tmp_path: Path) -> None:
    deliver_through(Surroundings(tmp_path, with_sweep=False), shop)


@pytest.mark.feature("CN-7")
@pytest.mark.feature("OP-2")
@pytest.mark.slow_on_postgresql
def test_a_message_becomes_a_mail_at_once_through_redis(shop: Shop, tmp_path: Path, redis_prefix: str) -> None:
    deliver_through(Surroundings(tmp_path, broker=REDIS, prefix=redis_prefix, with_sweep=False), shop)


@pytest.mark.feature("CN-7")
@pytest.mark.feature("OP-3")
@pytest.mark.slow_on_postgresql
def test_what_a_killed_worker_left_and_what_nobody_began_the_next_worker_sends_each_once(
    shop: Shop, tmp_path: Path
) -> None:
    """Killed after the mail server took the mail and before that was noted: the mailbox knows the Message-ID."""
    surroundings = Surroundings(tmp_path)
    (tmp_path / HANG).touch()
    send_message(viewer=shop.staff, order=shop.order(), text="In the middle")
    half_sent = Mail.objects.get()
    with working(surroundings) as worker:
        eventually((tmp_path / HANGING).exists, "the worker is in the middle of it")
        kill(worker)
    (tmp_path / HANG).unlink()
    state_when_killed = Mail.objects.get().state
    send_message(viewer=shop.staff, order=shop.order(), text="Its task is lost: no broker of this process is read")

    with working(surroundings):
        eventually(lambda: Mail.objects.filter(state=MailState.SENT).count() == 2, "both mails are sent")

    log = sent_log(tmp_path)
    by_message_id = [message_id for _, message_id in log]
    assert state_when_killed == MailState.QUEUED
    assert len(mailbox(tmp_path)) == 2
    assert sorted(by_message_id.count(message_id) for message_id in set(by_message_id)) == [1, 2]
    assert {pid for pid, message_id in log if message_id == by_message_id[0]} >= {worker.pid}
    assert list(Mail.objects.order_by("pk").values_list("state", "attempts")) == [(MailState.SENT, 1)] * 2
    assert Mail.objects.get(pk=half_sent.pk).sent_at is not None
