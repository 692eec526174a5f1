from django.db import migrations

# The first that a customer wrote behind the shop's last answer.
UNANSWERED = """
    UPDATE conversations_conversation SET waiting_since = (
        SELECT min(asked.sent_at) FROM conversations_message asked
        WHERE asked.conversation_id = conversations_conversation.id
        AND asked.visibility = 'customer' AND asked.author = 'customer'
        AND asked.id > coalesce((
            SELECT max(answer.id) FROM conversations_message answer
            WHERE answer.conversation_id = conversations_conversation.id
            AND answer.visibility = 'customer' AND answer.author = 'staff'
        ), 0)
    )
"""


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0003_waiting'),
    ]

    operations = [migrations.RunSQL(UNANSWERED, migrations.RunSQL.noop)]
