"""The briefing as one HTML file that needs nothing beside it: words, tables, the map and the numbers as data.

Every text is escaped; nothing is loaded from anywhere. Never works anything out.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping
from pathlib import Path

from briefings.brief import Brief, Figure, Section, Table
from briefings.picture import fonts_folder

_STYLE = """
body{font-family:Sarabun,sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem;color:#1b2326;line-height:1.55}
h1{color:#0f3f47;margin:.2rem 0;font-size:1.6rem}h2{color:#0f3f47;font-size:1.1rem;margin:1.2rem 0 .3rem}
.figures{display:flex;flex-wrap:wrap;gap:.7rem;margin:1rem 0}.figure{flex:1 1 14rem;border:1px solid #c9c6bd;
border-radius:8px;padding:.7rem 1rem}.value{font-size:2rem;font-weight:700}.figure p{margin:.1rem 0;font-size:.92rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}th{text-align:left;border-bottom:2px solid #0f3f47}
td,th{padding:.2rem .5rem;vertical-align:top}td{border-bottom:1px solid #ddd}.n{text-align:right}
figure{margin:1rem 0;text-align:center}figure img{max-width:22rem;width:100%}
figure.wide img{max-width:46rem}footer{border-top:1px solid #c9c6bd;
margin-top:1.5rem;font-size:.82rem;color:#444}
"""


def render(brief: Brief, picture: bytes, season: bytes) -> bytes:
    """Return the briefing as HTML; `picture` is the map and `season` the season as SVG, each with its words."""
    parts = [
        f"<h1>{html.escape(brief.title)}</h1><p>{html.escape(brief.subtitle)}</p>",
        '<div class="figures">' + "".join(_figure(figure, brief.words) for figure in brief.figures) + "</div>",
        _drawn(picture, brief.map_title, brief.map_note),
        *(_section(section) for section in brief.sections),
        _drawn(season, brief.season_title, brief.season_note, "wide") if brief.season_title else "",
        "<footer>" + "".join(f"<p>{html.escape(line)}</p>" for line in brief.foot) + "</footer>",
        # In a script of data, only "</" could end it.
        '<script type="application/json" id="numbers">'
        + json.dumps(brief.document()["facts"], ensure_ascii=False).replace("<", "\\u003c")
        + "</script>",
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">{_fonts()}'
    return (
        f'<!DOCTYPE html><html lang="{brief.lang}"><head>{head}<title>{html.escape(brief.title)}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"
    ).encode()


def _drawn(svg: bytes, title: str, note: str, kind: str = "") -> str:
    data = base64.b64encode(svg).decode()
    return (
        f'<h2>{html.escape(title)}</h2><figure class="{kind}"><img src="data:image/svg+xml;base64,{data}" '
        f'alt="{html.escape(title, quote=True)}"><figcaption>{html.escape(note)}</figcaption></figure>'
    )


def _fonts() -> str:
    faces = ""
    for style, weight in (("Regular", 400), ("Bold", 700)):
        data = base64.b64encode(Path(fonts_folder() / f"Sarabun-{style}.ttf").read_bytes()).decode()
        faces += f"@font-face{{font-family:Sarabun;font-weight:{weight};src:url(data:font/ttf;base64,{data})}}"
    return f"<style>{faces}</style>"


def _figure(figure: Figure, words: Mapping[str, str]) -> str:
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in figure.lines)
    return (
        f'<div class="figure"><div>{html.escape(figure.label)}</div><span class="value">{html.escape(figure.value)}'
        f"</span> {html.escape(figure.unit)} <small>({html.escape(words[f'tone_{figure.tone}'])})</small>{lines}</div>"
    )


def _section(section: Section) -> str:
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in section.lines)
    table = _table(section.table) if section.table is not None else ""
    return f"<section><h2>{html.escape(section.heading)}</h2>{lines}{table}</section>"


def _table(table: Table) -> str:
    kinds = [' class="n"' if number else "" for number in table.numeric]
    head = "".join(f"<th{kind}>{html.escape(cell)}</th>" for kind, cell in zip(kinds, table.header, strict=True))
    rows = "".join(
        "<tr>" + "".join(f"<td{kind}>{html.escape(cell)}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in table.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
