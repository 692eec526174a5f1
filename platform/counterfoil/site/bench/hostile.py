"""Requests that are made to cost the server as much as they can. Each has to be refused for little."""

import json
from collections.abc import Callable, Mapping


def _query(text: str) -> bytes:
    return json.dumps({"query": text}).encode()


def _variables(values: str) -> bytes:
    text = "query Bomb($x: [String!]) { products(first: 1, filter: {skus: $x}) { nodes { id } } }"
    return f'{{"query": {json.dumps(text)}, "variables": {{"x": {values}}}}}'.encode()


# What is asked, with a number in it, so that no two are the same text.
HOSTILE: Mapping[str, Callable[[int], bytes]] = {
    "a_megabyte": lambda n: _query(f"{{ position }} # {n} " + "x" * 2**20),
    "ten_thousand_aliases": lambda n: _query("{ " + " ".join(f"a{n}_{m}: position" for m in range(10_000)) + " }"),
    "aliases_within_the_words": lambda n: _query("{ " + " ".join(f"a{n}_{m}: position" for m in range(320)) + " }"),
    "two_hundred_levels": lambda n: _query(f"{{ a{n}: " + "orders { nodes { lines { nodes { " * 50 + "id" + " }" * 201),
    "a_cycle_of_fragments": lambda n: _query(
        f"{{ ...A{n} }} fragment A{n} on Query {{ ...B }} fragment B on Query {{ ...A{n} }}"
    ),
    "fragments_that_double": lambda n: _query(
        f"{{ a{n}: position ...F0 }} "
        + " ".join(f"fragment F{m} on Query {{ ...F{m + 1} ...F{m + 1} }}" for m in range(60))
        + " fragment F60 on Query { position }"
    ),
    "five_thousand_directives": lambda n: _query(f"{{ a{n}: position " + "@include(if: true) " * 5_000 + "}"),
    "the_same_field_again_and_again": lambda n: _query(f"{{ a{n}: position " + "position " * 950 + "}"),
    "names_that_do_not_exist": lambda n: _query("{ " + " ".join(f"ordres{n}{m}" for m in range(950)) + " }"),
    "a_long_list_of_variables": lambda n: _variables("[" + ",".join([f'"{n}"'] * 400_000) + "]"),
    "deep_variables": lambda n: _variables("[" * 300_000 + f'"{n}"' + "]" * 300_000),
    "variables_within_the_limit": lambda n: _variables("[" + ",".join([str(n)] * 19_000) + "]"),
    "too_many_rows": lambda n: _query(
        f"{{ a{n}: "
        + "orders(first: 100) { nodes { lines(first: 100) { nodes { id name sku unit quantity fulfilled } } } } }"
    ),
}
