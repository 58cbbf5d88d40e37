"""The folder that Streamlit serves beside app.py: third-party files from installed packages, files made while running.

Copies Leaflet and the Sarabun typeface out of their pinned packages, writes files named by their content.
Never downloads anything, never overwrites what is already right, never touches `static/desk`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import itertools
import os
import sys
from pathlib import Path

#: The folder served as `app/static/`.
STATIC = Path(__file__).resolve().parent.parent / "static"

FONT_STYLES = ("Regular", "Medium", "SemiBold", "Bold")
LEAFLET_FILES = (
    "leaflet.js",
    "leaflet.css",
    "images/layers.png",
    "images/layers-2x.png",
    "images/marker-icon.png",
    "images/marker-icon-2x.png",
    "images/marker-shadow.png",
)
PACKAGES = ("xstatic-leaflet", "fontpkg-sarabun")

#: How many files of one kind stay in `static/live`: enough for every view that people have open.
KEPT_FILES = 20

_turn = itertools.count()


def install(static: Path = STATIC) -> None:
    """Put Leaflet and Sarabun into `static/vendor`; do nothing when these versions are already there.

    Raises
    ------
    FileNotFoundError
        When an installed package does not hold the file it should; names the file.
    importlib.metadata.PackageNotFoundError
        When a package is not installed.
    """
    vendor = static / "vendor"
    versions = "".join(f"{name} {importlib.metadata.version(name)}\n" for name in PACKAGES)
    stamp = vendor / "versions.txt"
    files = vendor_files()
    # The stamp is written last: a copy that was cut short has none and is made again.
    if stamp.is_file() and stamp.read_text() == versions and all((vendor / name).is_file() for name in files):
        return
    for name, source in files.items():
        write_whole(vendor / name, source.read_bytes())
    write_whole(stamp, versions.encode())


def vendor_files() -> dict[str, Path]:
    """Return every third-party file we serve: its name under `static/vendor` and where its package keeps it."""
    leaflet = _package_folder("xstatic.pkg.leaflet") / "data"
    fonts = _package_folder("fontpkg_sarabun") / "files"
    found = {f"leaflet/{name}": leaflet / name for name in LEAFLET_FILES}
    found |= {f"fonts/Sarabun-{style}.ttf": fonts / f"Sarabun-{style}.ttf" for style in FONT_STYLES}
    return found


def _package_folder(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"expected package {module} to be installed, it is not")
    return Path(next(iter(spec.submodule_search_locations)))


def publish(static: Path, name: str, content: bytes | str) -> str:
    """Write `content` under a name that holds its hash, and return its address below the static folder.

    The same content always gets the same address, so a browser fetches it once. Cheap when the file is there
    already: call it whenever a page is shown, which also keeps the file from being swept.

    Parameters
    ----------
    static : Path
        The folder that Streamlit serves.
    name : str
        Kind and ending, such as ``"points.bin"``.
    content : bytes or str
        Text is written as UTF-8.

    Returns
    -------
    str
        Such as ``"live/points-0f5a63c1d2e3f405.bin"``.
    """
    data = content.encode() if isinstance(content, str) else content
    kind, ending = name.rsplit(".", 1)
    address = f"live/{kind}-{hashlib.sha256(data).hexdigest()[:16]}.{ending}"
    path = static / address
    try:
        os.utime(path)
    except FileNotFoundError:
        write_whole(path, data)
        sweep(path.parent, kind)
    return address


def sweep(folder: Path, kind: str, keep: int = KEPT_FILES) -> None:
    """Remove the files of one kind that were published longest ago, all but the `keep` newest."""
    ages: list[tuple[float, Path]] = []
    for path in folder.glob(f"{kind}-*"):
        # Another process may sweep the same folder: a file that is gone is a file swept.
        try:
            ages.append((path.stat().st_mtime, path))
        except FileNotFoundError:
            continue
    for _, path in sorted(ages, reverse=True)[keep:]:
        path.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` so that a reader sees the old file, the new file or none, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{next(_turn)}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            # The name promises the content for ever, so it must not outlive a power cut that ate the bytes.
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


if __name__ == "__main__":
    install(Path(sys.argv[1]) if len(sys.argv) > 1 else STATIC)
