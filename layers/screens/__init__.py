"""Pages laid out in Streamlit, a file each: widgets and their order, nothing worked out here."""
