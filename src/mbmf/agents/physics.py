"""MuJoCo, imported so that a machine which cannot draw can simulate.

MuJoCo loads a GL library while it is imported. Where MUJOCO_GL names one that the machine
lacks, as on a cluster whose profile sets MUJOCO_GL=egl for all nodes, its import fails. So it
is imported here with drawing switched off, and the GL library is loaded afterwards: whatever
goes wrong then is told to those who draw. All modules of the package take `mujoco` from here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module, reload
from typing import Any

__all__ = ["Rollout", "load_gl", "mujoco"]


def load_gl() -> None:
    """Load the GL library that MUJOCO_GL names, as MuJoCo's own import does.

    Raises:
        ImportError: it cannot be loaded, or MuJoCo knows no way of that name.
    """
    library = import_module("mujoco")
    before = set(sys.modules)
    platform = os.environ.get("PYOPENGL_PLATFORM")
    try:
        # It looks at MUJOCO_GL where it is executed.
        context = reload(import_module("mujoco.rendering.classic.gl_context"))
    except Exception as error:  # AttributeError, OSError, ...: by the library that is missing
        # What is half loaded would be in the way of another library.
        for name in set(sys.modules) - before:
            if name.split(".")[0] == "OpenGL":
                del sys.modules[name]
        _set("PYOPENGL_PLATFORM", platform)
        raise ImportError(f"{type(error).__name__}: {error}") from error
    if hasattr(context, "GLContext"):
        # Its other names, that were without a value while drawing was switched off.
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
    """Set a variable of the environment for a while."""
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
Rollout: Any = import_module("mujoco.rollout").Rollout
