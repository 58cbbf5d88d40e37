"""The ways out of the house: a parcel goes to LINE, by mail, to a service of Apprise, or into a file.

Only addresses from the settings are connected to. Keys go nowhere else: not into an error, not into the store.
Never decides what is sent or to whom. LINE Notify ended on 31 March 2025 and is not here.
"""

from __future__ import annotations

import contextlib
import logging
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from briefings import cap
from data.errors import ChannelError
from data.files import write_whole
from data.settings import Settings

#: Seconds to connect and to wait for an answer.
TIMEOUTS = (5.0, 20.0)
#: Of one LINE text message, and how many one push may hold (LINE Messaging API reference, "Send push message").
LINE_LETTERS, LINE_MESSAGES = 5000, 5
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
FOLDER = "outbox"
#: Warnings that the feed lists.
IN_FEED = 50


@dataclass(frozen=True)
class Parcel:
    """What goes to one recipient at once.

    Attributes
    ----------
    id : str
        UUID; the same parcel has the same one, however often it is handed over.
    address : str
    subject, text : str
    files : sequence of (str, str)
        Names and contents, for channels that are folders.
    """

    id: str
    address: str
    subject: str
    text: str
    files: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Quota:
    """What LINE says of the month: the limit (None when there is none) and how much of it is used."""

    limit: int | None
    used: int


def unready(channel: str, options: Settings) -> ChannelError | None:
    """Return why nothing can go by a channel at all, None when it can; a setting may be put right meanwhile."""
    if channel in ("file", "cap"):
        return None
    needed = {"line": ("HAZE_LINE_TOKEN", options.line_token), "email": ("HAZE_SMTP_URL", options.smtp_url)}
    setting, secret = needed.get(channel, ("HAZE_CHANNELS", options.channels.get(channel)))
    if secret is None or not secret.get_secret_value():
        return ChannelError(
            f"channel {channel} is not set up: {setting}",
            key="channel_not_set",
            context={"channel": channel, "setting": setting},
            retry=True,
            hint=f"set {setting}",
        )
    if options.mode not in ("auto", "live"):
        return ChannelError(
            f"mode {options.mode} opens no connection",
            key="channel_shut",
            context={"channel": channel, "mode": options.mode},
            retry=True,
            hint="set HAZE_MODE=live",
        )
    return None


def send(channel: str, parcel: Parcel, options: Settings) -> None:
    """Hand a parcel over.

    Raises
    ------
    ChannelError
        When the channel did not take it; `retry` says whether trying again can help.
    """
    shut = unready(channel, options)
    if shut is not None:
        raise shut
    known: dict[str, Callable[[Parcel, Settings], None]] = {"file": _file, "cap": _cap, "line": _line, "email": _mail}
    if channel in known:
        known[channel](parcel, options)
    else:
        _apprise(channel, parcel, options)


def _failed(channel: str, key: str, problem: object, options: Settings, *, retry: bool) -> ChannelError:
    told = clean(str(problem), options)[:200]
    return ChannelError(
        f"{channel}: {told}", key=key, context={"channel": channel, "problem": told}, retry=retry, hint=""
    )


def clean(text: str, options: Settings) -> str:
    """Return a text without any key of the settings."""
    address = urlsplit(options.smtp_url.get_secret_value())
    secrets = [options.line_token.get_secret_value(), options.smtp_url.get_secret_value()]
    secrets += [unquote(address.password or ""), unquote(address.username or "")]
    secrets += [one.get_secret_value() for one in options.channels.values()]
    for secret in sorted((one for one in secrets if len(one) > 3), key=len, reverse=True):
        text = text.replace(secret, "…")
    return " ".join(text.split())


# -- files --------------------------------------------------------------------------------------------------------


def _file(parcel: Parcel, options: Settings) -> None:
    _write(Path(options.store) / FOLDER, [(f"{parcel.id}.txt", f"{parcel.text}\n")], "file", options)


def _cap(parcel: Parcel, options: Settings) -> None:
    folder = Path(options.store) / FOLDER / "cap"
    _write(folder, parcel.files, "cap", options)
    newest = sorted(folder.glob("alert_*.xml"), key=lambda path: -int(path.stem.removeprefix("alert_")))[:IN_FEED]
    listed = [(path.name, path.read_text("utf-8")) for path in newest]
    _write(folder, [("feed.xml", cap.feed(listed, options.cap_sender))], "cap", options)


def _write(folder: Path, files: Sequence[tuple[str, str]], channel: str, options: Settings) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files:
            write_whole(folder / name, lambda partial, text=text: _put(partial, text))  # type: ignore[misc]
    except OSError as error:
        raise _failed(channel, "channel_unreachable", error.strerror or error, options, retry=True) from error


