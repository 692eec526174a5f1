"""Rows belong to a workspace, and the database refuses a row that points into another one.

Django has no composite foreign keys. `SameWorkspace` emits `FOREIGN KEY (workspace_id, x_id) REFERENCES x
(workspace_id, id)` on SQLite and PostgreSQL; `TenantModel` gives each table the unique pair that it refers to.
"""

from typing import Any, ClassVar, cast

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models.constraints import BaseConstraint


class SameWorkspace(BaseConstraint):
    """The row that the foreign key `field` points at lies in the same workspace as this row."""

    def __init__(self, *, field: str, name: str) -> None:
        super().__init__(name=name)
        self.field = field

    def _clause(self, model: type[models.Model], editor: BaseDatabaseSchemaEditor) -> str:
        foreign_key = cast("models.ForeignKey[Any, Any]", model._meta.get_field(self.field))
        target = foreign_key.related_model._meta
        quote = editor.quote_name
        return (
            f"FOREIGN KEY ({quote('workspace_id')}, {quote(str(foreign_key.column))}) "
            f"REFERENCES {quote(target.db_table)} ({quote('workspace_id')}, {quote(str(target.pk.column))}) "
            "DEFERRABLE INITIALLY DEFERRED"
        )

    def constraint_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:  # type: ignore[override]
        """The clause inside `CREATE TABLE`."""
        return f"CONSTRAINT {schema_editor.quote_name(self.name)} {self._clause(model, schema_editor)}"

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:  # type: ignore[override]
        """The statement that adds the constraint to a table that exists (PostgreSQL; SQLite rebuilds the table)."""
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:  # type: ignore[override]
        """The statement that drops the constraint."""
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to do: the database checks, at the end of the transaction."""

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """For migrations."""
        path, args, kwargs = super().deconstruct()
        return path, tuple(args), {**kwargs, "field": self.field}

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SameWorkspace):
            return (self.name, self.field) == (other.name, other.field)
        return NotImplemented

    __hash__ = BaseConstraint.__hash__


def same_workspace(field: str) -> SameWorkspace:
    """The constraint for one foreign key, named after its table."""
    return SameWorkspace(field=field, name=f"%(app_label)s_%(class)s_{field}_tenant")


class TenantModel(models.Model):
    """A row of a workspace. A subclass that points at another tenant's model adds `same_workspace(field)`."""

    workspace = models.ForeignKey("workspaces.Workspace", on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True
        constraints: ClassVar[tuple[BaseConstraint, ...]] = (
            models.UniqueConstraint(fields=["workspace", "id"], name="%(app_label)s_%(class)s_tenant"),
        )
