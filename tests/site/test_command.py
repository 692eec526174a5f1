"""The command `counterfoil`: one clear line for what a person can mend, never a traceback (OP-1)."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from counterfoil.site.command import main
from tests.site.processes import COMMAND, PROJECT, START_WITHIN, gone_within, run, started

pytestmark = [pytest.mark.once, pytest.mark.feature("OP-1")]


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def pretend_collected(data_dir: Path) -> None:
    """Enough for `serve` to begin; collecting in earnest takes seconds."""
    (data_dir / "static").mkdir()
    (data_dir / "static" / "staticfiles.json").write_text('{"version": "1.1", "paths": {}}')


def refused(*arguments: str) -> str:
    """The one line with which the command refuses."""
    ended = run(COMMAND, *arguments)

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("counterfoil: ")
    return ended.stderr.removeprefix("counterfoil: ").rstrip("\n")


def test_a_port_in_use_is_named_with_what_to_do(tmp_path: Path, taken_port: int) -> None:
    line = refused("demo", "--port", str(taken_port), "--data-dir", str(tmp_path))

    assert line == f"can't listen on 127.0.0.1:{taken_port} (Address already in use). Choose another with --port."
    assert list(tmp_path.iterdir()) == []
    assert refused("serve", "--port", str(taken_port)) == line


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_number_that_is_no_port_is_refused(tmp_path: Path, port: str) -> None:
    line = refused("demo", "--port", port, "--data-dir", str(tmp_path))

    assert line == f"{port} is no port: use one from 1 to 65535."


def test_a_folder_that_can_not_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    below_a_file = refused("demo", "--port", "0", "--data-dir", str(tmp_path / "file" / "data"))
    a_file = refused("demo", "--port", "0", "--data-dir", str(tmp_path / "file"))
    nowhere = refused("demo", "--port", "0", "--data-dir", "/proc/counterfoil")

    advice = "Choose another folder with --data-dir."
    assert below_a_file == f"can't write to {tmp_path}/file/data (Not a directory). {advice}"
    assert a_file == f"can't write to {tmp_path}/file (File exists). {advice}"
    assert nowhere == f"can't write to /proc/counterfoil (No such file or directory). {advice}"


def test_a_host_that_is_not_ours_is_named(tmp_path: Path) -> None:
    line = refused("demo", "--host", "192.0.2.1", "--port", "0", "--data-dir", str(tmp_path))

    assert line.startswith("can't listen on 192.0.2.1:0 (")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["demo", "--port", "abc"], "argument --port: invalid int value: 'abc'. See counterfoil demo --help."),
        (["demo", "--frob"], "unrecognized arguments: --frob. See counterfoil --help."),
        ([], "the following arguments are required: COMMAND. See counterfoil --help."),
    ],
)
def test_arguments_that_it_does_not_know_are_named_in_one_line(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2

    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"counterfoil: {line}\n")


def test_run_as_a_module_it_refuses_in_the_same_words(tmp_path: Path) -> None:
    """As the demo starts its worker, and tests start a demo."""
    arguments = ("demo", "--port", "70000", "--data-dir", str(tmp_path))
    ended = run(sys.executable, "-m", "counterfoil.site.command", *arguments)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "counterfoil: 70000 is no port: use one from 1 to 65535.\n"


def test_what_follows_manage_is_djangos() -> None:
    asked = run(COMMAND, "manage", "--help")

    assert asked.returncode == 0
    assert "Type 'counterfoil manage help <subcommand>'" in asked.stdout
    assert "collectstatic" in asked.stdout


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    listed = capsys.readouterr().out
    for command in ("demo", "serve", "worker", "documents", "schema", "manage"):
        assert f"    {command} " in listed


@pytest.mark.feature("GQ-1")
def test_schema_prints_the_schema_and_nothing_else(tmp_path: Path) -> None:
    ended = run(COMMAND, "schema", COUNTERFOIL_DATA_DIR=str(tmp_path))

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == (PROJECT / "schema.graphql").read_text()


def test_a_demo_that_is_stopped_while_it_prepares_ends_at_once_without_a_word(tmp_path: Path) -> None:
    with started(COMMAND, "demo", "--json", "--port", "0", "--data-dir", str(tmp_path)) as demo:
        assert demo.stderr is not None
        assert demo.stderr.readline().startswith("Preparing the demo")
        time.sleep(0.3)
        began = time.monotonic()
        demo.send_signal(signal.SIGINT)
        out, err = demo.communicate(timeout=START_WITHIN)
        took = time.monotonic() - began

    assert took < 5
    assert demo.returncode == 0
    assert (out, err) == ("", "")


def test_a_worker_ends_with_its_parent(tmp_path: Path) -> None:
    """The demo holds the other end of its standard input, which closes however the demo ends."""
    run(COMMAND, "manage", "migrate", "-v0", COUNTERFOIL_DATA_DIR=str(tmp_path))
    environment = {"COUNTERFOIL_DATA_DIR": str(tmp_path)}
    with started(COMMAND, "worker", "--with-parent", stdin=subprocess.PIPE, **environment) as worker:
        time.sleep(0.5)
        assert worker.poll() is None
        assert worker.stdin is not None
        worker.stdin.close()
        assert gone_within({worker.pid}, 15)


def test_serve_says_that_static_files_are_missing_then_answers_until_it_is_stopped(tmp_path: Path) -> None:
    without = run(COMMAND, "serve", "--port", "0", COUNTERFOIL_DATA_DIR=str(tmp_path))
    assert (without.returncode, without.stdout) == (2, "")
    assert without.stderr == (
        "counterfoil: the style sheets and scripts aren't collected. Run: counterfoil manage collectstatic --no-input\n"
    )

    pretend_collected(tmp_path)
    run(COMMAND, "manage", "migrate", "-v0", COUNTERFOIL_DATA_DIR=str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with started(COMMAND, "serve", "--port", str(port), COUNTERFOIL_DATA_DIR=str(tmp_path)) as server:
        until = time.monotonic() + START_WITHIN
        ready = False
        while not ready:
            assert time.monotonic() < until
            try:
                ready = httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
            except httpx.ConnectError:
                time.sleep(0.05)
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)
        status = server.wait(START_WITHIN)

    assert status == 0
    assert time.monotonic() - began < 5


def test_serve_on_a_database_that_can_not_be_used_says_so_and_ends(tmp_path: Path) -> None:
    pretend_collected(tmp_path)
    ended = run(COMMAND, "serve", "--port", "0", COUNTERFOIL_DATA_DIR=str(tmp_path))

    assert (ended.returncode, ended.stdout) == (3, "")
    assert "The database can't be used: no such table: events_event" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_django_keeps_to_the_log_level_that_is_asked_for() -> None:
    look = "import django, logging; django.setup(); print(logging.getLogger('django.request').getEffectiveLevel())"
    environment = {"DJANGO_SETTINGS_MODULE": "counterfoil.site.settings", "COUNTERFOIL_LOG_LEVEL": "ERROR"}

    told = run(sys.executable, "-c", look, **environment)

    assert told.stdout == "40\n", told.stderr
