"""The part of docs/sources.md on live sources, written from what every source says of itself.

Run `python -m fetchers.describe` after a change of a source. Never describes what no source states, and never touches
the rest of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from fetchers.source import Info
from fetchers.sources import SOURCES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "sources.md"
BEGIN = "<!-- live sources: written by python -m fetchers.describe -->"
END = "<!-- end of live sources -->"


def section(infos: Sequence[Info]) -> str:
    """Return the part of the page about `infos`, without the markers."""
    rows = [
        "| key | what | published every | newest row is then | past days | without naming it | key setting |",
        "|---|---|---|---|---|---|---|",
        *(_row(info) for info in infos),
    ]
    providers = dict.fromkeys(info.provider for info in infos)
    parts = [_provider(name, [info for info in infos if info.provider == name]) for name in providers]
    return "\n".join(("", *rows, "", *parts))


def written(page: str, infos: Sequence[Info]) -> str:
    """Return `page` with its part on live sources made anew.

    Raises
    ------
    ValueError
        When the markers are not there.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected the markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{section(infos)}\n{END}{after}"


def _row(info: Info) -> str:
    setting = f"`HAZE_{info.key_setting.upper()}`" if info.key_setting else "none needed"
    fetched = "fetched" if info.default else "fetched when its key is set" if info.key_setting else "only by name"
    cells = (
        f"`{info.key}`",
        info.name_en,
        _span(info.cadence_minutes),
        f"{_span(info.latency_minutes)} old",
        "yes" if info.by_period else "no",
        fetched,
        setting,
    )
    return f"| {' | '.join(cells)} |"


def _provider(name: str, infos: Sequence[Info]) -> str:
    lines = [
        f"### {name}",
        f"- Hosts: {_joined(host for info in infos for host in info.hosts)}; "
        f"at most {max(info.per_minute for info in infos)} requests a minute.",
        f"- Licence: {_joined(info.licence for info in infos)}.",
        *_told("Use", infos, [(info.use,) for info in infos]),
        f"- Described at: {_joined(f'<{info.docs}>' for info in infos)}",
        *_told("Quirk", infos, [info.quirks for info in infos]),
        "",
    ]
    return "\n".join(lines)


def _told(label: str, infos: Sequence[Info], texts: Sequence[Sequence[str]]) -> list[str]:
    """Return one line a text, with the sources that it is about where it is not about all."""
    lines = []
    for text in dict.fromkeys(text for some in texts for text in some):
        about = [f"`{info.key}`" for info, some in zip(infos, texts, strict=True) if text in some]
        shown = "" if len(about) == len(infos) else f" ({', '.join(about)})"
        lines.append(f"- {label}{shown}: {text}.")
    return lines


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _span(minutes: int) -> str:
    for size, name in ((24 * 60, "day"), (60, "hour")):
        if minutes >= size and minutes % size == 0:
            count = minutes // size
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{minutes} min"


def main() -> None:
    """Write the page anew."""
    infos = [source.info for source in SOURCES.values()]
    PAGE.write_text(written(PAGE.read_text("utf-8"), infos), "utf-8")


if __name__ == "__main__":
    main()
