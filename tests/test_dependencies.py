"""What the desk ships with: every package at one fixed version, each under a licence that a public office may use.

Known weaknesses of these versions are looked up by `make audit`, which needs the network.
"""

from __future__ import annotations

import importlib.metadata
import re
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
#: Licences by their words in the metadata of packages. LGPL and MPL are for whole libraries that stay as they are.
PERMITTED = (
    "apache", "bsd", "mit", "isc", "psf", "python software foundation", "mozilla public license 2.0", "mpl-2.0",
    "lgpl", "lesser general public license", "ofl", "0bsd", "zlib", "cc0", "cc-by-4.0", "zpl", "unlicense",
)  # fmt: skip
FORBIDDEN = ("agpl", "affero", "sspl", "proprietary", "non-commercial", "cc-by-nc")
#: Packages whose metadata name no licence; read in the package itself.
BY_HAND = {"eccodeslib": "Apache-2.0", "eckitlib": "Apache-2.0", "xstatic-leaflet": "BSD-2-Clause"}


def lines(name: str) -> list[Requirement]:
    texts = (ROOT / name).read_text("utf-8").splitlines()
    return [Requirement(text) for text in texts if text.strip() and text[0] not in "#-"]


def pins() -> dict[str, Version]:
    found = {}
    for one in (*lines("requirements.txt"), *lines("requirements-dev.txt"), *lines("constraints.txt")):
        (pin,) = one.specifier
        assert pin.operator == "==", f"{one} is not fixed to one version"
        version = Version(pin.version)
        assert found.setdefault(canonicalize_name(one.name), version) == version, f"{one.name} has two versions"
    return found


@cache
def shipped() -> tuple[str, ...]:
    """Return the names of the packages of requirements.txt and of everything that these bring, as installed here."""
    seen: dict[str, set[str]] = {}
    todo = lines("requirements.txt")
    while todo:
        one = todo.pop()
        name, extras = canonicalize_name(one.name), one.extras or {""}
        if name in seen and extras <= seen[name]:
            continue
        seen.setdefault(name, set()).update(extras)
        for text in importlib.metadata.distribution(name).requires or []:
            more = Requirement(text)
            if more.marker is None or any(more.marker.evaluate({"extra": extra}) for extra in extras):
                todo.append(more)
    return tuple(sorted(seen))


def licence(name: str) -> str:
    told = importlib.metadata.metadata(name)
    classified = [one.split(" :: ")[-1] for one in told.get_all("Classifier", []) if one.startswith("License ::")]
    return BY_HAND.get(name) or told.get("License-Expression") or "; ".join(classified) or told.get("License") or ""


def test_every_shipped_package_has_one_fixed_version_and_it_is_the_installed_one() -> None:
    known = pins()
    assert len(shipped()) > 100
    for name in shipped():
        assert name in known, f"{name} is not in constraints.txt"
        assert Version(importlib.metadata.version(name)) == known[name], name


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_package_may_be_used(name: str) -> None:
    words = licence(name).lower()
    assert words, f"{name} names no licence: read it and write it down in BY_HAND"
    assert not [one for one in FORBIDDEN if one in words], f"{name}: {words}"
    plain = re.sub(r"lgpl|lesser general public license", "", words)
    assert not [one for one in ("gpl", "gnu general public license") if one in plain], f"{name}: {words}"
    assert [one for one in PERMITTED if one in words], f"{name}: {words}"
