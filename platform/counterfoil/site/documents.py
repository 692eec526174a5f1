"""`counterfoil documents`: the documents that programs may be restricted to, and those of the pages (GQ-7)."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from counterfoil.site.command import Stop

if TYPE_CHECKING:
    from counterfoil.workspaces.models import Workspace

PREFIX = "sha256:"
_OTHER_HASHES = {32: "MD5, which relay-compiler writes unless told otherwise", 40: "SHA-1"}


@dataclass(frozen=True, slots=True)
class Document:
    """A text to register: where it was found, and the hash that stands beside it there."""

    place: str
    text: str
    claimed: str | None = None


class Unreadable(Exception):
    """A file that holds no documents; its text says why."""


def run_documents(given: argparse.Namespace) -> int:
    """Run one of the commands below `documents`; gives the exit status. Raises `Stop`."""
    import django
    from django.db import Error

    django.setup()
    try:
        match given.act:
            case "build":
                return build(check=given.check)
            case "register":
                return register(given.files, _workspace(given.workspace), as_json=given.json)
            case "list":
                return show(_workspace(given.workspace), as_json=given.json)
            case _:
                return forget(given.hash, _workspace(given.workspace), as_json=given.json)
    except Error as error:
        reason = str(error).splitlines()[0]
        raise Stop(f"the database can't be used ({reason}). Is it there, and counterfoil manage migrate run?") from None


def register(paths: Iterable[Path], workspace: "Workspace", *, as_json: bool) -> int:
    """Register every document in these files and folders, or none when one of them can't be answered."""
    from django.db import transaction

    from counterfoil.partners import documents
    from schema.trusted import operations_in

    found = _checked(paths)
    known = {one.digest for one in documents.registered(workspace.pk)}
    facts = []
    with transaction.atomic():
        for document in found:
            operations = ", ".join(operations_in(document.text))
            digest = documents.register(workspace_id=workspace.pk, text=document.text, operations=operations).digest
            facts.append(
                {
                    "hash": PREFIX + digest,
                    "new": digest not in known,
                    "operations": operations,
                    "found": document.place,
                }
            )
            known.add(digest)
    lines = (f"{'new  ' if one['new'] else 'known'}  {one['hash']}  {one['operations']}" for one in facts)
    _print(facts, lines, as_json=as_json)
    return 0


def show(workspace: "Workspace", *, as_json: bool) -> int:
    """Print what is registered, the newest first."""
    from counterfoil.partners.documents import registered

    facts = [
        {"hash": PREFIX + one.digest, "operations": one.operations, "registered": one.created_at.isoformat()}
        for one in registered(workspace.pk)
    ]
    _print(facts, (f"{one['registered'][:10]}  {one['hash']}  {one['operations']}" for one in facts), as_json=as_json)
    return 0


def forget(digest: str, workspace: "Workspace", *, as_json: bool) -> int:
    """Trust a document no longer."""
    from counterfoil.partners import documents

    digest = digest.removeprefix(PREFIX).lower()
    if not documents.forget(workspace_id=workspace.pk, digest=digest):
        raise Stop(f"no document is registered by {digest[:80]}. See counterfoil documents list.")
    _print([{"hash": PREFIX + digest}], [f"forgotten  {PREFIX}{digest}"], as_json=as_json)
    return 0


def build(*, check: bool) -> int:
    """Write the manifest of the pages' documents; or only say whether it is as it should be."""
    from schema import trusted
    from schema.checks import check_documents, documents_by_file, operation_documents

    if wrong := check_documents(operation_documents()):
        raise Stop("\n  ".join(["the pages' documents can't be answered:", *(str(error.msg) for error in wrong)]))
    path = trusted.MANIFEST
    manifest = trusted.manifest_of(documents_by_file())
    if not check:
        path.write_text(manifest, encoding="utf-8")
    elif not path.exists() or trusted.read_exactly(path) != manifest:
        raise Stop(f"schema/{path.name} does not hold the pages' documents as they are. Write it anew: make schema")
    return 0


def _workspace(named: str | None) -> "Workspace":
    from counterfoil.site.choosing import workspace_named

    return workspace_named(named)


def _checked(paths: Iterable[Path]) -> list[Document]:
    """The documents in these files and folders. Raises `Stop` with everything that is wrong with any."""
    found: list[Document] = []
    wrong: list[str] = []
    for path in paths:
        with _noting(wrong, path):
            for file in _files(path):
                with _noting(wrong, file):
                    found += _documents_in(file)
    wrong += [f"{document.place}: {problem}" for document in found for problem in _problems(document)]
    if wrong:
        raise Stop("\n  ".join(["nothing was registered:", *wrong]))
    return found


@contextmanager
def _noting(wrong: list[str], path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        wrong.append(f"{path}: {error.strerror}.")
    except UnicodeDecodeError:
        wrong.append(f"{path}: It is no UTF-8.")
    except Unreadable as unreadable:
        wrong.append(f"{path}: {unreadable}")


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(path.rglob("*.graphql"))
    if not files:
        raise Unreadable("There is no .graphql file in this folder.")
    return files


def _documents_in(file: Path) -> list[Document]:
    from schema.trusted import read_exactly

    text = read_exactly(file)
    if file.suffix != ".json":
        return [Document(str(file), text)]
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("It is no JSON.") from None
    if not isinstance(manifest, dict) or not manifest or not all(isinstance(each, str) for each in manifest.values()):
        raise Unreadable('Write a JSON object of texts by their hashes: {"<sha256>": "query …"}.')
    return [Document(f"{file} {claimed[:80]}", each, claimed) for claimed, each in manifest.items()]


def _problems(document: Document) -> list[str]:
    from counterfoil.access.text import storable
    from counterfoil.partners.documents import digest_of
    from schema.trusted import problems_of

    if not storable(document.text):
        return ["It has characters that can't be stored."]
    if document.claimed is not None:
        claimed = document.claimed.removeprefix(PREFIX).lower()
        if other := _OTHER_HASHES.get(len(claimed)):
            advice = 'Set "algorithm": "SHA256" in relay-compiler\'s persistConfig, and compile again.'
            return [f"The hash has the length of {other}; documents are registered by SHA-256. {advice}"]
        if claimed != digest_of(document.text):
            return [f"The hash is not the SHA-256 of its text, which is {digest_of(document.text)}."]
    return problems_of(document.text)


def _print(facts: Sequence[object], lines: Iterable[str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"documents": facts}))
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines)
