"""What the desk changes in Streamlit's looks: room at the top, readable captions, and a phone's width used well.

Only style; never says anything. Hooks are Streamlit's own test names and the keys of our containers.
"""

from __future__ import annotations

#: Streamlit's own top margin is made for a chat; an officer's first screen needs the room.
_EVERYWHERE = (
    ".stMainBlockContainer{padding-top:3.8rem;padding-bottom:2rem}"
    "[data-testid=stAlertContainer]{padding:0.5rem 1rem}"
    # Streamlit greys captions below what a bright office screen needs.
    "[data-testid=stCaptionContainer],[data-testid=stCaptionContainer] p{color:#4f5b5f;opacity:1}"
    # The name of the desk and the languages stand on one line, whose middle a heading's own margins would move.
    ".st-key-page_head [data-testid=stMarkdownContainer]{margin-bottom:0}.st-key-page_head h3{padding:0.25rem 0}"
    ".stLayoutWrapper:has(> .st-key-page_language){position:absolute;height:0;overflow:hidden}"
)

#: A small screen: what is said twice is said once, and rows of choices fit their row.
_PHONE = (
    ".stMainBlockContainer{padding-top:3.2rem}"
    ".st-key-page_head h3{font-size:1.05rem}.st-key-page_head{gap:0.25rem 1rem}"
    "[data-testid=stButtonGroup] button{padding-left:0.6rem;padding-right:0.6rem}"
    # A screen reader still hears these names: the group of buttons carries them too.
    ".st-key-w_span label,.st-key-w_theme label"
    "{position:absolute;width:1px;height:1px;min-height:0;overflow:hidden;clip-path:inset(50%)}"
)

#: Where nothing hovers, Streamlit always shows the tools of a table, over the line above it; they get their own line.
_TOUCH = "[data-testid=stElementContainer]:has([data-testid=stElementToolbar]){margin-top:1.6rem}"

STYLE = f"<style>{_EVERYWHERE}@media (max-width:640px){{{_PHONE}}}@media (hover:none){{{_TOUCH}}}</style>"
