"""Photographs of sites at rest: read by content, turned upright, made small, and freed of what a camera writes beside.

A telephone notes where and when a picture was taken, and by whose device; none of it is kept. The registry holds the
link, the store the picture, under its checksum. Never draws.
"""

from __future__ import annotations

import io
import re
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from data.errors import FileRefused
from data.store import Store

#: Most bytes and cells of a picture that is brought: what telephones make today, with room.
MOST_BYTES, MOST_CELLS = 25_000_000, 60_000_000
#: Longest side of what is kept: enough to fill a screen, light enough for a poor line.
SIDE = 1600
_QUALITY = 82
_FORMS = ("JPEG", "PNG", "WEBP")
_LINK = re.compile(r"photo:([0-9a-f]{64})")


def keep(store: Store, content: bytes) -> str:
    """Keep a picture and return its link, ``photo:`` and the checksum of what is kept.

    Parameters
    ----------
    store : Store
    content : bytes
        JPEG, PNG or WebP.

    Raises
    ------
    FileRefused
        ``photo_too_large`` or ``photo_unreadable``.
    StoreError
        When the store cannot be written.
    """
    if len(content) > MOST_BYTES:
        raise _too_large(f"{len(content)} bytes")
    return f"photo:{store.put_raw(_small(content))}"


def read(store: Store, link: str) -> bytes | None:
    """Return the JPEG of a link, None when the link is of a picture elsewhere.

    Raises
    ------
    NotStored, Damaged
        When this store has no such picture, or a damaged one.
    """
    found = _LINK.fullmatch(link)
    return store.get_raw(found[1]) if found else None


def _small(content: bytes) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMS) as picture:
                if picture.width * picture.height > MOST_CELLS:
                    raise _too_large(f"{picture.width} x {picture.height} cells")
                upright = ImageOps.exif_transpose(picture)
                upright.thumbnail((SIDE, SIDE))
                flat = Image.new("RGB", upright.size, "white")
                whole = upright.convert("RGBA")
                flat.paste(whole, mask=whole.getchannel("A"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FileRefused(f"no picture: {error}", key="photo_unreadable") from error
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()


def _too_large(found: str) -> FileRefused:
    context = {"mb": MOST_BYTES // 1_000_000, "megapixels": MOST_CELLS // 1_000_000}
    return FileRefused(f"a picture of {found}", key="photo_too_large", context=context)
