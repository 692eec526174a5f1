from django.db import migrations

# `order_keys` is a topic too, so the digits are looked at before they are read.
OF_ORDERS = """
    UPDATE events_event SET customer_id = (
        SELECT orders_order.customer_id FROM orders_order
        WHERE orders_order.id = CAST(substr(events_event.topic, 7) AS bigint)
        AND orders_order.workspace_id = events_event.workspace_id
    ) WHERE topic LIKE 'order\\_%' ESCAPE '\\' AND substr(topic, 7, 1) BETWEEN '0' AND '9'
"""
OF_CUSTOMERS = """
    UPDATE events_event SET customer_id = CAST(substr(topic, 10) AS bigint)
    WHERE topic LIKE 'customer\\_%' ESCAPE '\\' AND substr(topic, 10, 1) BETWEEN '0' AND '9' AND kind <> 'customer.ordered'
"""
OF_CONTACTS = """
    UPDATE events_event SET customer_id = (
        SELECT customers_contact.customer_id FROM customers_contact
        WHERE customers_contact.id = CAST(substr(events_event.topic, 9) AS bigint)
        AND customers_contact.workspace_id = events_event.workspace_id
    ) WHERE topic LIKE 'contact\\_%' ESCAPE '\\' AND substr(topic, 9, 1) BETWEEN '0' AND '9'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0002_stories'),
        ('orders', '0004_notes'),
    ]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (OF_ORDERS, OF_CUSTOMERS, OF_CONTACTS)]
