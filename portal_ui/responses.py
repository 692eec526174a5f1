"""Requests and responses that Django has no name for."""

import hashlib
import json

from django.http import HttpRequest, HttpResponseRedirect
from django_htmx.middleware import HtmxDetails


class PageRequest(HttpRequest):
    """A request that went through django-htmx's middleware: `request.htmx` is true when htmx asks."""

    htmx: HtmxDetails


class SeeOther(HttpResponseRedirect):
    """303: done, or found; look there with a GET."""

    status_code = 303


def version_of(content: object) -> str:
    """The version of what a region shows. A region asks for news with the version that it has; equal means no news."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
