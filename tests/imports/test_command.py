"""`counterfoil import csv`, as people run it in a shell."""

import json
from pathlib import Path

import pytest

from counterfoil.access.models import StaffMember
from counterfoil.orders.models import Order
from counterfoil.site.command import main
from tests.factories import Shop
from tests.imports.files import written

GOOD = "1,TT22,TEA TIN,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"


@pytest.mark.feature("IM-3")
def test_the_summary_says_what_became_of_every_row(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, GOOD, GOOD.replace("17850", ""), GOOD.replace(",6,", ",x,"))
    monkeypatch.chdir(tmp_path)

    assert main(["import", "csv", str(path), "--preset", "online-retail"]) == 0

    shown = capsys.readouterr()
    assert shown.err == ""
    assert [line.split() for line in shown.out.splitlines()[:6]] == [
        ["Rows", "read", "3"],
        ["imported", "1"],
        ["unchanged", "0"],
        ["skipped", "1"],
        ["1", "no", "customer,", "first", "in", "line", "3"],
        ["rejected", "1"],
    ]
    assert "The rejected rows are in history.rejects.csv, each with its reason" in shown.out
    assert main(["import", "csv", str(path), "--preset", "online-retail", "--json", "--dry-run"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["read"], facts["unchanged"], facts["skipped"], facts["rejected"]) == (3, 1, {"no customer": 1}, 1)


@pytest.mark.feature("IM-2")
def test_what_can_not_be_imported_is_said_in_one_line(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*arguments: str) -> str:
        assert main(["import", "csv", *arguments]) == 2
        shown = capsys.readouterr()
        assert (shown.out, shown.err.count("\n")) == ("", 1)
        return shown.err

    path = written(tmp_path, GOOD)
    preset = ("--preset", "online-retail")
    assert "There is no file" in refused(str(tmp_path / "none.csv"), *preset)
    assert "is no ordinary file" in refused(str(tmp_path), *preset)
    assert "choose a preset, or name the columns" in refused(str(path))
    assert "'XXY' is no currency code" in refused(str(path), *preset, "--currency", "XXY")
    assert "name a workspace with --workspace ID" in refused(str(path), *preset, "--workspace", "Nobody")
    assert "name another place" in refused(str(path), *preset, "--rejects", str(tmp_path / "no" / "rejects.csv"))
    StaffMember.objects.all().delete()
    assert "has no admin yet" in refused(str(path), *preset)
    assert not Order.objects.exists()


def test_the_workspace_is_chosen_by_name_or_id(
    shop: Shop, other_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path)

    assert main(["import", "csv", str(path), "--preset", "online-retail"]) == 2
    assert main(["import", "csv", str(path), "--preset", "online-retail", "--workspace", "Quill & Crate"]) == 0
    assert main(["import", "csv", str(path), "--preset", "online-retail", "--workspace", str(shop.workspace.pk)]) == 0

    assert Order.objects.filter(workspace=shop.workspace).count() == 1
    assert Order.objects.filter(workspace=other_shop.workspace).count() == 1
