"""The briefing as PDF (A4, tagged, searchable Thai) or as picture, set by typst.

Data reach the template as JSON alone, never as markup. Never works anything out.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import typst

from briefings.brief import Brief
from briefings.picture import fonts_folder

_TEMPLATE = Path(__file__).parent / "templates" / "brief.typ"


def render(brief: Brief, picture: bytes, season: bytes, sheet: bytes, *, form: str = "pdf") -> bytes:
    """Return the briefing as ``pdf``, or its first page as ``png`` (150 dots an inch).

    Parameters
    ----------
    brief : Brief
    picture : bytes
        The map as SVG.
    season : bytes
        The season as SVG; not looked at where the briefing has no title for it.
    sheet : bytes
        CSV of all facts, attached to the PDF as ``numbers.csv``.
    form : str
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "brief.typ").write_bytes(_TEMPLATE.read_bytes())
        (folder / "map.svg").write_bytes(picture)
        (folder / "season.svg").write_bytes(season)
        (folder / "numbers.csv").write_bytes(sheet)
        options: dict[str, object] = {
            "root": str(folder),
            "font_paths": [str(fonts_folder())],
            "ignore_system_fonts": True,
            "sys_inputs": {"data": json.dumps(brief.document(), ensure_ascii=False)},
        }
        if form == "png":
            pages = typst.compile(str(folder / "brief.typ"), format="png", ppi=150, **options)
            return bytes(pages[0] if isinstance(pages, list) else pages)
        return bytes(typst.compile(str(folder / "brief.typ"), format="pdf", **options))
