"""A real PostgreSQL for tests: a cluster of its own in a temporary folder, on a free port of the loopback address.

Debian's package starts a server of its own, which is left alone. Every database that a test is given is new.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

_PROGRAMS = Path("/usr/lib/postgresql/15/bin")


def available() -> bool:
    """Return whether the server's programs are installed."""
    return (_PROGRAMS / "initdb").exists()


def _as_owner(*command: str) -> list[str]:
    """Return a command as the user who owns the cluster: PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """Run a server; give its address without a database name."""
    folder = Path(tempfile.mkdtemp(prefix="haze-postgres-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data, log = folder / "data", folder / "log"
    control = [str(_PROGRAMS / "pg_ctl"), "-D", str(data), "-w", "-s"]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        made = [str(_PROGRAMS / "initdb"), "-D", str(data), "-U", "haze", "--auth=trust", "-E", "UTF8", "--locale=C"]
        subprocess.run(_as_owner(*made), check=True, capture_output=True, cwd=folder)
        subprocess.run(_as_owner(*control, "-l", str(log), "-o", options, "start"), check=True, cwd=folder)
        try:
            yield f"postgresql://haze@127.0.0.1:{port}"
        finally:
            subprocess.run(_as_owner(*control, "-m", "immediate", "stop"), check=True, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def database(address: str, name: str, template: str = "template1") -> str:
    """Make a new database and return its address."""
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return f"{address}/{name}"
