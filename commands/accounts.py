"""Commands of the account file: make, list and take away accounts, with a password or an outside sign-in."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from commands.frame import Format, FormatOption, clear_errors, print_rows
from data import settings


class RoleChoice(StrEnum):
    """What an account may do."""

    viewer = "viewer"
    officer = "officer"
    planner = "planner"
    administrator = "administrator"


def register(app: typer.Typer) -> None:
    """Add these commands, below the word ``account``."""
    group = typer.Typer(no_args_is_help=True, help="Accounts of those who may change something on the screen.")
    group.command()(add)
    group.command("list")(list_)
    group.command()(remove)
    app.add_typer(group, name="account")


def add(
    name: Annotated[str, typer.Argument(help="Name to sign in with; of an outside sign-in the e-mail or sub.")],
    role: Annotated[RoleChoice, typer.Option(help="What the account may do.")],
    amphoe: Annotated[str, typer.Option(help="Four digits of the amphoe; for an officer.")] = "",
    issuer: Annotated[str, typer.Option(help="Address of the outside sign-in (iss); no password is then asked.")] = "",
) -> None:
    """Make an account, or give one of this name a new role or password. The password is read from stdin or asked.

    Example: python cli.py account add somsri --role planner
    """
    from data import accounts

    with clear_errors():
        digest = "" if issuer else accounts.hashed(_password())
        made = accounts.Account(name, accounts.role_of(role.value), amphoe, digest, issuer)
        accounts.save(Path(settings.load().store), made)
        typer.echo(f"{name}: {role.value}")


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def list_(form: FormatOption = Format.table) -> None:
    """List the accounts; without any the desk belongs to whoever sits at it.

    Example: python cli.py account list --format json
    """
    from data import accounts

    with clear_errors():
        found = accounts.read(Path(settings.load().store)).values()
        rows = [(one.name, one.role, one.amphoe, one.issuer or "password") for one in found]
        print_rows(pd.DataFrame(rows, columns=["name", "role", "amphoe", "signs_in_by"], dtype="str"), form)


def remove(name: Annotated[str, typer.Argument(help="Name of the account.")]) -> None:
    """Take an account away; whoever is signed in with it can change nothing any more.

    Example: python cli.py account remove somsri
    """
    from data import accounts

    with clear_errors():
        accounts.remove(Path(settings.load().store), name)
        typer.echo(name)
