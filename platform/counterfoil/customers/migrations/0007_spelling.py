from django.apps.registry import Apps
from django.db import ProgrammingError, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Everybody's search path has `public`, whichever schema the tables are in; who owns the database may do this.
REFUSED = (
    "this role may not create the extension pg_trgm. Let the owner of the database run, in it, CREATE EXTENSION "
    "pg_trgm WITH SCHEMA public; then migrate again, which goes on from here"
)
NOT_PERMITTED = "42501"
POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public",
    "CREATE INDEX customers_like_name ON customers_nameword USING gin (word public.gin_trgm_ops)",
)
# A migration that alters customers_nameword on SQLite makes the table anew, without its triggers: make them again.
SQLITE = (
    """CREATE VIRTUAL TABLE customers_nametrigram USING fts5(
        word, content='customers_nameword', content_rowid='id', tokenize='trigram', detail='none'
    )""",
    "CREATE VIRTUAL TABLE customers_nametrigram_count USING fts5vocab(customers_nametrigram, 'row')",
    """CREATE TRIGGER customers_nameword_comes AFTER INSERT ON customers_nameword BEGIN
        INSERT INTO customers_nametrigram (rowid, word) VALUES (new.id, new.word);
    END""",
    """CREATE TRIGGER customers_nameword_goes AFTER DELETE ON customers_nameword BEGIN
        INSERT INTO customers_nametrigram (customers_nametrigram, rowid, word) VALUES ('delete', old.id, old.word);
    END""",
)
SQLITE_BACK = (
    "DROP TRIGGER customers_nameword_goes",
    "DROP TRIGGER customers_nameword_comes",
    "DROP TABLE customers_nametrigram_count",
    "DROP TABLE customers_nametrigram",
)


def make(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    try:
        for statement in POSTGRESQL if editor.connection.vendor == "postgresql" else SQLITE:
            editor.execute(statement)
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", "") != NOT_PERMITTED:
            raise
        raise ProgrammingError(REFUSED) from error


def remove(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in ("DROP INDEX customers_like_name",) if editor.connection.vendor == "postgresql" else SQLITE_BACK:
        editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0006_search_words'),
    ]

    operations = [migrations.RunPython(make, remove)]
