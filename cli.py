"""The desk without a screen: every command an operator needs, for people and for scripts.

The commands themselves are in `commands/`. Exit code 0 done, 1 a clear error, 2 wrong usage.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

# Loading libraries makes hundreds of thousands of objects that stay for good: looking through them again and again for
# unused cycles costs a command a tenth of its time.
gc.set_threshold(50_000, 20, 50)

ROOT = Path(__file__).resolve().parent
_OWN_PYTHON = ROOT / ".venv" / "bin" / "python"

try:
    import typer
except ModuleNotFoundError:
    # Called with a bare Python: go on in the environment that `make` builds.
    if _OWN_PYTHON.exists() and Path(sys.prefix) != _OWN_PYTHON.parent.parent:
        os.execv(str(_OWN_PYTHON), [str(_OWN_PYTHON), *sys.argv])
    sys.stderr.write("The desk's environment is not there yet: run `make env` once, then try again.\n")
    sys.exit(1)

from typing import Annotated

from commands import (
    accounts,
    air,
    alerts,
    brief,
    check,
    choose,
    danger,
    effects,
    fires,
    forecast,
    grids,
    origin,
    registry,
    seen,
    stored,
    watch,
)
from data import settings

#: In the order in which help lists them.
COMMANDS = (
    stored,
    seen,
    air,
    grids,
    fires,
    choose,
    danger,
    effects,
    registry,
    origin,
    forecast,
    brief,
    accounts,
    alerts,
    watch,
    check,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for commands in COMMANDS:
    commands.register(app)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port of the app.")] = 8501,
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Open the app.

    Example: python cli.py serve --port 8501
    """
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    # The app runs in the project's folder, where its configuration lies; the store stays where it was meant.
    os.environ["HAZE_STORE"] = str(settings.load().store.resolve())
    os.chdir(ROOT)
    os.execv(sys.executable, [*command, "--server.port", str(port), "--server.address", address])


if __name__ == "__main__":
    app()