def _put(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


# -- LINE ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _line_api(options: Settings) -> Any:
    """Give the client of the LINE Messaging API, its faults turned into ours."""
    import urllib3
    from linebot.v3.messaging import ApiClient, Configuration, MessagingApi
    from linebot.v3.messaging.exceptions import ApiException

    settings = Configuration(host=options.line_host, access_token=options.line_token.get_secret_value())
    # Neither tried again by itself nor led elsewhere with the token.
    settings.retries = False
    try:
        with ApiClient(settings) as client:
            yield MessagingApi(client)
    except ApiException as error:
        # 409: a parcel of this retry key was accepted before.
        if error.status == 409:
            return
        told = f"{error.status} {error.body or error.reason or ''}"
        if error.status == 429:
            used_up = "monthly limit" in told
            key = "channel_quota" if used_up else "channel_busy"
            raise _failed("line", key, told, options, retry=not used_up) from None
        if error.status is not None and error.status >= 500:
            raise _failed("line", "channel_unreachable", error.status, options, retry=True) from None
        raise _failed("line", "channel_refused", told, options, retry=False) from None
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        # Half an answer, or one that is none: the retry key finds out whether the parcel was accepted.
        raise _failed("line", "channel_unreachable", type(error).__name__, options, retry=True) from None


def _line(parcel: Parcel, options: Settings) -> None:
    from linebot.v3.messaging import PushMessageRequest, TextMessage

    texts = [TextMessage(text=part, quickReply=None, quoteToken=None) for part in parts(parcel.text)]
    request = PushMessageRequest(
        to=parcel.address, messages=texts, notificationDisabled=False, customAggregationUnits=None
    )
    with _line_api(options) as api:
        api.push_message(request, x_line_retry_key=parcel.id, _request_timeout=TIMEOUTS)


def parts(text: str, most: int = LINE_LETTERS - 100, count: int = LINE_MESSAGES) -> list[str]:
    """Return a text in at most `count` parts of at most `most` letters, parted between lines; the rest is cut off."""
    made = [""]
    for line in text.split("\n"):
        line = line[:most]
        joined = f"{made[-1]}\n{line}" if made[-1] else line
        if len(joined) <= most:
            made[-1] = joined
        elif len(made) < count:
            made.append(line)
        else:
            made[-1] = made[-1][: most - 1] + "…"
            break
    return made


def line_quota(options: Settings) -> Quota:
    """Ask LINE for this month's limit and use; a push to a group counts each of its members.

    Raises
    ------
    ChannelError
    """
    shut = unready("line", options)
    if shut is not None:
        raise shut
    with _line_api(options) as api:
        limit = api.get_message_quota(_request_timeout=TIMEOUTS)
        used = api.get_message_quota_consumption(_request_timeout=TIMEOUTS)
    return Quota(limit.value if limit.type == "limited" else None, int(used.total_usage))


# -- mail ---------------------------------------------------------------------------------------------------------


def _mail(parcel: Parcel, options: Settings) -> None:
    server = urlsplit(options.smtp_url.get_secret_value())
    try:
        mail = EmailMessage()
        # The same parcel has the same name, so that a mailbox can tell a copy from a second mail.
        mail["Message-ID"] = f"<{parcel.id}@haze-desk.invalid>"
        mail["From"], mail["To"] = options.mail_from or "haze-desk@localhost", parcel.address
        mail["Subject"] = " ".join(parcel.subject.split())
        mail["Date"] = formatdate(localtime=False)
        mail.set_content(parcel.text)
        context = ssl.create_default_context(cafile=options.ca_bundle or None)
        host, secure = server.hostname or "", server.scheme == "smtps"
        client: smtplib.SMTP = (
            smtplib.SMTP_SSL(host, server.port or 465, timeout=TIMEOUTS[1], context=context)
            if secure
            else smtplib.SMTP(host, server.port or 587, timeout=TIMEOUTS[1])
        )
        try:
            client.ehlo()
            if not secure and client.has_extn("starttls"):
                client.starttls(context=context)
                client.ehlo()
                secure = True
            if server.username:
                if not secure and host not in _LOOPBACK:
                    raise _failed("email", "channel_refused", "no TLS for the password", options, retry=False)
                client.login(unquote(server.username), unquote(server.password or ""))
            client.send_message(mail)
        finally:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                client.quit()
    except smtplib.SMTPRecipientsRefused as error:
        code, told = next(iter(error.recipients.values()))
        raise _answered(code, told, options) from None
    except smtplib.SMTPResponseException as error:
        raise _answered(error.smtp_code, error.smtp_error, options) from None
    except (smtplib.SMTPException, OSError) as error:
        raise _failed("email", "channel_unreachable", type(error).__name__, options, retry=True) from None
    except ValueError:
        # An address with a line break or the like is not put into a header.
        raise _failed("email", "channel_refused", "the address is not one", options, retry=False) from None


def _answered(code: int, told: bytes | str, options: Settings) -> ChannelError:
    text = f"{code} {told.decode('utf-8', 'replace') if isinstance(told, bytes) else told}"
    # RFC 5321, 4.2.1: 4xx is for now, 5xx for good.
    key, later = ("channel_busy", True) if 400 <= code < 500 else ("channel_refused", False)
    return _failed("email", key, text, options, retry=later)


# -- everything else ----------------------------------------------------------------------------------------------


def _apprise(channel: str, parcel: Parcel, options: Settings) -> None:
    import apprise

    # What the library would log holds addresses, and those hold keys.
    quiet = logging.getLogger("apprise")
    quiet.propagate = False
    if not quiet.handlers:
        quiet.addHandler(logging.NullHandler())
    service = apprise.Apprise()
    if not service.add(options.channels[channel].get_secret_value()):
        raise _failed(channel, "channel_refused", "HAZE_CHANNELS holds no address that is known", options, retry=False)
    if not service.notify(title=parcel.subject, body=parcel.text, body_format=apprise.NotifyFormat.TEXT):
        raise _failed(channel, "channel_unreachable", "the service did not take it", options, retry=True)
