"""`counterfoil documents`, as people run it in a shell (GQ-7)."""

import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from counterfoil.access.models import TrustedDocument
from counterfoil.partners.documents import text_of
from counterfoil.site.command import main
from schema import trusted
from tests.factories import Shop
from tests.site.processes import run

pytestmark = pytest.mark.feature("GQ-7")
TINS = "query Tins { products(first: 9) { nodes { sku } } }\r\n"
MUGS = "query Mugs { position }"
MD5 = hashlib.md5(MUGS.encode()).hexdigest()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def done(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command that goes well prints."""
    assert main(["documents", *map(str, arguments)]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    """What a command that is refused says, and that it registered nothing."""
    before = TrustedDocument.objects.count()
    assert main(["documents", *map(str, arguments)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert TrustedDocument.objects.count() == before
    return shown.err.removeprefix("counterfoil: ").rstrip("\n").split("\n  ")


def test_files_folders_and_manifests_are_registered_by_hash_and_twice_changes_nothing(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path / "app" / "deep" / "tins.graphql", TINS)
    written(tmp_path / "app" / "readme.md", "no document")
    manifest = written(tmp_path / "persisted.json", json.dumps({sha256(MUGS): MUGS, f"sha256:{sha256(TINS)}": TINS}))

    first = done(capsys, "register", tmp_path / "app", manifest)
    again = json.loads(done(capsys, "register", manifest, "--json"))["documents"]

    assert first.splitlines() == [
        f"new    sha256:{sha256(TINS)}  Tins",
        f"new    sha256:{sha256(MUGS)}  Mugs",
        f"known  sha256:{sha256(TINS)}  Tins",
    ]
    assert [(one["hash"], one["new"], one["operations"]) for one in again] == [
        (f"sha256:{sha256(MUGS)}", False, "Mugs"),
        (f"sha256:{sha256(TINS)}", False, "Tins"),
    ]
    assert text_of(shop.workspace.pk, sha256(TINS)) == TINS
    assert TrustedDocument.objects.count() == 2


def test_one_document_that_can_not_be_answered_refuses_all_and_every_fault_is_listed(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, folder = written(tmp_path / "good.graphql", TINS), tmp_path / "empty"
    folder.mkdir()
    wrong = written(tmp_path / "wrong.graphql", "query A { colour }\nquery B { size }")
    latin = tmp_path / "latin.graphql"
    latin.write_bytes(b"# Gr\xfc\xdfe\n{ position }")
    hostile = written(tmp_path / "nul.graphql", "{ position } # \0")

    said = refused(capsys, "register", good, wrong, folder, tmp_path / "none.graphql", latin, hostile)

    assert said == [
        "nothing was registered:",
        f"{folder}: There is no .graphql file in this folder.",
        f"{tmp_path}/none.graphql: No such file or directory.",
        f"{latin}: It is no UTF-8.",
        f"{wrong}: Cannot query field 'colour' on type 'Query'. (line 1)",
        f"{wrong}: Cannot query field 'size' on type 'Query'. (line 2)",
        f"{hostile}: It has characters that can't be stored.",
    ]


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({MD5: MUGS}, "MD5, which relay-compiler writes unless told otherwise"),
        (
            {hashlib.md5(MUGS.encode()).hexdigest(): MUGS},
            'Set "algorithm": "SHA256" in relay-compiler\'s persistConfig',
        ),
        ({hashlib.sha1(MUGS.encode()).hexdigest(): MUGS}, "the length of SHA-1"),
        ({sha256(TINS): MUGS}, f"is not the SHA-256 of its text, which is {sha256(MUGS)}."),
        ({sha256("\ud800".encode(errors="replace").decode()): "\ud800"}, "characters that can't be stored"),
        ({sha256(MUGS): {"text": MUGS}}, "Write a JSON object of texts by their hashes"),
        ([MUGS], "Write a JSON object"),
        ({}, "Write a JSON object"),
    ],
)
def test_a_manifest_whose_hashes_are_no_sha256_of_its_texts_is_refused(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str], manifest: Any, words: str
) -> None:
    said = refused(capsys, "register", written(tmp_path / "persisted.json", json.dumps(manifest)))

    assert len(said) == 2
    assert words in said[1]


def test_a_manifest_that_is_no_json_is_refused(shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, text in enumerate(("{", "[" * 100_000)):
        path = written(tmp_path / f"{number}.json", text)
        assert refused(capsys, "register", path)[1] == f"{path}: It is no JSON."


def test_what_is_registered_is_listed_and_forgotten(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done(capsys, "register", written(tmp_path / "tins.graphql", TINS), written(tmp_path / "mugs.graphql", MUGS))
    listed = json.loads(done(capsys, "list", "--json"))["documents"]
    assert [one["operations"] for one in listed] == ["Mugs", "Tins"]
    assert f"sha256:{sha256(TINS)}  Tins\n" in done(capsys, "list")

    assert done(capsys, "forget", f"sha256:{sha256(TINS)}") == f"forgotten  sha256:{sha256(TINS)}\n"
    [said] = refused(capsys, "forget", sha256(TINS))

    assert said == f"no document is registered by {sha256(TINS)}. See counterfoil documents list."
    assert [one["operations"] for one in json.loads(done(capsys, "list", "--json"))["documents"]] == ["Mugs"]


def test_where_there_are_several_workspaces_one_is_named(
    shop: Shop, other_shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "tins.graphql", TINS)

    assert "name a workspace with --workspace ID" in refused(capsys, "register", path)[0]
    done(capsys, "register", path, "--workspace", other_shop.workspace.name)

    assert text_of(other_shop.workspace.pk, sha256(TINS)) == TINS
    assert text_of(shop.workspace.pk, sha256(TINS)) is None


@pytest.mark.once
def test_the_manifest_of_the_pages_is_checked_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert done(capsys, "build", "--check") == ""
    there = trusted.MANIFEST.read_bytes()
    monkeypatch.setattr(trusted, "MANIFEST", tmp_path / "trusted_documents.json")

    assert main(["documents", "build", "--check"]) == 2
    assert "Write it anew: make schema" in capsys.readouterr().err
    done(capsys, "build")
    assert (tmp_path / "trusted_documents.json").read_bytes() == there
    (tmp_path / "trusted_documents.json").write_bytes(there.replace(b'"Thread"', b'"Threads"'))
    assert main(["documents", "build", "--check"]) == 2


@pytest.mark.once
def test_an_installed_package_has_the_manifest_and_the_documents(tmp_path: Path) -> None:
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    assert built.returncode == 0, built.stderr

    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        manifest = wheel.read("schema/trusted_documents.json")
        found = {hashlib.sha256(wheel.read(facts["file"])).hexdigest() for facts in json.loads(manifest).values()}

    assert manifest == trusted.MANIFEST.read_bytes()
    assert found == set(json.loads(manifest))
