from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from counterfoil.access.text import mailbox_of


def find_mailboxes(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    contacts = apps.get_model("customers", "Contact").objects
    batch = []
    for contact in contacts.exclude(email="").only("pk", "email").iterator():
        contact.mailbox = mailbox_of(contact.email)
        batch.append(contact)
        if len(batch) == 1000:
            contacts.bulk_update(batch, ["mailbox"])
            batch.clear()
    contacts.bulk_update(batch, ["mailbox"])


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0003_accounts'),
    ]

    operations = [
        migrations.RunPython(find_mailboxes, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='contact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('email', ''), ('mailbox', '')), models.Q(models.Q(('email', ''), _negated=True), models.Q(('mailbox', ''), _negated=True)), _connector='OR'), name='customers_address_has_mailbox'),
        ),
    ]
