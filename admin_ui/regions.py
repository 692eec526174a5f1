"""Regions of a page that fetch themselves again when something happened.

A region's content carries its version, and the region asks with the version that it has: what did not change is
answered by 204, and nothing that a person reads, selects or stands on is touched.
"""

import hashlib
import json

from admin_ui.staff.access import HtmxRequest


def version_of(content: object) -> str:
    """The version of what a region shows: equal for equal content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def is_current(request: HtmxRequest, version: str) -> bool:
    """Whether the region that asks shows this version already."""
    return bool(request.htmx) and request.GET.get("have") == version


def nudged_at(request: HtmxRequest) -> int | None:
    """The position in the log that the region was nudged for; None when something else made it ask."""
    given = request.headers.get("Live-Position", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else None
