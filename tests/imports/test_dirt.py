"""Rows and files that are not as they should be: each is accounted for, with what to do (IM-2)."""

import csv
import gzip
import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from counterfoil.access.problems import Invalid
from counterfoil.imports import actions
from counterfoil.imports.columns import column_map
from counterfoil.imports.rejects import guarded, plain
from counterfoil.orders.models import Order, OrderLine
from tests.factories import Shop
from tests.imports.files import HEADER, everything, load, retail, written

pytestmark = pytest.mark.feature("IM-2")
GOOD = "1,TT22,TEA TIN,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"


def rejected(folder: Path, name: str = "rejects.csv") -> list[list[str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_each_kind_of_dirt_is_imported_or_skipped_with_its_reason(shop: Shop, tmp_path: Path) -> None:
    path = retail("dirty_rows.csv")

    summary = load(shop, path, tmp_path)

    assert (summary.read, summary.imported, summary.rejected) == (1_295, 372, 0)
    assert summary.skipped == {"stock correction": 464, "no customer": 454, "adjustment of the accounts": 5}
    assert summary.first == {"adjustment of the accounts": 2, "no customer": 7, "stock correction": 210}
    assert load(shop, path, tmp_path).unchanged == 372


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,A,Tin,0,2010-12-01,1,7,UK", "The quantity is 0"),
        ("1,A,Tin,1.5,2010-12-01,1,7,UK", "'1.5' is no quantity"),
        ("1,A,Tin,10000000000,2010-12-01,1,7,UK", "10,000,000,000 is too many"),
        ("1,A,Tin,six,2010-12-01,1,7,UK", "'six' is no quantity"),
        ("1,A,Tin,NaN,2010-12-01,1,7,UK", "'NaN' is no quantity"),
        ("1,A,Tin,-3,2010-12-01,1,7,UK", "The quantity is negative and this is no credit note"),
        ("C1,A,Tin,3,2010-12-01,1,7,UK", "This is a credit note and the quantity is not negative"),
        ("1,A,Tin,1,2010-12-01,NaN,7,UK", "'NaN' is no price"),
        ("1,A,Tin,1,2010-12-01,£2,7,UK", "'£2' is no price"),
        ("1,A,Tin,1,2010-12-01,-1,7,UK", "The price is negative"),
        ("1,A,Tin,1,2010-12-01,0.00001,7,UK", "0.00001 is no price"),
        ("1,A,Tin,2147483647,2010-12-01,99999999,7,UK", "The order comes to more than"),
        ("1,A,Tin,1,2011-02-29 10:00:00,1,7,UK", "'2011-02-29 10:00:00' is no date"),
        ("1,A,Tin,1,0001-01-01,1,7,UK", "'0001-01-01' is not between 1970 and 2100"),
        ("1,A,T\0in,1,2010-12-01,1,7,UK", "The name holds a control character"),
        ("1,A,T\x1bin,1,2010-12-01,1,7,UK", "The name holds a control character"),
        (f"1,A,{'x' * 301},1,2010-12-01,1,7,UK", "The name has 301 characters: shorten it to 300."),
        (f"1,{'x' * 81},Tin,1,2010-12-01,1,7,UK", "The sku has 81 characters"),
        ("1,,Tin,1,2010-12-01,1,7,UK", "The SKU has 1 to 80 characters"),
        ("1/2,A,Tin,1,2010-12-01,1,7,UK", "The order number has 1 to 40 characters"),
        ("1,A,Tin,1,2010-12-01,1,7", "The row has 7 columns, the header 8"),
        ('1,A,"Tin,1,2010-12-01,1,7,UK', "This is no CSV: a quotation mark is opened and never closed."),
        (f"1,A,{'x' * 120_000},1,2010-12-01,1,7,UK", "This is no CSV: the line has more than 100,000 characters."),
        ("1,A,Tin,1,2010-12-01,1,8,UK", "1 belongs to customer 17850"),
    ],
)
def test_a_bad_row_is_reported_and_those_around_it_come_in(shop: Shop, tmp_path: Path, row: str, reason: str) -> None:
    summary = load(shop, written(tmp_path, GOOD, row, GOOD.replace("1,", "2,", 1)), tmp_path)

    assert (summary.imported, summary.rejected) == (2, 1)
    ((line, told, *cells),) = rejected(tmp_path)
    assert line == "3"
    assert told.startswith(reason)
    assert ",".join(cells) in row or cells == [row]


def test_rejected_rows_are_corrected_and_come_into_their_order(shop: Shop, tmp_path: Path) -> None:
    bad = '1,TT23,"=CMD(1), -2",six,2010-12-01 08:26:00,2.00,17850,United Kingdom'
    load(shop, written(tmp_path, GOOD, bad), tmp_path)
    found = tmp_path / "rejects.csv"
    text = found.read_text(encoding="utf-8")
    assert text.startswith(f"line,reason,{HEADER}\n3,")
    assert '"\'=CMD(1), -2"' in text
    found.write_text(text.replace(",six,", ",5,"), encoding="utf-8")

    first = load(shop, found, tmp_path, rejects=tmp_path / "again.csv")
    second = load(shop, found, tmp_path, rejects=tmp_path / "again.csv")

    assert (first.imported, first.rejected, second.unchanged) == (1, 0, 1)
    order = Order.objects.get()
    assert (order.lines.count(), str(order.total), str(order.paid)) == (2, "25.3000", "25.3000")
    assert order.lines.order_by("ordinal").values_list("name", flat=True)[1] == "=CMD(1), -2"
    assert not (tmp_path / "again.csv").exists()


