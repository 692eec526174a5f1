from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from counterfoil.orders.words import own_words

AT_ONCE = 1000
OF_CUSTOMERS = """
    INSERT INTO orders_orderword (workspace_id, order_id, word, of_customer)
    SELECT o.workspace_id, o.id, w.word, %s
    FROM orders_order o JOIN customers_customerword w ON w.customer_id = o.customer_id
    WHERE o.id BETWEEN %s AND %s ON CONFLICT (order_id, word) DO NOTHING
"""


def write_words(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    orders = apps.get_model("orders", "Order").objects.order_by("pk")
    order_words = apps.get_model("orders", "OrderWord")
    facts = ("workspace_id", "pk", "number", "external_id", "total", "placed_at", "store__time_zone")
    last = 0
    while some := list(orders.filter(pk__gt=last).values_list(*facts)[:AT_ONCE]):
        order_words.objects.bulk_create(
            [
                order_words(workspace_id=workspace, order_id=pk, word=word)
                for workspace, pk, *own in some
                for word in own_words(*own)
            ],
            batch_size=AT_ONCE,
        )
        last = some[-1][1]
        with editor.connection.cursor() as cursor:
            cursor.execute(OF_CUSTOMERS, [True, some[0][1], last])


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0008_words_of_customers'),
        ('orders', '0006_search_words'),
    ]

    operations = [migrations.RunPython(write_words, migrations.RunPython.noop)]
