"""A secret driven through the settings and every error that knows it: it comes out nowhere.

Keys in addresses, logs and replies are in tests/fetchers/test_http.py and test_refresh.py, tokens of channels in
tests/briefings/test_channels.py, passwords of accounts in tests/data/test_accounts.py.
"""

from __future__ import annotations

import json
import logging
import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest

from briefings import channels
from briefings.channels import Parcel
from data import settings
from data.errors import HazeError, RegistryError, SettingError
from data.registry import open_registry
from layers.words import LANGS, say_error
from tests.test_cli import ROOT, run

SECRET = "s3cr3t-0123456789abcdef"
SECRETS: dict[str, Any] = {
    "firms_key": SECRET,
    "gistda_key": SECRET,
    "openaq_key": SECRET,
    "dustboy_key": SECRET,
    "ads_key": SECRET,
    "line_token": SECRET,
    "smtp_url": f"smtp://desk:{SECRET}@127.0.0.1:1",
    "database_url": f"postgresql://desk:{SECRET}@127.0.0.1:1/haze",
    "channels": {"ntfy": f"ntfy://{SECRET}@127.0.0.1:1/topic", "none": f"nosuchservice://{SECRET}"},
}


def told(error: BaseException) -> str:
    """Return everything that an error says, to a log, a screen or a debugger."""
    parts = [str(error), repr(error), "".join(traceback.format_exception(error))]
    if isinstance(error, HazeError):
        parts += [json.dumps(error.context, default=str), error.hint, *(say_error(lang, error) for lang in LANGS)]
    return "\n".join(parts)


@pytest.mark.parametrize("name", SECRETS)
def test_settings_show_no_secret(name: str, tmp_path: Path) -> None:
    options = settings.load(store=tmp_path, **{name: SECRETS[name]})
    shown = [repr(options), str(options), json.dumps(options.model_dump(), default=str), options.model_dump_json()]
    assert SECRET not in "".join(shown)
    assert SECRET in pickle.dumps(options).decode("latin-1")  # the secret is there: the test looks for the right thing


@pytest.mark.parametrize("name", SECRETS)
def test_a_setting_that_is_refused_is_not_repeated(name: str) -> None:
    with pytest.raises(SettingError) as error:
        settings.load(**{name: [SECRETS[name]]})
    assert SECRET not in told(error.value)


@pytest.mark.parametrize(
    "address", [SECRETS["database_url"], f"mysql://u:{SECRET}@h/d", f"postgresql://{SECRET}", SECRET]
)
def test_a_database_that_cannot_be_reached_tells_no_password(address: str, tmp_path: Path) -> None:
    options = settings.load(store=tmp_path, database_url=address)
    with pytest.raises((RegistryError, SettingError)) as error:
        open_registry(options)
    if "@127" in address:
        assert error.value.key == "registry_database"
    # A host is no secret; only what stands where a password stands is looked for.
    if address != f"postgresql://{SECRET}":
        assert SECRET not in told(error.value)


@pytest.mark.parametrize("channel", ["line", "email", "ntfy", "none"])
def test_a_channel_that_fails_tells_no_key(channel: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    given = {name: SECRETS[name] for name in ("line_token", "smtp_url", "channels")}
    options = settings.load(store=tmp_path, mode="live", line_host="http://127.0.0.1:1", **given)
    with pytest.raises(HazeError) as error:
        channels.send(channel, Parcel("3f0f7a52-8f55-5f39-9d7d-0a2f6b7c0001", "U1", "x", "y"), options)
    assert SECRET not in told(error.value) + caplog.text


def test_the_command_line_tells_no_secret(tmp_path: Path) -> None:
    around = {
        f"HAZE_{name.upper()}": text if isinstance(text, str) else json.dumps(text) for name, text in SECRETS.items()
    }
    around |= {"HAZE_MIRRORS": json.dumps({"firms.modaps.eosdis.nasa.gov": "http://127.0.0.1:1"}), "HAZE_MODE": "live"}
    for words in (("status",), ("sites",), ("fetch", "firms-api-snpp-nrt"), ("alert", "run")):
        done = run(tmp_path / "store", *words, **around)
        assert SECRET not in done.stdout + done.stderr
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET.encode() not in held


def test_the_apps_own_settings_are_shut() -> None:
    import tomllib

    options = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert options["server"]["enableXsrfProtection"] is True
    assert options["server"]["enableCORS"] is True
    assert options["server"]["maxUploadSize"] <= 200
    assert options["client"]["showErrorDetails"] == "none"
    assert options["client"]["toolbarMode"] == "minimal"
    assert options["browser"]["gatherUsageStats"] is False
