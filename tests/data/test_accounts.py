"""Accounts: who may do what, passwords that are never kept, a file that lets nobody in when it is damaged."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from data import accounts
from data.accounts import Account, Author
from data.errors import Damaged, NotAllowed, RecordRefused

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little memory, for speed; the real cost is asserted in a test of its own."""
    small = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", lambda: small)
    accounts._nobodys_hash.cache_clear()


def made(name: str, role: accounts.Role = "planner", amphoe: str = "") -> Account:
    return Account(name, role, amphoe, accounts.hashed(PASSWORD))


def test_a_desk_without_accounts_belongs_to_whoever_sits_at_it(tmp_path: Path) -> None:
    assert accounts.author_of(tmp_path, "") == accounts.LOCAL
    assert accounts.LOCAL.plans


def test_with_an_account_everybody_else_only_views(tmp_path: Path) -> None:
    accounts.save(tmp_path, made("somsri"))
    assert accounts.author_of(tmp_path, "") == accounts.NOBODY
    assert accounts.sign_in(tmp_path, "somsri", PASSWORD) == Author("somsri", "planner")
    assert accounts.author_of(tmp_path, "somsri") == Author("somsri", "planner")
    accounts.save(tmp_path, Account("x@y.example", "viewer", "", "", "https://issuer.example"))
    # A name counts only from the sign-in that the account names.
    assert accounts.author_of(tmp_path, "x@y.example") == accounts.NOBODY
    assert accounts.author_of(tmp_path, "x@y.example", "https://other.example") == accounts.NOBODY
    assert accounts.author_of(tmp_path, "x@y.example", "https://issuer.example").name == "x@y.example"
    assert accounts.author_of(tmp_path, "somsri", "https://issuer.example") == accounts.NOBODY
    accounts.remove(tmp_path, "somsri")
    assert accounts.author_of(tmp_path, "somsri") == accounts.NOBODY


@pytest.mark.parametrize(
    ("name", "password"), [("somsri", "wrong password here"), ("nobody", PASSWORD), ("somsri", "")]
)
def test_a_wrong_name_and_a_wrong_password_are_told_alike(tmp_path: Path, name: str, password: str) -> None:
    accounts.save(tmp_path, made("somsri"))
    with pytest.raises(NotAllowed) as found:
        accounts.sign_in(tmp_path, name, password)
    assert (found.value.key, str(found.value)) == ("sign_in", "wrong name or password")


def test_an_account_of_an_outside_sign_in_has_no_password(tmp_path: Path) -> None:
    accounts.save(tmp_path, Account("xy", "viewer", "", "", "https://issuer.example"))
    with pytest.raises(NotAllowed):
        accounts.sign_in(tmp_path, "xy", "")


def test_the_file_holds_no_password_and_is_for_its_owner(tmp_path: Path) -> None:
    accounts.save(tmp_path, made("somsri"))
    path = tmp_path / "accounts.json"
    assert PASSWORD not in path.read_text()
    assert "$argon2id$" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"accounts": [{"name": "x", "role": "king"}]}', '{"accounts": [1]}']
)
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, content: str) -> None:
    (tmp_path / "accounts.json").write_text(content)
    with pytest.raises(Damaged):
        accounts.author_of(tmp_path, "")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Account("a b", "planner", "", "h"),
        lambda: Account("ok", "king", "", "h"),  # type: ignore[arg-type]
        lambda: Account("ok", "officer", "", "h"),
        lambda: Account("ok", "planner", "5201", "h"),
        lambda: Account("ok", "officer", "5299", "h"),
        lambda: Account("ok", "planner"),
        lambda: Account("ok", "planner", "", "h", "https://issuer.example"),
    ],
)
def test_what_is_no_account_is_not_saved(tmp_path: Path, wrong: Callable[[], Account]) -> None:
    with pytest.raises(RecordRefused):
        accounts.save(tmp_path, wrong())
    assert accounts.read(tmp_path) == {}


def test_a_short_password_is_refused() -> None:
    with pytest.raises(RecordRefused):
        accounts.hashed("too short")


def test_who_may_write_what() -> None:
    officer, planner = Author("a", "officer", "5202"), Author("p", "planner")
    assert officer.may_write("5202", officers=True)
    assert not officer.may_write("5202", officers=False)
    assert not officer.may_write("5201", officers=True)
    assert not officer.may_write("", officers=True)
    assert planner.may_write("", officers=False)
    assert not accounts.NOBODY.may_write("5202", officers=True)
    assert not Author("v", "viewer").may_write("5202", officers=True)


def test_the_hash_costs_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    hasher = accounts._hasher()
    assert hasher.type.name == "ID"
    assert hasher.memory_cost >= 64 * 1024
