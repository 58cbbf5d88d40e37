"""What the tests of models share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def few_trees():
    """Ten trees tell as much of the code as a hundred and fifty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.loglinear._ROUNDS", 10)
        yield
