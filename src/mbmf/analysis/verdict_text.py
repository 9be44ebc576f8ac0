"""Verdicts in words: for the terminal, the report and the README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def changes(stored: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]) -> list[str]:
    """A line for each verdict that is not what was stored."""
    before = {record["id"]: record["verdict"] for record in stored}
    after = {record["id"]: record["verdict"] for record in now}
    return [
        f"{name}: was {before.get(name, 'not asked')}, is {after.get(name, 'not asked')}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def as_text(records: Sequence[dict[str, Any]]) -> str:
    """The verdicts as a table to read in a terminal, and the families that they are judged in."""
    lines = [("verdict", "claim", "statistic", "interval", "claimed", "seeds", "family")]
    for record in records:
        family = record["family"]
        if record["why"]:
            lines.append(
                (record["verdict"], record["id"], f"- ({record['why']})", "", "", "", family)
            )
            continue
        lines.append(
            (
                record["verdict"],
                record["id"],
                here(record),
                interval(record),
                claimed(*record["threshold"]),
                str(record["seeds"]),
                family,
            )
        )
    full = [line for line in lines if line[-2]]
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    widths[1] = max(len(line[1]) for line in lines)
    table = "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return f"{table}\n\n{families(records)}"


def families(records: Sequence[dict[str, Any]]) -> str:
    """How many claims share the error of 5 % in each family."""
    sizes = {record["family"]: record["family_size"] for record in records}
    shares = ", ".join(f"{name} {size}" for name, size in sizes.items())
    return f"Claims that share an error of 5 %, by family: {shares}."


def here(record: Mapping[str, Any]) -> str:
    """The statistic of a verdict to read; a bound is marked as one."""
    sign = {"at least": ">= ", "at most": "<= ", None: ""}[record["bound"]]
    return sign + number(record["statistic"], ">")


def interval(record: Mapping[str, Any]) -> str:
    """The interval of a verdict to read, with the claim's parts that it reaches into."""
    ends = f"{number(record['low'], '<')} to {number(record['high'], '>')}"
    if not record["part"] or record["part"] == [None, None]:
        return ends
    low, high = record["part"]
    if low is not None and high is not None:
        return f"{ends}: from {low:g} to {high:g}"
    return f"{ends}: above {low:g}" if high is None else f"{ends}: below {high:g}"


def number(value: float | None, unbounded: str) -> str:
    """A number to read; None is infinite, `unbounded` ("<" or ">") says which way."""
    return f"{value:.4g}" if value is not None else {"<": "-inf", ">": "inf"}[unbounded]


def claimed(low: float | None, high: float | None) -> str:
    """The values that a claim allows, to read."""
    if low is None:
        return f"< {high:g}"
    return f"> {low:g}" if high is None else f"{low:.4g} to {high:.4g}"
