"""The data page: what is stored, import by upload, and files to take away."""

from layers import screen

screen.data()
