"""The pages for people: every link leads somewhere; files, commands, settings and pages of the screen are as named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from app import ROOMS
from cli import app
from data.settings import Settings
from layers.words import texts

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").rglob("*.md")])
#: A file of somebody else that a page tells the origin of data by.
ELSEWHERE = {"data/processed/firms_recent_hotspots.csv"}


def anchors(page: Path) -> set[str]:
    """Return the names that the headings of a page have in links."""
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith(("http", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(there), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(page: Path) -> None:
    folders = "|".join(("benchmarks", "briefings", "commands", "data", "docs", "fetchers", "layers", "models", "tests"))
    for name in re.findall(rf"`((?:{folders})/[\w./\-]+)`", page.read_text("utf-8")):
        path = name.removesuffix("/")
        if path in ELSEWHERE:
            continue
        assert (ROOT / path).exists() or (ROOT / f"{path}.py").exists(), f"{page.name} names {name}"


def commands() -> dict[str, Any]:
    """Return every command by the words that call it."""
    top = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    inner = {f"{a} {b}": sub for a, one in top.items() for b, sub in getattr(one, "commands", {}).items()}
    return top | inner


def test_every_command_and_option_that_is_named_is_there() -> None:
    known = commands()
    told = 0
    for page in PAGES:
        for line in re.findall(r"python cli\.py ((?:(?!python cli\.py)[^`#\n;|])+)", page.read_text("utf-8")):
            words = line.split()
            if not words or words[0].startswith("-") or words[0].isupper():
                continue
            name = next((name for name in (" ".join(words[:2]), words[0]) if name in known), None)
            assert name is not None, f"{page.name}: python cli.py {line}"
            options = {option for parameter in known[name].params for option in parameter.opts} | {"--help"}
            given = {word.partition("=")[0] for word in words if word.startswith("--")}
            assert given <= options, f"{page.name}: python cli.py {line}"
            told += 1
    assert told > 30


def test_every_benchmark_that_is_named_is_there() -> None:
    for page in PAGES:
        for name in re.findall(r"python -m benchmarks[. ]([a-z_]+)", page.read_text("utf-8")):
            assert (ROOT / "benchmarks" / f"{name}.py").exists() or (ROOT / "benchmarks" / name).is_dir(), (page, name)


def test_every_setting_that_is_named_is_one() -> None:
    tests_own = {"HAZE_SHARED", "HAZE_TEST_COMPLETE", "HAZE_CHROMIUM", "HAZE_SHOTS", "HAZE_BENCH"}
    known = {f"HAZE_{name.upper()}" for name in Settings.model_fields} | tests_own
    for page in PAGES:
        found = set(re.findall(r"HAZE_[A-Z][A-Z_]*[A-Z]", page.read_text("utf-8")))
        assert found <= known, f"{page.name}: {sorted(found - known)}"


def test_the_tour_names_every_page_of_the_screen() -> None:
    tour = re.search(r"## A tour of five minutes\n(.*?)\n## ", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert tour is not None
    named = {name.lower() for name in re.findall(r"\*{1,2}([A-Z][\w .']+?)\*{1,2}", tour[1])}
    words = texts("en")
    titles = {page: words[f"page.{page}"].lower() for pages in ROOMS.values() for page in pages}
    rooms = {words[f"room.{room}"].lower() for room in ROOMS}
    assert rooms | {"english"} <= named | {"data and desk"}
    for page in (
        "today",
        "fires",
        "outlook",
        "danger",
        "origin",
        "season",
        "compare",
        "effect",
        "choose",
        "sites",
        "plan",
    ):
        assert titles[page] in named, f"the tour does not name {titles[page]}"
    assert named - {"english"} <= set(titles.values()) | rooms | {"pm2.5 estimates", "data and desk"}, named
