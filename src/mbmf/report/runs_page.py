"""The page of the runs behind an experiment: a table to sort and search, with learning curves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mbmf.report.templates import render

# A small curve: so many points at most, in a box of this size.
POINTS, WIDTH, HEIGHT = 60, 120, 30


def run_row(provenance: dict[str, Any], curve: pd.DataFrame, path: str) -> dict[str, Any]:
    """Row of one run in the list of runs.

    Args:
        provenance: content of the run's provenance file.
        curve: table of the run's learning curve.
        path: path of the run's folder.
    """
    last = curve.iloc[-1]
    returns = curve["return"].to_numpy(np.float64)
    return {
        "kind": provenance["kind"],
        "agent": provenance["agent"],
        "seed": provenance["seed"],
        "path": path,
        "env_steps": int(last["env_steps"]),
        "last_return": float(last["return"]),
        "lowest": float(returns.min()),
        "highest": float(returns.max()),
        "curve": points(returns),
        "seconds": seconds_of(provenance),
        "git_commit": provenance["git_commit"],
        "device": provenance["device"],
    }


def points(values: np.ndarray[Any, Any]) -> str:
    """A curve as the points of an SVG polyline that fills a box of WIDTH by HEIGHT."""
    at = np.unique(np.linspace(0, len(values) - 1, POINTS).round().astype(int))
    x = at * (WIDTH / max(len(values) - 1, 1))
    low, high = values.min(), values.max()
    y = HEIGHT * (high - values[at]) / (high - low or 1.0)
    return " ".join(f"{one:.4g},{other:.3g}" for one, other in zip(x, y, strict=True))


def seconds_of(provenance: dict[str, Any]) -> float:
    """Total time of all iterations of a run, s; for a resumed run too."""
    return float(sum(sum(part.values()) for part in provenance["seconds"]))


def runs_page(
    title: str,
    scale: str,
    settings: dict[str, Any],
    runs: Sequence[tuple[dict[str, Any], dict[str, Any]]],
    job: dict[str, Any] | None,
) -> str:
    """The runs behind an experiment: a row each, with configuration and provenance.

    What all runs share stands above the table once, and below a row only what is its own. With
    hundreds of runs, this page is a large part of the report.

    Args:
        title: title of the experiment.
        scale: name of the scale, shown below the title.
        settings: the experiment's section of the configuration.
        runs: result of `run_row` and provenance of each run.
        job: provenance of the job that made all runs, if there was one.
    """
    contents = [flat(_without_seconds(provenance)) for _, provenance in runs]
    shared = {
        key: value
        for key, value in (contents[0] if contents else {}).items()
        if all(key in one and one[key] == value for one in contents)
    }
    known = {*shared, "kind", "agent", "seed"}
    entries = [
        row | {"varied": varied, "own": lines({k: v for k, v in one.items() if k not in known})}
        for (row, _), varied, one in zip(runs, varied_settings(runs), contents, strict=True)
    ]
    return render(
        "runs.html.j2",
        title=f"Runs behind {title}",
        scale=scale,
        settings=pretty(settings),
        runs=entries,
        shared=lines(shared),
        job=pretty({k: v for k, v in job.items() if k != "settings"}) if job else None,
        seconds=sum(row["seconds"] for row, _ in runs),
        box=(WIDTH, HEIGHT),
    )


def varied_settings(runs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> list[str]:
    """In which settings each run differs from most runs of its kind and agent, in words."""
    found = [flat(provenance["settings"]) for _, provenance in runs]
    keys = [(row["kind"], row["agent"]) for row, _ in runs]
    told = []
    for key, settings in zip(keys, found, strict=True):
        alike = [other for other, of in zip(found, keys, strict=True) if of == key]
        differs = [
            f"{name.rpartition('.')[2].replace('_', ' ')} {value}"
            for name, value in settings.items()
            if str(value) != _commonest([str(other.get(name)) for other in alike])
        ]
        told.append(", ".join(differs))
    return told


def _commonest(values: Sequence[str]) -> str:
    return max(sorted(set(values)), key=values.count)


def flat(content: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested mappings as one, its keys joined by dots."""
    found: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value
    return found


def _without_seconds(provenance: dict[str, Any]) -> dict[str, Any]:
    """Without the seconds of each iteration, of which the table has the sum."""
    return {key: value for key, value in provenance.items() if key != "seconds"}


def lines(content: Mapping[str, Any]) -> str:
    """A line for each value."""
    return "\n".join(f"{key.removeprefix('settings.')}: {value}" for key, value in content.items())


def pretty(content: Any) -> str:
    """JSON to read."""
    return json.dumps(content, indent=2, ensure_ascii=False)
