"""Our words on Streamlit's uploader, which has only English ones and knows only the limit of the server.

Never takes a file.
"""

from __future__ import annotations

from layers.words import Lang, say


def uploader_words(lang: Lang, limit: str, key: str = "") -> str:
    """Return the style that puts our words on the uploaders whose key holds `key`: what to press, what may come."""
    box = f"{f'[class*=st-key-{key}] ' if key else ''}[data-testid=stFileUploaderDropzone]"
    style = ""
    for part, words in ((f"{box} button p", say(lang, "data.choose_files")), (f"{box} > div span", limit)):
        style += f"{part}{{font-size:0;white-space:normal}}{part}::after{{content:'{words}';font-size:0.95rem}}"
    return f"<style>{style}</style>"
