"""`counterfoil demo --database`: a database that is not the demo's own is left alone (OP-1)."""

from pathlib import Path

import pytest

from counterfoil.workspaces.models import Store, Workspace
from tests.factories import Shop
from tests.serving import database_address
from tests.site.processes import COMMAND, run


@pytest.mark.feature("OP-1")
@pytest.mark.django_db(transaction=True)
def test_a_database_that_holds_something_already_is_refused_and_left_alone(shop: Shop, tmp_path: Path) -> None:
    before = list(Workspace.objects.values()), list(Store.objects.values())
    arguments = ("--port", "0", "--data-dir", str(tmp_path), "--database", database_address())
    ended = run(COMMAND, "demo", "--json", *arguments)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[1:] == [
        "counterfoil: this database holds something already. Name an empty one, or leave out --database."
    ]
    assert (list(Workspace.objects.values()), list(Store.objects.values())) == before
