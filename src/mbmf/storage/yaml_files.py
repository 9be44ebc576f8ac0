"""Reading YAML: its safe subset, each key once."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from mbmf.base.errors import InputError, printable

# A hundred times the largest shipped one; PyYAML reads that much in seconds.
MOST_BYTES = 1_000_000


class _Loader(yaml.SafeLoader):
    """YAML's safe subset that refuses a key given twice, where PyYAML keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # refused below, in YAML's words
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {printable(repr(key))} stands twice", node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """One configuration file as plain values.

    Raises:
        InputError: not there, too large, not YAML, or not a mapping.
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
        raise InputError(f"{path}: larger than {MOST_BYTES} bytes, which no configuration is")
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
        # PyYAML lets through what int(), date() and others say about a value they cannot take.
        raise InputError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: should hold a mapping of keys to values")
    return content
