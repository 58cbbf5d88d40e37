"""Every example that a command's help gives, and every command that the README gives, run as they stand.

On the embedded sample, in a folder that holds files of the names they use. An example that needs what the sample does
not have gives one clear error; what those that are known say is written down here.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import click
import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from cli import app
from data import accounts
from models import cluster
from tests import files
from tests.app import stores

ROOT = Path(__file__).resolve().parent.parent
#: What a command says that cannot be done on the sample, with exit code 1.
REFUSED = {
    "alert ack 12": "There is no alert 12.",
    "alert quota": "The channel line is not set up",
    "alert run": "no alert is sent from it",
    "danger": "No weather is stored yet",
    "forecast --verify": "2025-05-31",
    "grid": "No gridded field of pm25",
    "ground": "No raster of land_cover",
    "watch": "The sample is not watched",
}
#: Typed when an example asks for a password.
PASSWORD = "a long pass phrase of words\n"


def commands(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield the path and the help of each command, those of groups inside too."""
    inside = getattr(group, "commands", None)
    if inside is None:
        yield " ".join(path), group.help or ""
        return
    for name, command in inside.items():
        yield from commands(command, (*path, name))


HELP = dict(commands(typer.main.get_command(app)))
EXAMPLES = {path: re.findall(r"Example: python cli\.py (.*)", text) for path, text in HELP.items()}
README = re.findall(r"^python cli\.py ([^#\n]*?)\s*(?:#.*)?$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that examples name, none of them read by two commands."""
    made = tmp_path_factory.mktemp("examples")
    (made / "lampang_tambons.geojson").write_bytes(files.as_json(files.squares()))
    (made / "downloads").mkdir()
    (made / "downloads" / "firms.csv").write_bytes(stores.firms())
    accounts.save(made / "store", accounts.Account("somsri", "planner", "", accounts.hashed(PASSWORD.strip()), ""))
    shutil.copy(ROOT / "data" / "facts" / "interventions.csv", made / "my_sites.csv")
    return made


def run(example: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """Run an example in the folder, on the sample; what would take the process over or spread it is kept here."""

    def served(program: str, words: list[str]) -> NoReturn:
        assert words[1:4] == ["-m", "streamlit", "run"]
        raise SystemExit(0)

    monkeypatch.setattr(os, "execv", served)
    monkeypatch.setattr(cluster, "opened", lambda *where: contextlib.nullcontext())
    monkeypatch.chdir(folder)
    # A shell would put the names in.
    words = [
        name
        for word in shlex.split(example)
        for name in (sorted(str(path) for path in Path().glob(word)) if "*" in word else [word])
    ]
    env = {"HAZE_STORE": str(folder / "store"), "HAZE_MODE": "sample", "HAZE_LANG": "en"}
    return CliRunner().invoke(app, words, env=env, input=PASSWORD)


def check(example: str, done: Result) -> None:
    """Hold the outcome against what is written down; a traceback is never one."""
    assert done.exception is None or isinstance(done.exception, SystemExit), (example, done.exception)
    refusal = next((said for begins, said in REFUSED.items() if example.startswith(begins)), None)
    if done.exit_code == 1 or refusal is not None:
        told = done.stderr.replace("\n", " ")
        assert done.exit_code == 1, (example, done.stdout)
        assert "Error: " in told
        assert refusal is None or refusal in told, (example, told)
        assert not done.stdout
    else:
        assert done.exit_code == 0, (example, done.stderr)
        assert done.stdout.strip() or example.startswith(("serve", "air-check"))


def test_every_command_has_an_example_of_itself() -> None:
    assert len(EXAMPLES) > 30
    for path, found in EXAMPLES.items():
        assert found, f"{path} has no example"
        assert all(f"{example} ".startswith(f"{path} ") for example in found), (path, found)


@pytest.mark.parametrize("path", sorted(EXAMPLES))
def test_the_example_of_a_command_runs(path: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for example in EXAMPLES[path]:
        check(example, run(example, folder, monkeypatch))


def test_every_refusal_belongs_to_an_example() -> None:
    told = [example for found in EXAMPLES.values() for example in found]
    assert all(any(example.startswith(begins) for example in told) for begins in REFUSED)


def test_the_readme_gives_every_command_that_people_ask_by_hand() -> None:
    named = {next(path for path in HELP if f"{line} ".startswith(f"{path} ")) for line in README}
    assert len(README) > 20
    assert named >= {"import", "counts", "air", "fires", "forecast", "brief", "status", "rank", "effect"}


#: Those that are no examples as well, whose numbers the sample can tell.
SHORT = [
    line for line in README if line.startswith(("status", "heat", "round", "alike", "air --by tambon", "bulletin"))
]


@pytest.mark.parametrize("line", SHORT)
def test_a_line_of_the_readme_runs(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(line, run(line, folder, monkeypatch))
