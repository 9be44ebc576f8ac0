"""Reading YAML: only its safe subset, and without repeated keys."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from mbmf.base.errors import InputError, printable

# A hundred times the size of the largest shipped file. PyYAML reads that much in seconds.
MOST_BYTES = 1_000_000


class _Loader(yaml.SafeLoader):
    """Loader of YAML's safe subset that refuses a repeated key; PyYAML keeps the last value."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # PyYAML refuses it below, with its own message
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {printable(repr(key))} stands twice", node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one configuration file as plain values.

    Raises:
        InputError: the file is missing, too large, not YAML, or not a mapping.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        text = raw.decode("utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such configuration file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a YAML text file ({error})") from None
    if len(raw) > MOST_BYTES:
        raise InputError(
            f"{path}: larger than {MOST_BYTES} bytes; no configuration file needs that much"
        )
    try:
        content = yaml.load(text, _Loader)
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    ) as error:
        # PyYAML does not catch the errors that int(), date() and others raise for bad values.
        raise InputError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: should hold a mapping of keys to values")
    return content
