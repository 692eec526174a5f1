"""`counterfoil demo`: a whole shop in one folder, with everything that it needs started and stopped together."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

from counterfoil.site.command import Stop
from counterfoil.site.serving import bind, serve_on

_WORKER_GRACE_SECONDS = 2
_LOOK_AFTER_WORKER_SECONDS = 1
LOGINS = "demo.json"
# What django-htmx brings besides the one file that our pages load; compressing it all takes longer than the rest.
_UNUSED = ["htmax-*", "htmx-4*", "htmx-2.js", "ext"]


def run_demo(
    *,
    host: str,
    port: int,
    data_dir: Path,
    database: str | None,
    as_json: bool,
    history: Path | None = None,
    open_from: date | None = None,
) -> int:
    """Run the demo until it is stopped, with the orders in the file `history`, open ones from the day `open_from` on.

    Raises `Stop` for a folder, a port, a database or a file that can't be used.
    """
    data_dir = data_dir.absolute()
    _check_writable(data_dir)
    embedded = data_dir / "demo.sqlite3"
    if database is None and not (data_dir / LOGINS).exists():
        # Stopped half-way through its first start: begin again.
        for part in data_dir.glob(f"{embedded.name}*"):
            part.unlink()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)
    with bind(host, port) as listener:
        base = f"http://{host}:{listener.getsockname()[1]}"
        os.environ.update(
            COUNTERFOIL_DATA_DIR=str(data_dir),
            COUNTERFOIL_DATABASE=database or f"sqlite:///{embedded}",
            COUNTERFOIL_DEMO="1",
            COUNTERFOIL_HOSTS=f"{host},localhost,127.0.0.1,[::1]",
        )
        for name in ("COUNTERFOIL_BROKER", "COUNTERFOIL_SMTP_HOST", "COUNTERFOIL_HTTPS"):
            os.environ.pop(name, None)
        said = sys.stderr if as_json else sys.stdout
        print("Preparing the demo in", data_dir, "…", file=said, flush=True)
        world = _prepare(data_dir, base, host)
        if history is not None:
            _import(history, open_from, data_dir, said)
        with _worker():
            serve_on(listener, lambda: _say_ready(world, base, as_json))
    return 0


def _exit(*_: object) -> None:
    raise SystemExit(0)


def _check_writable(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise Stop(f"can't write to {data_dir} ({error.strerror}). Choose another folder with --data-dir.") from None


def _prepare(data_dir: Path, base: str, host: str) -> dict[str, Any]:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    _collect_static(data_dir)
    from counterfoil.site.demo.world import world_at

    return world_at(base, host=host, logins=data_dir / LOGINS)


def _import(history: Path, open_from: date | None, data_dir: Path, said: TextIO) -> None:
    """Bring in an order history; what is in already stays as it is."""
    from counterfoil.site.importing import Asked, import_file

    print("Importing", history, "…", file=said, flush=True)
    rejects = data_dir / f"{history.name}.rejects.csv"
    asked = Asked(file=history, preset="online-retail", rejects=rejects, open_from=open_from)
    print(import_file(asked), file=said, flush=True)


def _collect_static(data_dir: Path) -> None:
    """Collect the static files, when any of them is another than last time."""
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list(_UNUSED), key=lambda found: found[0]):
            digest.update(path.encode())
            digest.update(Path(storage.path(path)).read_bytes())
    stamp = data_dir / "static.stamp"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        call_command("collectstatic", verbosity=0, interactive=False, clear=True, ignore_patterns=_UNUSED)
        stamp.write_text(digest.hexdigest())


@contextlib.contextmanager
def _worker() -> Iterator[None]:
    """A worker beside the server; if it ends, another takes its place."""
    stopping = threading.Event()
    keeper = threading.Thread(target=_keep_working, args=(stopping,), name="worker's keeper")
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        keeper.join()


def _keep_working(stopping: threading.Event) -> None:
    # A worker also ends when this process is killed: its standard input closes then.
    command = [sys.executable, "-m", "counterfoil.site.command", "worker", "--with-parent"]
    while not stopping.is_set():
        # A session of its own: Ctrl+C reaches this process alone, which then stops the worker.
        worker = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            command, stdin=subprocess.PIPE, stdout=sys.stderr, start_new_session=True
        )
        while worker.poll() is None and not stopping.wait(_LOOK_AFTER_WORKER_SECONDS):
            pass
        worker.terminate()
        try:
            worker.wait(_WORKER_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()  # nothing is lost: what it was doing stands in the database
            worker.wait()


def _say_ready(world: dict[str, Any], base: str, as_json: bool) -> None:
    facts = {
        "base": base,
        "graphql": f"{base}/graphql",
        "admin": f"{base}/admin/",
        "mailbox": f"{base}/mailbox/",
        "version": version("counterfoil"),
        **world,
    }
    if as_json:
        print(json.dumps(facts), flush=True)
        return
    staff, order, customer = world["staff"][0], world["orders"][0], world["customers"][0]
    print(
        f"""
Counterfoil {facts["version"]} is running. Open these two pages side by side:

  The shop      {facts["admin"]}
                sign in as {staff["email"]} with the password {staff["password"]}
                and open order {order["number"]}, tab Customer notes

  The customer  {order["guest_url"]}

  All orders    {facts["sign_in"]}
                of {customer["email"]}: the code comes as a mail
                or by the link of {customer["name"]}, {customer["link"]}

  Mails         {facts["mailbox"]}
  API           {facts["graphql"]}

Write on one side and watch the other. Stop with Ctrl+C; start again with the same command.
""",
        flush=True,
    )
