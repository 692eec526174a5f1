from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import migrations
from django.db.models import Max

READER = 'activity'
BACK = timedelta(days=92)  # as far as anybody can look, and whatever the calendar


def count(apps, editor):
    """Count what there is of the last weeks; the reader of the log begins behind it."""
    Event, Reader = apps.get_model('events', 'Event'), apps.get_model('events', 'Reader')
    reached = Event.objects.aggregate(last=Max('position'))['last'] or 0
    if not reached:
        return  # nothing has happened yet
    Reader.objects.update_or_create(name=READER, defaults={'position': reached})
    Store = apps.get_model('workspaces', 'Store')
    zones = {}
    for store in Store.objects.order_by('pk'):
        zones.setdefault(store.workspace_id, ZoneInfo(store.time_zone))
    sums = defaultdict(lambda: [0, 0, 0, 0])
    since = datetime.now(UTC) - BACK

    def add(workspace, at, currency, *more):
        place = workspace, at.astimezone(zones.get(workspace, UTC)).date(), currency
        sums[place] = [was + added for was, added in zip(sums[place], more)]

    orders = apps.get_model('orders', 'Order').objects.filter(placed_at__gte=since)
    for workspace, at, currency, total in orders.values_list('workspace', 'placed_at', 'currency', 'total').iterator():
        add(workspace, at, currency, 1, total, 0, 0)
    messages = apps.get_model('conversations', 'Message').objects.filter(
        author='customer', visibility='customer', sent_at__gte=since
    )
    for workspace, at in messages.values_list('workspace', 'sent_at').iterator():
        add(workspace, at, '', 0, 0, 1, 0)
    # The parcels of an order that was imported left nowhere.
    parcels = apps.get_model('orders', 'Fulfilment').objects.filter(created_at__gte=since).exclude(
        order__external_id__startswith='csv:'
    )
    for workspace, at in parcels.values_list('workspace', 'created_at').iterator():
        add(workspace, at, '', 0, 0, 0, 1)
    Day = apps.get_model('activity', 'DayOfActivity')
    Day.objects.bulk_create(
        [
            Day(workspace_id=workspace, day=day, currency=currency, orders=placed, ordered=ordered, messages=written, parcels=sent)
            for (workspace, day, currency), (placed, ordered, written, sent) in sums.items()
        ],
        batch_size=500,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('activity', '0001_days'),
        ('conversations', '0004_who_waits'),
        ('events', '0002_stories'),
        ('orders', '0005_stories'),
    ]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
