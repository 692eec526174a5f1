"""A task broker in a folder, for a machine without a server: kombu's `filesystem` transport, safe between processes.

kombu's opens a message's file and then writes it, and keeps its bindings in files that every process rewrites. A
worker that looks in between takes an empty message, or reads an empty table, and ends. Here a message appears whole,
and each process keeps the bindings that it has declared: our one queue has the same in all of them.
"""

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem, virtual
from kombu.utils.json import dumps

_LOOK_UP_EVERY = 0.2


class Channel(filesystem.Channel):
    """Messages as files; see `settings.BROKER_DIR`."""

    supports_fanout = False
    get_table = virtual.Channel.get_table  # type: ignore[assignment]
    _delete = virtual.Channel._delete

    def _put(self, queue: str, payload: dict[str, Any], **_: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns()}_{uuid4().hex}.{queue}.msg"
        partial = folder / f".{name}.partial"
        partial.write_text(dumps(payload))
        partial.rename(folder / name)


class Transport(filesystem.Transport):
    """Named in `settings.CELERY_BROKER_TRANSPORT`."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # type: ignore[override]
        """Wait for a message; shorter than Celery asks for, because only in between it sees that it shall stop."""
        super().drain_events(connection, timeout=None if timeout is None else min(timeout, _LOOK_UP_EVERY))
