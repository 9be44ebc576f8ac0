"""The render modes of all environments of the package: images as arrays, or None."""

from __future__ import annotations

from gymnasium import logger

from mbmf.base.errors import InputError, printable

RENDER_MODES = ("rgb_array",)


def checked_render_mode(mode: str | None) -> str | None:
    """`mode` itself.

    Raises:
        InputError: there is no such mode. The message lists the modes.
    """
    if mode is not None and mode not in RENDER_MODES:
        raise InputError(
            f"render_mode should be {', '.join(RENDER_MODES)} or None, is {printable(repr(mode))}"
        )
    return mode


def warn_of_no_mode() -> None:
    """Warn, as gymnasium's environments do, that `render()` returns None."""
    logger.warn("render() draws nothing: make the environment with render_mode='rgb_array'")
