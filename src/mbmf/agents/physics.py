"""MuJoCo, imported so that a machine that cannot draw can still simulate.

MuJoCo loads a GL library during its import. The import fails if MUJOCO_GL names a library that the
machine lacks. This happens on clusters whose profile sets MUJOCO_GL=egl for all nodes. So this
module imports MuJoCo with drawing switched off, and loads the GL library afterwards. If that fails,
only code that draws gets an error. All modules of the package import `mujoco` from here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module, reload
from typing import Any

__all__ = ["batch", "load_gl", "mujoco"]


def load_gl() -> None:
    """Load the GL library that MUJOCO_GL names, as MuJoCo's own import does.

    Raises:
        ImportError: the library cannot be loaded, or MuJoCo knows no backend of that name.
    """
    library = import_module("mujoco")
    before = set(sys.modules)
    platform = os.environ.get("PYOPENGL_PLATFORM")
    try:
        # The module reads MUJOCO_GL when it is executed.
        context = reload(import_module("mujoco.rendering.classic.gl_context"))
    except Exception as error:  # AttributeError, OSError, ...: depends on the missing library
        # Half-loaded modules would keep another library from loading.
        for name in set(sys.modules) - before:
            if name.split(".")[0] == "OpenGL":
                del sys.modules[name]
        _set("PYOPENGL_PLATFORM", platform)
        raise ImportError(f"{type(error).__name__}: {error}") from error
    if hasattr(context, "GLContext"):
        # These modules got no GLContext while drawing was switched off.
        for module in (library, import_module("mujoco.rendering.classic.renderer")):
            vars(module)["GLContext"] = context.GLContext


def _imported() -> Any:
    """The module `mujoco`, with the GL library if there is one."""
    if "mujoco" not in sys.modules:
        with _variable("MUJOCO_GL", "disable"):
            import_module("mujoco")
        with suppress(ImportError):
            load_gl()
    return sys.modules["mujoco"]


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    """Set an environment variable within a block."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        _set(name, before)


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


mujoco: Any = _imported()
batch: Any = import_module("mujoco.batch")
