"""`scripts/setup.sh`: finds a Python that is new enough, or says in clear words that there is none (OP-1)."""

import stat
import subprocess
from pathlib import Path

import pytest

from tests.site.processes import PROJECT

pytestmark = [pytest.mark.once, pytest.mark.feature("OP-1")]

TOOLS = ("sh", "dirname", "ls", "sort", "rm")


def fake_python(path: Path, version: str, *, works: bool) -> Path:
    """A program that says it is this Python. It builds nothing: its venv ends with status 9."""
    path.parent.mkdir(parents=True, exist_ok=True)
    answer = "exit 0" if works else "exit 1"
    path.write_text(
        f'#!/bin/sh\ncase "$1" in\n  -c) {answer} ;;\n  --version) echo "Python {version}" ;;\n  *) exit 9 ;;\nesac\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine without any Python, pyenv or uv."""
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    for tool in TOOLS:
        found = next(path for folder in ("/usr/bin", "/bin") if (path := Path(folder) / tool).exists())
        (bin_dir / tool).symlink_to(found)
    return {"PATH": str(bin_dir), "HOME": str(tmp_path / "home")}


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """A virtual environment that is there already."""
    folder = tmp_path / "venv"
    folder.mkdir()
    (folder / "kept").touch()
    return folder


def set_up(venv: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(PROJECT / "scripts" / "setup.sh"), str(venv)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_python_that_is_too_old_is_refused_in_one_line_and_nothing_is_touched(
    tmp_path: Path, bare: dict[str, str], venv: Path
) -> None:
    old = fake_python(tmp_path / "python3.11", "3.11.2", works=False)
    ended = set_up(venv, bare | {"PYTHON": str(old)})

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (f"PYTHON={old} is not a working Python 3.12 or newer: name another, or leave it out.\n")
    assert (venv / "kept").exists()


def test_a_python_that_is_not_there_is_refused_in_one_line(bare: dict[str, str], venv: Path) -> None:
    ended = set_up(venv, bare | {"PYTHON": "/nowhere/python3"})

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("PYTHON=/nowhere/python3 is not a working Python 3.12 or newer")
    assert (venv / "kept").exists()


def test_where_only_an_old_python_is_found_it_says_what_to_install(
    tmp_path: Path, bare: dict[str, str], venv: Path
) -> None:
    fake_python(tmp_path / "bin" / "python3", "3.11.2", works=False)
    ended = set_up(venv, bare)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Counterfoil needs Python 3.12 or newer, and none was found on PATH")
    assert "make setup PYTHON=" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert (venv / "kept").exists()


def test_a_newer_python_is_found_on_path_though_the_stock_one_is_old(
    tmp_path: Path, bare: dict[str, str], venv: Path
) -> None:
    fake_python(tmp_path / "bin" / "python3", "3.11.2", works=False)
    fake_python(tmp_path / "bin" / "python3.12", "3.12.4", works=True)
    ended = set_up(venv, bare)

    assert ended.stdout == f"Building {venv} with Python 3.12.4 ...\n"
    assert ended.returncode == 9


def test_pyenvs_folder_is_searched_the_newest_first(tmp_path: Path, bare: dict[str, str], venv: Path) -> None:
    fake_python(tmp_path / "bin" / "python3", "3.11.2", works=False)
    for version, works in (("3.12.9", True), ("3.13.1", True), ("3.14.0", False), ("3.9.1", True)):
        fake_python(tmp_path / "home" / ".pyenv" / "versions" / version / "bin" / "python3", version, works=works)
    ended = set_up(venv, bare)

    assert ended.stdout == f"Building {venv} with Python 3.13.1 ...\n"


def test_uv_is_asked_last(tmp_path: Path, bare: dict[str, str], venv: Path) -> None:
    python = fake_python(tmp_path / "uv's" / "python3", "3.13.2", works=True)
    uv = tmp_path / "bin" / "uv"
    uv.write_text(f'#!/bin/sh\n[ "$1 $2" = "python find" ] && echo "{python}" || exit 9\n')
    uv.chmod(0o755)
    ended = set_up(venv, bare)

    assert ended.stdout == f"Building {venv} with Python 3.13.2 ...\n"
    assert ended.returncode == 9
