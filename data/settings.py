"""The desk's settings, read once from HAZE_* and haze.toml into one frozen value.

Never read anywhere else, never changed after start; secrets print as dots.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from data.errors import SettingError

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """All settings.

    Attributes
    ----------
    store : Path
        Folder of the store.
    mode : str
        ``live``, ``cached`` or ``sample``; ``auto`` shows the sample as long as nothing is stored.
    place : str
        Key of the place the desk serves.
    lang : str
        Language of messages on the command line and of the first screen.
    max_file_mb : int
        Largest file taken in, decoded, in megabytes.
    max_parse_s : float
        How long a file that is brought may take to be understood.
    max_parse_mb : int
        Memory that understanding it may take, in megabytes.
    lock_timeout_s : float
        How long a writer waits for another writer.
    firms_key, gistda_key, openaq_key, dustboy_key, ads_key : SecretStr
        Keys of the providers; printed as dots.
    database_url : SecretStr
        Address of a PostgreSQL database for the registry, such as ``postgresql://user:word@host/haze``; without one the
        registry is a SQLite file in the store.
    mirrors : dict of str to str
        Host to base address that is asked in its place, for a mirror inside the office or a replay.
    target_percent : float or None
        How many per cent fewer hotspots than last year the province wants this season; no target when not set.
    line_token : SecretStr
        Channel access token of the LINE Messaging API.
    line_host : str
        Where the LINE Messaging API is.
    smtp_url : SecretStr
        Mail server: ``smtp://user:word@host:587`` (STARTTLS where offered) or ``smtps://…``.
    mail_from : str
        Sender of mails.
    channels : dict of str to SecretStr
        More ways out, by name, each an address of the Apprise library such as ``ntfy://host/topic``.
    app_url : str
        Address of the screen, for links in alerts.
    cap_status : str
        Status of warnings in the Common Alerting Protocol; only the national authority issues actual ones.
    cap_sender : str
        Sender in them.
    watch_also : tuple of str
        Sources that the watch asks when they are due beside those that `fetch` asks by itself.
    ping_url : SecretStr
        Address that the watch asks after each round it finished, for a service that tells when it stays away.
    dask : str
        Where the command `prepare` works: ``local`` for processes of this machine, ``here`` for one process, or the
        address of a Dask scheduler such as ``tcp://host:8786``.
    ca_bundle : str
        File of certificates trusted beside the usual ones, for a server that sends an incomplete chain.
    """

    model_config = SettingsConfigDict(
        env_prefix="HAZE_", toml_file="haze.toml", frozen=True, extra="ignore", env_ignore_empty=True
    )

    store: Path = ROOT / "store"
    mode: Literal["auto", "live", "cached", "sample"] = "auto"
    place: str = "lampang"
    lang: Literal["th", "en"] = "en"
    max_file_mb: int = Field(default=1024, ge=1)
    max_parse_s: float = Field(default=120.0, gt=0)
    max_parse_mb: int = Field(default=6144, ge=64)
    lock_timeout_s: float = Field(default=60.0, ge=0)
    firms_key: SecretStr = SecretStr("")
    gistda_key: SecretStr = SecretStr("")
    openaq_key: SecretStr = SecretStr("")
    dustboy_key: SecretStr = SecretStr("")
    database_url: SecretStr = SecretStr("")
    ads_key: SecretStr = SecretStr("")
    mirrors: dict[str, str] = Field(default_factory=dict)
    target_percent: float | None = Field(default=None, ge=0, le=100)
    line_token: SecretStr = SecretStr("")
    line_host: str = "https://api.line.me"
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = ""
    channels: dict[str, SecretStr] = Field(default_factory=dict)
    app_url: str = ""
    cap_status: Literal["Draft", "Exercise", "Test"] = "Draft"
    cap_sender: str = "haze-desk"
    watch_also: tuple[str, ...] = ("open-meteo-weather",)
    ping_url: SecretStr = SecretStr("")
    dask: str = "local"
    ca_bundle: str = ""

    @property
    def keys(self) -> dict[str, str]:
        """Keys in the clear, by setting name; for requests alone, never for print."""
        names = [name for name in type(self).model_fields if name.endswith("_key")]
        return {name: getattr(self, name).get_secret_value() for name in names}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of precedence: arguments, environment, haze.toml."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(**given: Any) -> Settings:
    """Read the settings.

    Raises
    ------
    SettingError
        When a value is not allowed or haze.toml cannot be read; names the setting.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        # What may hold a key is not repeated.
        secret = "SecretStr" in str(Settings.model_fields[str(first["loc"][0])].annotation)
        raise SettingError(
            f"setting {name}: {first['msg']}" + ("" if secret else f", got {first.get('input')!r}"),
            context={"name": f"HAZE_{name.upper()}", "problem": first["msg"]},
            hint="correct the environment variable or haze.toml",
        ) from None
    except SettingsError as error:
        name = str(error).split('"')[1] if '"' in str(error) else "?"
        raise SettingError(
            f"setting {name}: {error}",
            context={"name": f"HAZE_{name.upper()}", "problem": "not the JSON it should be"},
            hint="write the value as JSON",
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingError(
            f"haze.toml cannot be read: {error}", context={"name": "haze.toml", "problem": str(error)}
        ) from error
