"""What the next owner finds: size and longest pieces of each room, public names without words, names nobody uses.

`python -m benchmarks house` prints what docs/endurance.md cites. Reads the code as text; runs none of it.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("data", "fetchers", "models", "layers", "briefings", "commands")
#: A file or a function beyond these is looked at: does it still have one duty?
LONG_FILE, LONG_FUNCTION = 400, 60
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def main() -> None:
    """Print the report."""
    files = {path: path.read_text("utf-8") for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))}
    trees = {path: ast.parse(text) for path, text in files.items()}
    for room in ROOMS:
        mine = [path for path in files if path.relative_to(ROOT).parts[0] == room]
        print(f"{room}: {len(mine)} files, {sum(files[path].count(chr(10)) for path in mine):,} lines")
    for path, text in sorted(files.items(), key=lambda item: -item[1].count("\n")):
        if text.count("\n") > LONG_FILE:
            print(f"long file: {path.relative_to(ROOT)} {text.count(chr(10))} lines")
    for path, tree in trees.items():
        for one in ast.walk(tree):
            if isinstance(one, _Function) and (lines := (one.end_lineno or 0) - one.lineno) > LONG_FUNCTION:
                print(f"long function: {path.relative_to(ROOT)} {one.name} {lines} lines")
    silent = [f"{path.relative_to(ROOT)} {name}" for path, tree in trees.items() for name in _without_words(tree)]
    print(f"public functions and classes without a docstring: {len(silent)} {silent}")
    alone = _used_once(trees)
    print(f"module names that stand in the code once, where they are made: {len(alone)} {alone}")
    dead = _unused_words("\n".join(files.values()) + (ROOT / "app.py").read_text("utf-8"))
    print(f"texts that no code names: {len(dead)} {dead}")


def _without_words(tree: ast.Module) -> Iterator[str]:
    for one in tree.body:
        if isinstance(one, _Function | ast.ClassDef) and not one.name.startswith("_"):
            if ast.get_docstring(one) is None:
                yield one.name
            inside = one.body if isinstance(one, ast.ClassDef) else []
            for method in inside:
                if isinstance(method, _Function) and not method.name.startswith("_") and not ast.get_docstring(method):
                    yield f"{one.name}.{method.name}"


def _used_once(trees: dict[Path, ast.Module]) -> list[str]:
    """Return public names of modules that nothing else in the rooms, the frame or the migrations names."""
    used: Counter[str] = Counter()
    frame = [ast.parse((ROOT / name).read_text("utf-8")) for name in ("app.py", "cli.py")]
    for tree in (*trees.values(), *frame):
        for one in ast.walk(tree):
            if isinstance(one, ast.Name):
                used[one.id] += 1
            elif isinstance(one, ast.Attribute):
                used[one.attr] += 1
            elif isinstance(one, ast.alias):
                used[one.name] += 1
    made = []
    for path, tree in trees.items():
        if "migrations" in path.parts or "pages" in path.parts:
            continue
        for one in tree.body:
            if isinstance(one, _Function | ast.ClassDef):
                made.append((path, one.name, 0))
            elif isinstance(one, ast.Assign | ast.AnnAssign):
                targets = one.targets if isinstance(one, ast.Assign) else [one.target]
                made += [(path, target.id, 1) for target in targets if isinstance(target, ast.Name)]
    return [f"{path.relative_to(ROOT)} {name}" for path, name, own in made if name[0] != "_" and used[name] <= own]


def _unused_words(code: str) -> list[str]:
    begun = set(re.findall(r'f"([a-z_]+(?:\.[a-z_]+)*)[._]\{', code)) | set(re.findall(r'"([a-z_]+\.)" \+', code))
    found = []
    for path in sorted((ROOT / "layers" / "text" / "en").glob("*.toml")):
        for room, words in tomllib.loads(path.read_text("utf-8")).items():
            for key in words if isinstance(words, dict) else ():
                name = f"{room}.{key}"
                named = name in code or f'"{key}"' in code or any(name.startswith(start) for start in begun)
                if not named:
                    found.append(name)
    return found


if __name__ == "__main__":
    main()
