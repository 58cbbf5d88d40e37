"""The served folder: third-party files arrive once, published files are named by content, old ones go.

Never opens a browser.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from layers import assets


def test_install_brings_leaflet_and_sarabun(tmp_path: Path) -> None:
    assets.install(tmp_path)

    assert (tmp_path / "vendor/leaflet/leaflet.js").stat().st_size > 100_000
    assert (tmp_path / "vendor/leaflet/images/layers.png").is_file()
    for style in ("Regular", "Medium", "SemiBold", "Bold"):
        # The first four bytes of a TrueType file.
        assert (tmp_path / f"vendor/fonts/Sarabun-{style}.ttf").read_bytes()[:4] == b"\0\1\0\0"
    assert "xstatic-leaflet 1.9.3" in (tmp_path / "vendor/versions.txt").read_text()


def test_install_again_touches_nothing(tmp_path: Path) -> None:
    assets.install(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}

    assets.install(tmp_path)

    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("harm", ["other version", "lost file"])
def test_install_mends(tmp_path: Path, harm: str) -> None:
    assets.install(tmp_path)
    script = tmp_path / "vendor/leaflet/leaflet.js"
    if harm == "other version":
        (tmp_path / "vendor/versions.txt").write_text("xstatic-leaflet 1.0.0\n")
        script.write_text("old")
    else:
        script.unlink()

    assets.install(tmp_path)

    assert script.stat().st_size > 100_000


def test_publish_names_by_content(tmp_path: Path) -> None:
    one = assets.publish(tmp_path, "points.bin", b"one")

    assert one == assets.publish(tmp_path, "points.bin", b"one")
    assert one != assets.publish(tmp_path, "points.bin", b"two")
    assert one.startswith("live/points-")
    assert one.endswith(".bin")
    assert (tmp_path / one).read_bytes() == b"one"


def test_publish_writes_text_as_utf8_and_leaves_no_draft(tmp_path: Path) -> None:
    address = assets.publish(tmp_path, "outline.json", "ลำปาง")

    assert (tmp_path / address).read_text(encoding="utf-8") == "ลำปาง"
    assert [path.name for path in (tmp_path / "live").iterdir()] == [Path(address).name]


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        assets.publish(tmp_path, "points.bin", b"one")

    assert list((tmp_path / "live").iterdir()) == []


def test_old_files_are_swept_by_kind_and_used_ones_stay(tmp_path: Path) -> None:
    used = assets.publish(tmp_path, "points.bin", b"used")
    outline = assets.publish(tmp_path, "outline.json", "{}")
    for number in range(assets.KEPT_FILES + 5):
        address = assets.publish(tmp_path, "points.bin", str(number))
        os.utime(tmp_path / address, (number + 1, number + 1))
        assets.publish(tmp_path, "points.bin", b"used")

    kept = list((tmp_path / "live").glob("points-*"))
    assert len(kept) <= assets.KEPT_FILES + 1
    assert (tmp_path / used).is_file()
    assert (tmp_path / outline).is_file()
