"""The briefing as slides with text that can be edited and native charts. Never works anything out.

Thai in PowerPoint is drawn from the complex-script typeface of each run, so every run names it and its language.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.text import PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from briefings.brief import Brief, Section, Table
from briefings.sms import clusters

#: The typeface that Thai offices have; where it is absent PowerPoint takes its own Thai one.
_FACE = "TH Sarabun New"
_INK = RGBColor(0x0F, 0x3F, 0x47)
_WIDE, _HIGH = Inches(13.333), Inches(7.5)
_MARGIN, _TOP = Inches(0.6), Inches(1.3)


def render(brief: Brief, picture: bytes) -> bytes:
    """Return the briefing as PPTX; `picture` is the map as PNG."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = _WIDE, _HIGH
    deck.core_properties.title, deck.core_properties.language = brief.title, brief.lang
    _first(deck, brief, picture)
    for section in brief.sections:
        _part(deck, brief, section)
    _last(deck, brief)
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def _slide(deck: Any, brief: Brief, heading: str) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    title = slide.shapes.title
    title.left, title.top, title.width, title.height = _MARGIN, Inches(0.3), _WIDE - 2 * _MARGIN, Inches(0.9)
    _write(title.text_frame, [heading], brief, 36, bold=True)
    title.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    return slide


def _write(frame: Any, lines: Iterable[str], brief: Brief, size: int, *, bold: bool = False) -> None:
    """Add lines to a frame, each a paragraph."""
    frame.word_wrap = True
    for line in lines:
        paragraph = frame.add_paragraph() if frame.text else frame.paragraphs[0]
        run = paragraph.add_run()
        run.text = line
        run.font.size, run.font.bold, run.font.name = Pt(size), bold, _FACE
        if bold:
            run.font.color.rgb = _INK
        properties = run._r.get_or_add_rPr()
        properties.set("lang", "th-TH" if brief.lang == "th" else "en-GB")
        for script in ("a:ea", "a:cs"):
            face = properties.makeelement(qn(script), {"typeface": _FACE})
            properties.append(face)


def _box(slide: Any, left: int, top: int, width: int, height: int) -> Any:
    return slide.shapes.add_textbox(left, top, width, height).text_frame


def _first(deck: Any, brief: Brief, picture: bytes) -> None:
    slide = _slide(deck, brief, brief.title)
    _write(_box(slide, _MARGIN, Inches(1.1), Inches(8), Inches(0.5)), [brief.subtitle], brief, 22)
    top = Inches(1.75)
    for figure in brief.figures:
        frame = _box(slide, _MARGIN, top, Inches(7.8), Inches(1.7))
        mark = brief.words[f"tone_{figure.tone}"]
        _write(frame, [f"{figure.label}: {figure.value} {figure.unit} ({mark})"], brief, 26, bold=True)
        _write(frame, figure.lines, brief, 18)
        top += Inches(1.85)
    shape = slide.shapes.add_picture(io.BytesIO(picture), Inches(8.6), Inches(1.2), height=Inches(5.9))
    shape._element.nvPicPr.cNvPr.set("descr", f"{brief.map_title}. {brief.map_note}")


def _part(deck: Any, brief: Brief, section: Section) -> None:
    slide = _slide(deck, brief, section.heading)
    drawn = bool(section.series)
    width = Inches(7.2) if drawn else _WIDE - 2 * _MARGIN
    high = _height(section.lines, 20, width)
    _write(_box(slide, _MARGIN, _TOP, width, high), section.lines, brief, 20)
    if section.table is not None:
        _table(slide, brief, section.table, width, _TOP + high + Inches(0.15))
    if drawn:
        _chart(slide, section)


def _height(lines: Iterable[str], size: int, width: int) -> int:
    """Return how high lines of text stand at most: letters are half as wide as high, marks take no room."""
    most = max(int(Emu(width).pt / (size / 2)), 1)
    rows = sum(-(-max(_letters(line), 1) // most) for line in lines)
    return int(Pt(1.35 * size * rows) + Inches(0.1))


def _letters(text: str) -> int:
    return sum(1 for _ in clusters(text))


def _table(slide: Any, brief: Brief, table: Table, width: int, top: int) -> None:
    rows = (table.header, *table.rows)
    room = (_HIGH - Inches(0.1) - top) // len(rows)
    shape = slide.shapes.add_table(
        len(rows), len(table.header), _MARGIN, top, width, min(Inches(0.32), room) * len(rows)
    ).table
    # A column is as wide as its longest cell asks for; one of sentences wraps and takes no more than most of the width.
    asked = [min(max(_letters(row[at]) for row in rows) + 4, 70) for at in range(len(table.header))]
    for column, letters in zip(shape.columns, asked, strict=True):
        column.width = width * letters // sum(asked)
    for down, row in enumerate(rows):
        for across, cell in enumerate(row):
            part = shape.cell(down, across)
            part.margin_top = part.margin_bottom = Inches(0.02)
            _write(part.text_frame, [cell], brief, 14 if room > Inches(0.3) else 12, bold=down == 0)
            part.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT if table.numeric[across] else PP_ALIGN.LEFT
            if down == 0:
                part.fill.background()


def _chart(slide: Any, section: Section) -> None:
    data = CategoryChartData()
    data.categories = section.series[0].labels
    for series in section.series:
        data.add_series(series.name, series.values)
    chart = slide.shapes.add_chart(
        XL_CHART_TYPE.BAR_CLUSTERED, Inches(8.1), Inches(1.3), Inches(4.7), Inches(5.4), data
    ).chart
    chart.has_legend = len(section.series) > 1
    chart.font.size, chart.font.name = Pt(14), _FACE
    # The first tambon of the table stands at the top.
    chart.category_axis.reverse_order = True
    chart.plots[0].has_data_labels = True


def _last(deck: Any, brief: Brief) -> None:
    slide = _slide(deck, brief, brief.words["sources"])
    _write(_box(slide, _MARGIN, Inches(1.3), _WIDE - 2 * _MARGIN, Inches(5.5)), brief.foot, brief, 16)
