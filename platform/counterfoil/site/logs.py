"""No secret reaches the log: order keys, tokens, cookies and passwords are taken out of every record.

A secret is known by its shape (an order key, an access token) or by what stands before it (`password=`, `?key=`,
`Authorization:`, `redis://:`). Rather a word too many is hidden than one too few.
"""

import logging
import re
from copy import copy

HIDDEN = "[secret]"

# Between a name and its value: `=`, `: `, `': '`, `', b'` (headers as pairs), `%3D`; quotes may be escaped.
_IS = r"""(?:\\?["']?(?:=|%3d|\s*:\s*)|\\?["']\s*,\s*)(?:b(?=["'\\]))?"""
_QUOTE = r"""(?:\\?["'])?"""
_VALUE = rf"""(?:\[[^\]]*\]?|\\?"(?:\\.|[^"\\])*"|\\?'(?:\\.|[^'\\])*'|{_QUOTE}[^\s&"']+)"""

_RULES = [
    (re.compile(pattern), rf"\g<before>{HIDDEN}")
    for pattern in (
        # Tokens, programs' secrets, and order keys: the order's number in 8 bytes, the first of which are zero.
        r"(?P<before>)(?:cf[ts]_[\w-]{8,}|A{5}[\w-]{33,})",
        r"(?i)(?P<before>(?:[?&;]|%3f|%26)key(?:=|%3d))[^\s&\"'<>]+",
        r"(?P<before>/admin/(?:reset|invitation)/)[\w.~%-]{16,}",
        rf"(?i)(?P<before>(?:passw(?:or)?d|secret|csrf_?token|csrfmiddlewaretoken)\w*{_IS}){_VALUE}",
        rf"(?i)(?P<before>authorization{_IS}{_QUOTE}(?:(?:bearer|basic)\s+)?)[^\s\"',)}}\\]+",
        r"(?i)(?P<before>\bbearer\s+)[\w.~+/=-]{16,}",
        # The site's cookies. They are long; an `orders=12` is a count.
        rf"(?P<before>\b(?:session|csrf|orders|account|asked|device|link|reset|invitation){_IS}{_QUOTE})[\w:.%+/=-]{{16,}}",
        # An address with a password: up to the last @ of the word, unless all there is before a path is a port.
        r"(?P<before>://[^\s:/?#@]*:)(?!\d+[/?#])[^\s\"'<>]{1,200}(?=@)",
    )
]


class NoSecrets(logging.Filter):
    """For a handler: hands on a copy of each record that has no secrets in it. Other handlers get it as it was.

    A record that can't be formatted is left to logging's own handling.
    """

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        """The record to write."""
        try:
            return _cleaned(record)
        except Exception:  # a log line is never worth a failure
            return record


def without_secrets(text: str) -> str:
    """The text, with each secret replaced by `[secret]`."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def _cleaned(record: logging.LogRecord) -> logging.LogRecord:
    clean = copy(record)
    try:
        clean.msg, clean.args = without_secrets(record.getMessage()), None
    except Exception:  # the arguments don't fit; logging will say so, and print them
        clean.msg = without_secrets(str(record.msg))
        if isinstance(record.args, tuple):
            clean.args = tuple(without_secrets(one) if isinstance(one, str) else one for one in record.args)
    if record.exc_info and not record.exc_text:
        clean.exc_text = logging.Formatter().formatException(record.exc_info)
    if clean.exc_text:
        clean.exc_text = without_secrets(clean.exc_text)
    if record.stack_info:
        clean.stack_info = without_secrets(record.stack_info)
    return clean
