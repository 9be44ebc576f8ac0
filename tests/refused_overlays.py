"""Overlays that are refused, and what is said about them."""

import re
from pathlib import Path

import pytest
import yaml

from mbmf.base.errors import InputError
from mbmf.workflow.configuration import load_configuration, read_yaml

CONFIG = Path(__file__).parents[1] / "config"
BASE = [CONFIG / "agents.yaml", CONFIG / "config.yaml"]
BASE_LAYERS = [(str(path), read_yaml(path)) for path in BASE]

SWIMMER = ("agents", "swimmer", "model_based")
SWEEPS = ("figures", "figure_6", "sweeps")
SWEEP = {"panel": "a", "parameter": "dynamics.epochs", "values": [5]}


def nested(keys, value):
    for key in reversed(keys):
        value = {key: value}
    return value


def refusal(tmp_path, text, below=BASE):
    """Lines of the InputError that an overlay is answered with, without its file's name."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_configuration([*below, overlay])
    lines = str(caught.value).split("\n")
    for line in lines:
        assert line.startswith(f"{overlay}: "), line
        assert line.isprintable(), line
    return [line.removeprefix(f"{overlay}: ") for line in lines]


def refused_keys(tmp_path, overlay, below=BASE):
    """{dotted key: what is said about it}, from an overlay given as values."""
    said = {}
    for line in refusal(tmp_path, yaml.safe_dump(overlay), below):
        match = re.fullmatch(r"([^:]+): (\S.*)", line)
        assert match, line
        said[match[1]] = match[2]
    return said
