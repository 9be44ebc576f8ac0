"""The table as a page."""

from rows import Row


def _cell(row: Row, key: str) -> str:
    if row[key] is None:
        return ""
    low_high = row["spread"].get(key)
    return f"{row[key]:g}" + (f" [{low_high[0]:g}, {low_high[1]:g}]" if low_high else "")


def _optional(value: float | None, scale: float = 1, suffix: str = "") -> str:
    return "" if value is None else f"{scale * value:.3g}{suffix}"


def _notes(rows: list[Row]) -> list[str]:
    """What each row counts, rows that count alike together."""
    named: dict[str, list[str]] = {}
    for row in rows:
        text = f"Counted: {row['counted']}."
        text += f" Peer: {row['peer_name']}." if row["peer"] is not None else ""
        text += f" Limit: {row['limit_name']}." if row["limit"] is not None else ""
        parts = row.get("percent", {})
        split = ", ".join(f"{part} {percent} %" for part, percent in parts.items())
        text += f" Ours spends: {split}." if split else ""
        named.setdefault(text, []).append(row["name"])
    return [f"- {names[0]}{_like_it(len(names) - 1)}. {text}" for text, names in named.items()]


def _like_it(others: int) -> str:
    return f" and {others} row{'s' * (others > 1)} like it" if others else ""


def markdown(machine: dict[str, str], rows: list[Row]) -> str:
    """The page: machine, table, notes."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. " + ", ".join(f"{k}: {v}" for k, v in machine.items()) + ".",
        "Each row has the date of its measurement. Medians of several turns; the contenders take "
        "turns in one run. Lowest and highest are in brackets. A row without brackets was measured "
        "once. The limit is timed separately. That of planning is in float32, so a screened plan "
        "can exceed it. Notes on each row, with other peers for the environments "
        "(gymnasium's SyncVectorEnv, envpool), are below the table."
        + ("" if any(row["group"] == "gpu" for row in rows) else " There was no GPU to measure."),
        "",
        "| what | unit | ours | peer | times faster | limit | of the limit | goal | met | date |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [
            row["name"], row["unit"], _cell(row, "ours"), _cell(row, "peer"),
            _optional(row["times_faster"]), _cell(row, "limit"),
            _optional(row["share_of_limit"], 100, " %"), row["goal"],
            ("yes" if row["met"] else "no") if row["goal"] else "", row["date"],
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *_notes(rows)]) + "\n"
