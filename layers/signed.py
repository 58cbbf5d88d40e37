"""Who sits at this screen: the corner to sign in and out, and what that person may do, asked anew at each rerun.

Hides nothing by itself and protects nothing: every change is judged by the registry with the author given here, which
comes from the server's own session and the account file, never from the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from data import accounts
from data.accounts import Author
from data.errors import HazeError, NotAllowed
from data.places import register
from layers.words import Lang, say, say_error
from models.desk import Desk


def author(desk: Desk) -> Author:
    """Return whoever sits here: a local account, somebody an outside sign-in vouches for, or nobody."""
    store = Path(desk.settings.store)
    name = st.session_state.get("account", "")
    if name:
        return accounts.author_of(store, name)
    outside = _outside()
    return accounts.author_of(store, *outside) if outside else accounts.author_of(store, "")


def demand_planner(desk: Desk) -> Author:
    """Return the author, or raise NotAllowed when it is nobody who may import files and refresh sources."""
    found = author(desk)
    if not found.plans:
        raise NotAllowed(
            f"{found.name or 'nobody'} ({found.role}) may not import or refresh",
            key="not_allowed_here",
            context={"author": found.name or "–", "role": found.role},
        )
    return found


def _outside() -> tuple[str, str] | None:
    """Return name and issuer of an outside sign-in; an address that the issuer has not verified is no name."""
    user = st.user.to_dict()
    if not user.get("is_logged_in"):
        return None
    verified = user.get("email_verified", True) not in (False, "false")
    name = user.get("email") if verified and user.get("email") else user.get("sub")
    return str(name or ""), str(user.get("iss") or "")


def _providers() -> list[str]:
    """Return the names of the outside sign-ins that are set up; "" for a single one without a name."""
    try:
        auth = st.secrets["auth"]
    except (KeyError, FileNotFoundError):
        return []
    named = [str(name) for name, value in auth.items() if isinstance(value, Mapping)]
    return named or ([""] if "client_id" in auth else [])


def corner(desk: Desk, lang: Lang) -> None:
    """Show who is signed in and the way in or out; nothing at a desk without accounts."""
    if not accounts.read(Path(desk.settings.store)):
        return
    found = author(desk)
    label = f"{found.name} · {role_words(lang, found)}" if found.name else say(lang, "signed.in")
    with st.popover(label, key="signed"):
        if found.name:
            if st.button(say(lang, "signed.out"), key="w_sign_out"):
                _sign_out()
            return
        outside = _outside()
        if outside:
            st.warning(say(lang, "signed.unknown", name=outside[0]))
            if st.button(say(lang, "signed.out"), key="w_sign_out"):
                _sign_out()
        st.caption(say(lang, "signed.note"))
        _form(desk, lang)
        for provider in _providers():
            words = say(lang, "signed.with", provider=provider.upper() or "OpenID")
            if st.button(words, key=f"w_login_{provider}"):
                st.login(provider or None)


def _form(desk: Desk, lang: Lang) -> None:
    with st.form("sign_in", border=False):
        name = st.text_input(say(lang, "signed.name"), key="w_account", max_chars=80, autocomplete="username")
        password = st.text_input(
            say(lang, "signed.password"),
            key="w_password",
            type="password",
            max_chars=200,
            autocomplete="current-password",
        )
        sent = st.form_submit_button(say(lang, "signed.in"), type="primary")
    if sent:
        try:
            st.session_state["account"] = accounts.sign_in(Path(desk.settings.store), name.strip(), password).name
        except HazeError as error:
            st.error(say_error(lang, error))
            return
        st.rerun()


def _sign_out() -> None:
    st.session_state.pop("account", None)
    if st.user.to_dict().get("is_logged_in"):
        st.logout()
    st.rerun()


def role_words(lang: Lang, one: Author) -> str:
    """Return the role in words, of an officer with the amphoe."""
    return say(lang, f"role.{one.role}", amphoe=register.name_of(one.amphoe) if one.amphoe else "")
