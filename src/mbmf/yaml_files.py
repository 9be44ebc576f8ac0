"""Reading YAML: its safe subset, each key once."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from mbmf.errors import InputError, printable

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


def plain_values(content: dict[str, Any]) -> dict[str, Any]:
    """What `snakemake --config` was given, with the numbers that a file would have there.

    Snakemake leaves the text of each value within a list or a mapping, and of words such as
    `null`. A text that was quoted to stay one is read as well: what is left of it is the same.

    Args:
        content: `--config` as Snakemake has parsed it.

    Raises:
        InputError: a value is written like a number or a date, but is none; names its key.
    """
    seen: dict[int, Any] = {}  # an alias stands for all that it repeats

    def plain(value: Any, key: str) -> Any:
        if isinstance(value, str):
            return _scalar(value, key)
        if id(value) not in seen and isinstance(value, dict):
            seen[id(value)] = {name: plain(one, f"{key}.{name}") for name, one in value.items()}
        elif id(value) not in seen and isinstance(value, list):
            seen[id(value)] = [plain(one, f"{key}[{at}]") for at, one in enumerate(value)]
        return seen.get(id(value), value)

    return {key: plain(value, key) for key, value in content.items()}


def _scalar(text: str, key: str) -> Any:
    """The value that a word stands for in YAML."""
    loader = _Loader("")
    try:
        tag = loader.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
        return loader.construct_object(yaml.ScalarNode(tag, text))
    except (yaml.YAMLError, ValueError):
        raise InputError(
            f"--config: {printable(key)}: no value of YAML (found {printable(repr(text))})"
        ) from None


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
