"""Pictures without a screen: which of MuJoCo's drawing backends works on this machine."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from mbmf.storage.atomic_files import written_whole

# EGL draws on a GPU or in software. OSMesa draws in software only. GLFW needs a screen.
BACKENDS = ("egl", "osmesa", "glfw")
NEEDED = (
    "MuJoCo can draw neither by EGL nor by OSMesa here: install libegl1 and libegl-mesa0, or "
    "libosmesa6 (names of Debian's packages)"
)
# A context alone is not enough: without a screen, GLFW creates a context that cannot draw.
_TRIAL = "import mujoco as m; m.Renderer(m.MjModel.from_xml_string('<mujoco/>'), 16, 16).render()"


def working_backend() -> str | None:
    """Value of MUJOCO_GL with which MuJoCo can draw here, or None if no backend works.

    If MUJOCO_GL is set, only its value is tried. Each backend is tried in its own process. This
    is needed because a driver can be missing although the library is installed, and because a
    process cannot change its backend.
    """
    asked = os.environ.get("MUJOCO_GL")
    for name in [asked] if asked else BACKENDS:
        tried = subprocess.run(
            [sys.executable, "-c", _TRIAL],
            env=os.environ | {"MUJOCO_GL": name},
            capture_output=True,
            check=False,
        )
        if tried.returncode == 0:
            return name
    return None


def choose_backend() -> str | None:
    """Set MUJOCO_GL to a backend that works here, and return it.

    Returns:
        The backend. If none works, None, and drawing is disabled.
    """
    name = working_backend()
    os.environ["MUJOCO_GL"] = name or "disable"
    return name


def has_screen() -> bool:
    """Whether MuJoCo can open a window here. On macOS it needs a Python of its own, `mjpython`."""
    shown_by = {"Linux": ("DISPLAY", "WAYLAND_DISPLAY"), "Darwin": ("MJPYTHON_BIN",)}
    return any(os.environ.get(name) for name in shown_by.get(platform.system(), ()))


def write_message(text: str, output: Path) -> None:
    """Write a picture, .webp, that says why there is no clip."""
    image = Image.new("RGB", (520, 170), "white")
    font = ImageFont.load_default(16)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > image.width - 24:
            lines.append(word)
        else:
            lines[-1] = longer
    ImageDraw.Draw(image).multiline_text((12, 12), "\n".join(lines), fill="black", font=font)
    with written_whole(output) as aside:
        image.save(aside)
