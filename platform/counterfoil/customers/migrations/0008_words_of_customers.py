from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from counterfoil.customers.words import words_on

AT_ONCE = 1000


def write_words(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    customers = apps.get_model("customers", "Customer").objects
    contacts = apps.get_model("customers", "Contact").objects
    customer_words = apps.get_model("customers", "CustomerWord")
    name_words = apps.get_model("customers", "NameWord")
    last = 0
    while keys := list(customers.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        words, names = words_on(keys, rows=customers, people=contacts)
        customer_words.objects.bulk_create(
            [customer_words(workspace_id=words[pair], customer_id=pair[0], word=pair[1]) for pair in words],
            batch_size=AT_ONCE,
        )
        name_words.objects.bulk_create(
            [name_words(workspace_id=workspace, word=word) for workspace, word in names],
            batch_size=AT_ONCE,
            ignore_conflicts=True,
        )
        last = keys[-1]


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0007_spelling'),
    ]

    operations = [migrations.RunPython(write_words, migrations.RunPython.noop)]
