"""Which allocator a web process runs on: one that gives memory back to the system when streams leave.

CPython's own keeps a megabyte while any object in it lives, so a process stays as large as it ever was. CPython 3.13
and newer also have mimalloc, which gives back page by page, and costs nothing here (`docs/decisions/0007`).
"""

import os
import sys
import sysconfig


def run_on_mimalloc() -> None:
    """Replace this process by one that runs the same command on mimalloc; gives control back where there is none.

    An operator who sets `PYTHONMALLOC` has chosen, and is left alone.
    """
    if "PYTHONMALLOC" in os.environ or not sysconfig.get_config_var("WITH_MIMALLOC"):
        return
    os.environ["PYTHONMALLOC"] = "mimalloc"
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", "0")  # milliseconds; later purges only come with more work
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  (our own command, once more)
