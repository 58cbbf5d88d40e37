"""Who may do what at the desk: roles, authors, and the local file of accounts with hashed passwords.

A file and its reading, nothing more: never signs anybody in on a screen, never keeps a password in the clear. Without
any account the desk belongs to whoever sits at it; with one, viewing stays open and every change needs a sign-in.
"""

from __future__ import annotations

import functools
import json
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from data.errors import Damaged, NotAllowed, RecordRefused
from data.files import write_whole
from data.places import register
from data.tries import Tries

Role = Literal["viewer", "officer", "planner", "administrator"]
ROLES: tuple[Role, ...] = get_args(Role)
#: Shorter passwords are refused; NIST SP 800-63B-4 (2025) asks for 15 where a password stands alone.
FEWEST_LETTERS = 15
#: Wrong passwords of every name, by this process.
TRIES = Tries()
_FILE = "accounts.json"
_NAME = re.compile(r"[\w.@+\-]{2,80}")


@dataclass(frozen=True)
class Author:
    """Whoever makes a change.

    Attributes
    ----------
    name : str
        As it stands in the trail.
    role : str
        One of `ROLES`.
    amphoe : str
        Four digits; of an officer, the amphoe whose records the officer may write.
    """

    name: str
    role: Role
    amphoe: str = ""

    @property
    def plans(self) -> bool:
        """True for those who may write everything, import files and refresh sources."""
        return self.role in ("planner", "administrator")

    def may_write(self, amphoe: str, *, officers: bool) -> bool:
        """Return whether a record of an amphoe ("" for the whole province) may be written.

        `officers` says whether records of its kind are for officers at all.
        """
        return self.plans or (self.role == "officer" and officers and bool(amphoe) and amphoe == self.amphoe)


#: Whoever works on the machine itself, by command line, and whoever sits at a desk that has no accounts.
OPERATOR = Author("operator", "administrator")
LOCAL = Author("desk", "planner")
NOBODY = Author("", "viewer")


@dataclass(frozen=True)
class Account:
    """One account: an author and how the author proves it, by a password hash or by an outside sign-in.

    Attributes
    ----------
    hash : str
        Argon2id hash; empty for an account that signs in outside.
    issuer : str
        Which outside sign-in vouches for the name, by its key in the app's secrets; empty for a local account.
    """

    name: str
    role: Role
    amphoe: str = ""
    hash: str = ""
    issuer: str = ""

    @property
    def author(self) -> Author:
        """The account as the author of changes."""
        return Author(self.name, self.role, self.amphoe)


@functools.cache
def _hasher() -> PasswordHasher:
    # argon2-cffi's defaults are the low-memory profile of RFC 9106: 64 MiB, 3 passes, 4 lanes.
    return PasswordHasher()


def read(store: Path) -> dict[str, Account]:
    """Return the accounts by name, empty when there is no file.

    Raises
    ------
    Damaged
        When the file is not one of accounts: nobody is let in by a file that cannot be read.
    """
    path = store / _FILE
    try:
        rows = json.loads(path.read_text("utf-8"))["accounts"]
        accounts = [Account(**row) for row in rows]
        if any(account.role not in ROLES for account in accounts):
            raise ValueError("unknown role")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f"{path} cannot be read as accounts: {type(error).__name__}",
            context={"file": _FILE},
            hint="restore the file from a backup or make the accounts again",
        ) from error
    return {account.name: account for account in accounts}


def save(store: Path, account: Account) -> None:
    """Write an account, in place of one of the same name.

    Raises
    ------
    RecordRefused
        When the name, the role or the amphoe cannot be one.
    StoreError
        When the file cannot be written.
    """
    problem = _problem(account)
    if problem:
        raise RecordRefused(f"account {account.name!r}: {problem}", problems=(), context={"problems": problem})
    _write(store, read(store) | {account.name: account})


def _problem(account: Account) -> str:
    if not _NAME.fullmatch(account.name):
        return "name: 2 to 80 letters, digits or . @ + - _"
    if account.role not in ROLES:
        return f"role: one of {', '.join(ROLES)}"
    if (account.role == "officer") != bool(account.amphoe):
        return "amphoe: needed for an officer, and for nobody else"
    if account.amphoe and (len(account.amphoe) != 4 or not register.is_known(account.amphoe)):
        return f"amphoe: four digits of the register, got {account.amphoe}"
    return "" if bool(account.hash) != bool(account.issuer) else "password or outside sign-in: exactly one of them"


def remove(store: Path, name: str) -> None:
    """Take an account away; raise NotAllowed when there is none of that name."""
    accounts = read(store)
    if name not in accounts:
        raise NotAllowed(f"there is no account {name!r}", key="no_such_account", context={"name": name})
    _write(store, {other: account for other, account in accounts.items() if other != name})


def _write(store: Path, accounts: Mapping[str, Account]) -> None:
    document = {"accounts": [asdict(accounts[name]) for name in sorted(accounts)]}

    def fill(partial: Path) -> None:
        # Hashes are for nobody else on the machine.
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=1)

    write_whole(store / _FILE, fill)


def hashed(password: str) -> str:
    """Return the Argon2id hash of a password.

    Raises
    ------
    RecordRefused
        When it is too short.
    """
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < FEWEST_LETTERS:
        raise RecordRefused(
            "password too short", problems=(), context={"problems": f"password: at least {FEWEST_LETTERS} letters"}
        )
    return _hasher().hash(plain)


def sign_in(store: Path, name: str, password: str) -> Author:
    """Return the author whose name and password these are.

    Raises
    ------
    NotAllowed
        The same for an unknown name and a wrong password, after the same work; ``too_many_tries`` for a name that was
        tried with wrong ones too often (`data.tries`), even with the right one.
    """
    TRIES.demand(name)
    account = read(store).get(name)
    known = account.hash if account is not None and account.hash else _nobodys_hash()
    try:
        _hasher().verify(known, unicodedata.normalize("NFKC", password))
        if account is not None and account.hash:
            TRIES.right(name)
            return account.author
    except (VerificationError, InvalidHashError):
        pass
    TRIES.wrong(name)
    raise NotAllowed("wrong name or password", key="sign_in")


@functools.cache
def _nobodys_hash() -> str:
    return _hasher().hash(os.urandom(24).hex())


def author_of(store: Path, name: str, issuer: str = "") -> Author:
    """Return what somebody who signed in may do now, asked anew at each use so that a removed account loses its rights.

    Parameters
    ----------
    store : Path
    name : str
        "" for somebody who did not sign in.
    issuer : str
        Key of the outside sign-in that vouched for the name; "" for a local account.
    """
    accounts = read(store)
    if not accounts:
        return LOCAL
    account = accounts.get(name)
    return account.author if account is not None and account.issuer == issuer else NOBODY


def role_of(text: str) -> Role:
    """Return a role from text that was checked to be one."""
    return cast(Role, text)