def test_rejects_never_replace_a_file_that_says_something_else(shop: Shop, tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace(",6,", ",0,"))
    (tmp_path / "rejects.csv").write_text("half corrected")

    first, second = load(shop, path, tmp_path), load(shop, path, tmp_path)

    assert first.rejects == second.rejects == tmp_path / "rejects.2.csv"
    assert (tmp_path / "rejects.csv").read_text() == "half corrected"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["history.csv", "rejects.2.csv", "rejects.csv"]
    with pytest.raises(Invalid, match="it is the file to import"):
        load(shop, path, tmp_path, rejects=path)


@pytest.mark.once
@pytest.mark.parametrize("cell", ["=1+1", "-2+3", "@x", "'=1", "''", "'n", "-6", "-0.5", "plain", "+44", ""])
def test_a_guarded_cell_is_no_formula_and_comes_back(cell: str) -> None:
    assert re.match(r"[=+@]|-(?![0-9.]+$)", guarded(cell)) is None
    assert plain(guarded(cell)) == cell


def test_a_number_that_people_gave_to_another_order_is_refused(shop: Shop, tmp_path: Path) -> None:
    shop.order(number="1")

    summary = load(shop, written(tmp_path, GOOD), tmp_path)

    assert (summary.imported, summary.rejected) == (0, 1)
    assert rejected(tmp_path)[0][1] == "There is a 1 already that no CSV file brought: give another number."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty: its first line names the columns."),
        (b"a;b\n1;2\n", "has no column InvoiceNo, StockCode, Description, Quantity"),
        (f"{HEADER},Country\n".encode(), "has the column Country twice"),
        (
            f"{HEADER}\n{GOOD}\n1,A,Caf\xe9\n".encode("latin-1"),
            "is not UTF-8: byte 0xe9 in line 3. Save it as CSV UTF-8.",
        ),
        (f"{HEADER}\n{GOOD}\n".encode("utf-16"), "is not UTF-8: byte 0xff in line 1."),
        (gzip.compress(f"{HEADER}\n{GOOD}\n".encode() * 9)[:-9], "is cut off or damaged: fetch it again."),
        (b"\x1f\x8b\x08nonsense, not gzip", "is cut off or damaged: fetch it again."),
    ],
)
def test_a_file_that_can_not_be_read_to_its_end_brings_nothing(
    shop: Shop, tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    before = everything()

    with pytest.raises(Invalid) as refused:
        load(shop, path, tmp_path)

    assert reason in refused.value.message
    assert everything() == before
    assert [found.name for found in tmp_path.iterdir()] == ["file.csv"]


def test_a_byte_order_mark_gzip_and_windows_line_ends_are_read(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "history.csv.gz"
    path.write_bytes(gzip.compress(f"\ufeff{HEADER}\r\n{GOOD}\r\n\r\n".encode()))

    assert load(shop, path, tmp_path).imported == 1


@pytest.mark.once
@pytest.mark.parametrize(
    ("preset", "mapped", "reason"),
    [
        ("shopware", None, "There is no preset shopware"),
        (None, None, "It isn't said which column is order, sku, name"),
        (None, "order:No", "'order:No' maps no column"),
        ("online-retail", "colour=Red", "'colour=Red' maps no column"),
    ],
)
def test_a_map_that_makes_no_sense_is_named(preset: str | None, mapped: str | None, reason: str) -> None:
    with pytest.raises(Invalid, match=re.escape(reason)):
        column_map(preset=preset, mapped=mapped)


def test_a_database_that_fails_half_way_keeps_whole_orders_and_goes_on_later(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, *(GOOD.replace("1,", f"{number},", 1) for number in range(1, 8)))
    monkeypatch.setattr(actions, "BATCH_ROWS", 3)
    write, calls = actions.write, iter(range(9))

    def failing(*arguments: object) -> object:
        outcome = write(*arguments)  # type: ignore[arg-type]
        if next(calls) == 1:
            raise OperationalError("database or disk is full")
        return outcome

    monkeypatch.setattr(actions, "write", failing)
    with pytest.raises(actions.Interrupted) as ended:
        load(shop, path, tmp_path)

    assert str(ended.value) == (
        "The import ended early: database or disk is full. The rows up to line 4 are in; import the file again to go "
        "on from there."
    )
    assert Order.objects.count() == OrderLine.objects.count() == 3
    again = load(shop, path, tmp_path)
    assert (again.unchanged, again.imported) == (3, 4)


def test_the_statements_do_not_grow_with_the_rows(shop: Shop, tmp_path: Path) -> None:
    from django.test.utils import CaptureQueriesContext

    counts = []
    for start, rows in ((1, 10), (1001, 400)):
        lines = [GOOD.replace("1,", f"{number},", 1) for number in range(start, start + rows)]
        with CaptureQueriesContext(connection) as statements:
            load(shop, written(tmp_path, *lines), tmp_path)
        counts.append(len(statements))

    assert counts[1] <= counts[0] + 2


def test_a_store_of_another_currency_is_asked_for(shop: Shop, tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    load(shop, path, tmp_path)

    euros = replace(column_map(preset="online-retail", mapped=None), currency="EUR")

    assert load(shop, path, tmp_path, columns=euros).rejected == 1
    assert rejected(tmp_path)[0][1] == "1 is in GBP: import the row with --currency GBP."
