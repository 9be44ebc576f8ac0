"""Which configuration files stand for a scale."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mbmf.base.errors import InputError, printable
from mbmf.workflow.configuration import Configuration, load_configuration

CONFIG = Path("config")
BASE = [CONFIG / "agents.yaml", CONFIG / "config.yaml"]


def overlays_of(scale: str, configfiles: Sequence[Path]) -> list[Path]:
    """The files for `snakemake --configfile`.

    Args:
        scale: paper, or the name of an overlay in config/.
        configfiles: overlays, if other ones; then `scale` does not matter.

    Raises:
        InputError: there is no such overlay in config/, or no config/ at all.
    """
    if not CONFIG.is_dir():
        raise InputError(
            f"{Path.cwd()}: has no folder {CONFIG}; run this in the root of a checkout"
        )
    if configfiles or scale == "paper":
        return list(configfiles)
    overlay = CONFIG / f"{scale}.yaml"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", scale) or not overlay.is_file():
        raise InputError(
            f"--scale {printable(scale)}: there is no file {printable(overlay)}; "
            "--configfile names one elsewhere"
        )
    return [overlay]


def configuration_of(overlays: Sequence[Path]) -> Configuration:
    """The configuration that Snakemake has with these overlays.

    Raises:
        InputError: the configuration is wrong.
    """
    return load_configuration([*BASE, *overlays])
