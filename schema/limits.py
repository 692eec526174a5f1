"""What one request may ask for at most (GQ-6), and who may read the schema from the API itself.

These numbers bound the work of reading a text, and are the same on every server; what one may spend is a setting
(docs/settings.md). They count for whoever asks from outside. The UIs' own operations
stand in files that were looked at when they were written, and are held by the tests of their pages.
"""

from django.conf import settings

from counterfoil.access.viewer import Viewer, ViewerKind

CHARACTERS = 40_000  # of an operation's text
TOKENS = 1_000
OPERATIONS = 20  # in one text
DEPTH = 16  # fields within fields; the usual introspection has 15
ALIASES = 100
DIRECTIVES = 10  # at one place
FIELDS = 600  # with each fragment counted wherever it is used
MERGES = 5_000  # pairs of fields that make one field of the answer: comparing them takes the validation's time
VALUES = 20_000  # in the variables, with those in lists and objects


def may_introspect(viewer: Viewer) -> bool:
    """Whether the viewer is told what the schema is: by introspection, by "did you mean", on the pages about it."""
    match settings.INTROSPECTION:
        case "everybody":
            return True
        case "programs":
            return viewer.kind is not ViewerKind.ANONYMOUS
        case _:
            return False
