"""The web process that the benchmark measures: `counterfoil serve`, which also says how much memory is in use.

CPython and the C library keep what is freed for later, so the process's size does not tell what streams leave behind.
What is in use does: at SIGUSR1 the process collects its garbage and writes the bytes into a file.
"""

import _sqlite3
import ctypes
import gc
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

from counterfoil.site.serving import serve


def bytes_in_use() -> int:
    """The bytes in the allocators' blocks that are in use: CPython's, and glibc's where that is the C library, without
    SQLite's cache.
    """
    with tempfile.TemporaryFile() as told:
        stderr = os.dup(2)
        os.dup2(told.fileno(), 2)
        try:
            sys._debugmallocstats()
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
        told.seek(0)
        found = re.search(rb"# bytes in allocated blocks\s+=\s+([\d,]+)", told.read())
    small = int(found[1].replace(b",", b"")) if found else 0
    return small + _bytes_of_glibc() - _bytes_of_sqlite()


class _Mallinfo2(ctypes.Structure):
    _names = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    _fields_ = [(name, ctypes.c_size_t) for name in _names]


def _bytes_of_glibc() -> int:
    mallinfo2 = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if mallinfo2 is None:
        return 0
    mallinfo2.restype = _Mallinfo2
    # Blocks in use; those of maps of their own (`hblkhd`) are arenas of threads or CPython's, counted already.
    return int(mallinfo2().uordblks)


def _bytes_of_sqlite() -> int:
    # Pages of the database that the threads' connections keep, as many as they have read, up to their limit.
    used = getattr(ctypes.CDLL(getattr(_sqlite3, "__file__", None)), "sqlite3_memory_used", None)
    if used is None:
        return 0
    used.restype = ctypes.c_int64
    return int(used())


def main(port: int, told: Path) -> None:
    """Serve on the loopback interface; write the bytes in use into `told` at each SIGUSR1."""

    def tell(*_: object) -> None:
        gc.collect()
        partial = told.with_suffix(".partial")
        partial.write_text(str(bytes_in_use()))
        partial.rename(told)

    signal.signal(signal.SIGUSR1, tell)
    serve(host="127.0.0.1", port=port)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
