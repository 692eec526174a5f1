"""Documents that are trusted (GQ-7): what a text says, and which texts of the UIs may run.

Each `operations.graphql` of the UIs stands by its hash in `trusted_documents.json`, which `counterfoil documents build`
writes. A document that is not in it stops its page from being loaded, and a text that was not loaded so never runs.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, parse

from counterfoil.partners.documents import digest_of
from schema.root import schema

MANIFEST = Path(__file__).with_name("trusted_documents.json")
ANONYMOUS = "anonymous"
_loaded: set[str] = set()


class NotTrusted(RuntimeError):
    """A text that nobody registered was about to run."""


def problems_of(text: str) -> list[str]:
    """Why the schema would not answer this text; nothing where it would."""
    return [_in_a_line(error) for error in schema.documents.prepare(text, limited=False).errors]


def operations_in(text: str) -> list[str]:
    """The names of the operations in a text that can be parsed."""
    return [operation.name.value if operation.name else ANONYMOUS for operation in _operations(parse(text))]


def read_exactly(path: Path) -> str:
    """A file's text, to the byte: a hash is of these bytes."""
    return path.read_bytes().decode()


def manifest_of(documents: Mapping[str, str]) -> str:
    """The manifest of these texts, by the names of their files."""
    facts = {
        digest_of(text): {"file": file, "operations": operations_in(text)} for file, text in sorted(documents.items())
    }
    return json.dumps(facts, indent=2) + "\n"


def load(path: Path) -> str:
    """The text of a file of ours, which may run from now on. Raises `NotTrusted` unless the manifest has it."""
    text = read_exactly(path)
    if digest_of(text) not in _digests(MANIFEST):
        raise NotTrusted(f"{path} is not in {MANIFEST.name} as it stands. Write it anew: make schema")
    _loaded.add(text)
    return text


def may_run(text: str) -> bool:
    """Whether this text was loaded as one of ours."""
    return text in _loaded


@cache
def _digests(manifest: Path) -> frozenset[str]:
    return frozenset(json.loads(manifest.read_bytes())) if manifest.exists() else frozenset()


def _operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def _in_a_line(error: GraphQLError) -> str:
    place = f" (line {error.locations[0].line})" if error.locations else ""
    return " ".join(error.message.split()) + place
