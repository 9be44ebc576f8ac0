"""Doors: each planner, model, task or figure is one file that the configuration names.

A name is either a module in the door's room or the path of your own Python file. The path is
relative to the repository's root. A door imports a module only when it is asked for, and takes its
name as text. So no run depends on planners or agents other than its own.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from mbmf.base.errors import InputError, printable


@dataclass(frozen=True)
class Door:
    """Where files of one kind are found.

    Attributes:
        what: kind of the files, for messages, such as "planner".
        room: package that holds the shipped files.
        attribute: name that each file binds at its top level.
    """

    what: str
    room: str
    attribute: str

    def names(self) -> list[str]:
        """Names of the shipped files, sorted."""
        return list(_shipped(self.room, self.attribute))

    def source(self, name: str) -> str:
        """Argument for `mbmf.storage.code_digest`: the module's name, or the file's path.

        Raises:
            InputError: there is no file of that name.
        """
        if name.endswith(".py"):
            if not Path(name).is_file():
                raise InputError(
                    f"{printable(name)}: there is no such file; it should hold a {self.what}"
                )
            return name
        if name not in _shipped(self.room, self.attribute):
            raise InputError(
                f"unknown {self.what} {printable(name)}; should be one of "
                f"{', '.join(self.names())}, or the path of a Python file"
            )
        return f"{self.room}.{name}"

    def load(self, name: str) -> Any:
        """The object that the module of that name binds as `attribute`.

        Raises:
            InputError: there is no file of that name, or the file cannot be imported, or it does
                not bind `attribute`.
        """
        source = self.source(name)
        module = (
            _from_file(Path(source).resolve()) if name.endswith(".py") else import_module(source)
        )
        if not hasattr(module, self.attribute):
            raise InputError(
                f"{printable(name)}: defines no {self.attribute}; the file of a {self.what} must"
            )
        return getattr(module, self.attribute)


@cache
def _shipped(room: str, attribute: str) -> tuple[str, ...]:
    """Modules of a package that bind a name at their top level; this reads, but does not import."""
    spec = find_spec(room)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{room} is not a package")
    folder = Path(next(iter(spec.submodule_search_locations)))
    return tuple(
        path.stem
        for path in sorted(folder.glob("*.py"))
        if attribute in _bound(ast.parse(path.read_text(encoding="utf-8")))
    )


def _bound(tree: ast.Module) -> set[str]:
    """Names that a module defines at its top level; imported ones do not count."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


@cache
def _from_file(path: Path) -> ModuleType:
    """Module of a Python file outside the package, executed once."""
    name = f"mbmf_door_{abs(hash(path))}_{path.stem}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    # Dataclasses and pydantic look up their module in sys.modules.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError(f"{path}: {type(error).__name__}: {error}") from error
    return module
