"""Wrong passwords are counted by name, for a while; the right one is let in as long as they are few."""

from __future__ import annotations

from pathlib import Path

import pytest

from data import accounts, tries
from data.accounts import Account
from data.errors import NotAllowed

PASSWORD = "a long enough pass phrase"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_after_too_many_wrong_tries_a_name_waits_and_others_do_not() -> None:
    clock = Clock()
    counted = tries.Tries(clock)
    for _ in range(tries.MOST):
        counted.demand("somsri")
        counted.wrong("somsri")
        clock.now += 1
    with pytest.raises(NotAllowed) as refusal:
        counted.demand("somsri")
    assert refusal.value.key == "too_many_tries"
    assert refusal.value.context["minutes"] == 15
    counted.demand("anan")
    clock.now = tries.WITHIN_S
    counted.demand("somsri")


def test_a_right_password_forgets_the_wrong_ones() -> None:
    counted = tries.Tries(Clock())
    for _ in range(tries.MOST - 1):
        counted.wrong("somsri")
    counted.right("somsri")
    for _ in range(tries.MOST - 1):
        counted.wrong("somsri")
    counted.demand("somsri")


def test_names_that_are_made_up_fill_no_memory() -> None:
    clock = Clock()
    counted = tries.Tries(clock)
    for number in range(50):
        counted.wrong(f"name{number}")
    clock.now = tries.WITHIN_S + 1
    counted.wrong("somsri")
    assert list(counted._wrong) == ["somsri"]


def test_the_desk_counts_them_also_for_names_that_do_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "TRIES", tries.Tries())
    accounts.save(tmp_path, Account("somsri", "planner", "", accounts.hashed(PASSWORD)))
    for name in ("somsri", "nobody"):
        for _ in range(tries.MOST):
            with pytest.raises(NotAllowed) as refusal:
                accounts.sign_in(tmp_path, name, "wrong")
            assert refusal.value.key == "sign_in"
        with pytest.raises(NotAllowed) as refusal:
            accounts.sign_in(tmp_path, name, PASSWORD)
        assert refusal.value.key == "too_many_tries"
