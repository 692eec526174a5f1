"""Bytes in the schema."""

import base64
import binascii

import strawberry
from graphql import GraphQLError


def _parse(value: object) -> bytes:
    try:
        if isinstance(value, str):
            return base64.b64decode(value.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        pass
    raise GraphQLError("This is no Base64: write bytes with the standard alphabet, padded by =, without line ends.")


# Strawberry's own skips what is not of the alphabet, and takes for a fault of the server what it can't read.
BASE64 = strawberry.scalar(
    name="Base64",
    description="Bytes in Base64 (RFC 4648, section 4): the standard alphabet, padded, without line ends.",
    specified_by_url="https://datatracker.ietf.org/doc/html/rfc4648.html#section-4",
    serialize=lambda value: base64.b64encode(value).decode(),
    parse_value=_parse,
)
