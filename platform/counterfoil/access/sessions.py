"""Sessions of people who sign in, kept with the person, so that they can be listed and ended (AC-10)."""

from datetime import datetime
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from counterfoil.access import clock
from counterfoil.access.models import Session

_BEGAN, _ADDRESS, _PROGRAM = "began_at", "address", "program"


class SessionStore(DatabaseSessionStore):
    """Django's sessions in the database, in our table."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row for this session."""
        row = cast(Session, super().create_model_instance(data))
        row.user_id = int(user) if (user := data.get(SESSION_KEY)) else None
        row.began_at = datetime.fromisoformat(data[_BEGAN]) if _BEGAN in data else clock.now()
        row.address = data.get(_ADDRESS)
        row.program = data.get(_PROGRAM, "")
        return row

    def note_browser(self, *, address: str, program: str) -> None:
        """Remember from where, when and with what program somebody signs in: what the list of sessions shows."""
        self[_BEGAN] = clock.now().isoformat()
        self[_ADDRESS] = address
        self[_PROGRAM] = "".join(filter(str.isprintable, program))[:300]
