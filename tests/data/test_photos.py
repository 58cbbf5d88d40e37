"""Photographs at rest: small, upright, without what the camera wrote; what is no picture is refused."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from data import photos
from data.errors import FileRefused, NotStored
from data.store import Store


def picture(width: int = 40, height: int = 20, form: str = "JPEG", **more: object) -> bytes:
    made = Image.new("RGB", (width, height), "green")
    made.paste("red", (0, 0, width // 2, height))
    out = io.BytesIO()
    made.save(out, form, **more)
    return out.getvalue()


def kept(store: Store, content: bytes) -> Image.Image:
    found = photos.read(store, photos.keep(store, content))
    assert found is not None
    return Image.open(io.BytesIO(found))


def test_a_picture_comes_back_small_and_without_place_time_and_device(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825)[2] = (18.0, 17.0, 5.0)
    found = kept(Store(tmp_path), picture(4000, 1000, exif=exif))
    assert (found.format, found.size) == ("JPEG", (1600, 400))
    assert not dict(found.getexif())
    assert b"Maker" not in photos.read(Store(tmp_path), photos.keep(Store(tmp_path), picture(exif=exif)))  # type: ignore[operator]


def test_a_picture_taken_sideways_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the left side of what it wrote is the top
    found = kept(Store(tmp_path), picture(40, 20, exif=exif)).convert("RGB")
    assert found.size == (20, 40)
    (red, green, _), bottom = found.getpixel((10, 5)), found.getpixel((10, 35))  # type: ignore[misc]
    assert red > green
    assert bottom[1] > bottom[0]  # type: ignore[index]


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_other_forms_are_read_by_content(tmp_path: Path, form: str) -> None:
    assert kept(Store(tmp_path), picture(form=form)).size == (40, 20)


def test_the_same_picture_is_kept_once_and_an_address_elsewhere_is_none_of_ours(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert photos.keep(store, picture()) == photos.keep(store, picture())
    assert photos.read(store, "https://example.org/a.jpg") is None
    assert photos.read(store, "photo:../../etc/passwd") is None
    with pytest.raises(NotStored):
        photos.read(store, "photo:" + "0" * 64)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "photo_unreadable"),
        (b"<svg onload=alert(1)>", "photo_unreadable"),
        (picture()[:200], "photo_unreadable"),
        (picture(form="GIF"), "photo_unreadable"),
        (b"\xff\xd8" + bytes(photos.MOST_BYTES), "photo_too_large"),
    ],
    ids=["empty", "markup", "half", "GIF", "large"],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes, key: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        photos.keep(Store(tmp_path), content)
    assert refusal.value.key == key
    assert not any(tmp_path.rglob("*.zst"))


def test_a_bomb_of_cells_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "PNG")
    with pytest.raises(FileRefused) as refusal:
        photos.keep(Store(tmp_path), out.getvalue())
    assert refusal.value.key == "photo_too_large"
