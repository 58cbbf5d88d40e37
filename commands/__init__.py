"""The commands of the desk without a screen, a file for each job; `cli.py` brings them together."""
