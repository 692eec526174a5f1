"""Our folder `platform` never shadows the standard library's module of that name."""

import os
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STANDARD = Path(sysconfig.get_path("stdlib")) / "platform.py"
VERSION = ".".join(str(part) for part in sys.version_info[:3])
SAY = "import platform; print(platform.python_version(), platform.__file__)"

pytestmark = pytest.mark.once


def output(*command: str | Path, folder: Path, **environment: str) -> list[str]:
    """The words that a command prints, run in a folder."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_it_is_not_shadowed_under_pytest() -> None:
    assert platform.python_version() == VERSION
    assert Path(platform.__file__) == STANDARD


@pytest.mark.parametrize("place", ["the project's root", "platform", "platform/counterfoil", "elsewhere"])
@pytest.mark.parametrize("how", ["-c", "a script", "-m"])
def test_it_is_not_shadowed_in_any_folder(tmp_path: Path, place: str, how: str) -> None:
    folder = {"the project's root": ROOT, "elsewhere": tmp_path}.get(place, ROOT / place)
    (tmp_path / "say_platform.py").write_text(SAY, encoding="utf-8")
    arguments: dict[str, tuple[str | Path, ...]] = {
        "-c": ("-c", SAY),
        "a script": (tmp_path / "say_platform.py",),
        "-m": ("-m", "say_platform"),
    }
    extra = {"PYTHONPATH": str(tmp_path)} if how == "-m" else {}

    assert output(sys.executable, *arguments[how], folder=folder, **extra) == [VERSION, str(STANDARD)]


@pytest.mark.parametrize("module", ["platform", "counterfoil.site.command"])
def test_modules_run_from_the_root_with_the_standard_platform(tmp_path: Path, module: str) -> None:
    arguments = () if module == "platform" else ("schema",)

    words = output(sys.executable, "-m", module, *arguments, folder=ROOT, COUNTERFOIL_DATA_DIR=str(tmp_path))

    if module == "platform":  # which prints what platform it is
        assert words == [platform.platform()]
    else:
        assert words == (ROOT / "schema.graphql").read_text(encoding="utf-8").split()


@pytest.mark.parametrize("place", ["the project's root", "elsewhere"])
def test_it_is_not_shadowed_in_the_installed_command(tmp_path: Path, place: str) -> None:
    command = Path(sys.executable).with_name("counterfoil")
    folder = ROOT if place == "the project's root" else tmp_path

    words = output(
        command, "manage", "shell", "--no-imports", "-c", SAY, folder=folder, COUNTERFOIL_DATA_DIR=str(tmp_path)
    )

    assert words == [VERSION, str(STANDARD)]


def test_our_folder_is_no_package() -> None:
    assert (ROOT / "platform" / "counterfoil" / "__init__.py").is_file()
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert [path.name for path in (ROOT / "platform").iterdir() if path.suffix == ".py"] == []


def test_the_root_itself_is_no_package() -> None:
    assert not (ROOT / "__init__.py").exists()
