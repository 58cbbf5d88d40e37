"""What the tests of fetchers share: a server on loopback that answers as a test tells it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running
