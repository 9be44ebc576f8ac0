"""Values that Snakemake's `--config` was given."""

from __future__ import annotations

from typing import Any

import yaml

from mbmf.base.errors import InputError, printable


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
    loader = yaml.SafeLoader("")
    try:
        tag = loader.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
        return loader.construct_object(yaml.ScalarNode(tag, text))
    except (yaml.YAMLError, ValueError):
        raise InputError(
            f"--config: {printable(key)}: no value of YAML (found {printable(repr(text))})"
        ) from None
