"""The briefing as the command line writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.store import Store
from tests.app import stores
from tests.test_cli import run


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("brief") / "store"
    stores.bring(root, **{"firms.csv": stores.firms(), "air.json": stores.air4thai()})
    return root


@pytest.mark.parametrize(("form", "begins"), [("pdf", b"%PDF"), ("pptx", b"PK"), ("html", b"<!DOCTYPE html>")])
def test_a_file_of_each_form_is_written_and_its_path_printed(
    store: Path, tmp_path: Path, form: str, begins: bytes
) -> None:
    out = tmp_path / f"brief.{form}"
    done = run(store, "brief", "--day", "2026-03-12", "--out", out)
    assert (done.returncode, done.stdout.strip()) == (0, str(out))
    assert out.read_bytes().startswith(begins)
    assert len(Store(store).briefings()) == 1


@pytest.mark.parametrize(
    "words",
    [("--day", "yesterday", "--out", "a.pdf"), ("--day", "2026-03-12", "--out", "a.doc"), ("--day", "2026-03-12")],
)
def test_wrong_usage(store: Path, words: tuple[str, ...]) -> None:
    assert run(store, "brief", *words).returncode == 2


def test_a_folder_that_is_not_there_is_a_clear_error(store: Path, tmp_path: Path) -> None:
    done = run(store, "brief", "--day", "2026-03-12", "--out", tmp_path / "none" / "a.pdf", HAZE_LANG="th")
    assert done.returncode == 1
    assert "a.pdf" in done.stderr
