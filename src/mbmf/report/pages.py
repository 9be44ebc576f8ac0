"""Pages of the report: the claims, the runs behind an experiment, an executed notebook.

Each page is a filled template of `workflow/report`, and loads no other files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import nbformat

from mbmf.analysis.claims import AnyClaim
from mbmf.analysis.verdict_text import claimed, families, here, interval
from mbmf.base.errors import InputError
from mbmf.report.own_jupyter import own_jupyter

TEMPLATES = Path("workflow/report")


def render(template: str, **values: Any) -> str:
    """A template of `workflow/report`, filled in."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def shown_in(claim: AnyClaim, tables: Mapping[str, Sequence[str]]) -> tuple[str, str] | None:
    """Experiment and figure that show the subject of a claim, or None if none does.

    Args:
        claim: the claim.
        tables: experiment and figure that show each table. In a figure's name, "{number}" stands
            for the last part of the figure number that the claim's statistic names.
    """
    if claim.table not in tables:
        return None
    experiment, figure = tables[claim.table]
    number = getattr(claim.statistic, "figure", "").rpartition(".")[2]
    return experiment, figure.format(number=number)


def claim_rows(
    records: Sequence[dict[str, Any]],
    claims: Sequence[AnyClaim],
    results: str,
    tables: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """Rows of the table of claims, one for each verdict, in the verdicts' order.

    Args:
        records: verdicts, as `mbmf.analysis.judging.judge` gives them.
        claims: that they are on.
        results: folder of the scale, which the paths of the links start with.
        tables: as for `shown_in`.

    Raises:
        InputError: a verdict is on no claim of the file, or of older code.
    """
    by_id = {claim.id: claim for claim in claims}
    rows = []
    for record in records:
        claim = by_id.get(str(record["id"]).split(".", maxsplit=1)[0])
        if claim is None:
            raise InputError(f"{record['id']}: no claim has this id; judge the claims again")
        if "family" not in record:
            raise InputError(f"{record['id']}: a verdict of older code; judge them again")
        shown = shown_in(claim, tables)
        known = record["statistic"] is not None
        rows.append(
            record
            | {
                "experiment": shown and shown[0],
                "agent": (record["agent"] or "").replace("_", "-"),
                "claimed": claimed(*record["threshold"]),
                "here": here(record) if known else "",
                "interval": interval(record) if known else "",
                "links": _links(results, *shown) if shown else {},
            }
        )
    return rows


def _links(results: str, experiment: str, figure: str) -> dict[str, str]:
    return {
        "figure": f"{results}/figures/{figure}.svg",
        "notebook": f"{results}/report/{experiment}.html",
        "runs": f"{results}/report/{experiment}_runs.html",
    }


def claims_page(rows: Sequence[dict[str, Any]], scale: str, history: str) -> str:
    """The report's opening: how the verdicts came out, and a table of all claims.

    Args:
        rows: as `claim_rows` gives them.
        scale: of the results.
        history: when the claims were last changed.
    """
    verdicts = [row["verdict"] for row in rows]
    counts = {name: verdicts.count(name) for name in ("reproduced", "not reproduced", "undecided")}
    return render(
        "claims.html.j2",
        rows=rows,
        scale=scale,
        counts=counts,
        families=families(rows),
        history=history,
    )


def results_markdown(
    rows: Sequence[dict[str, Any]],
    scale: str,
    titles: Mapping[str, str],
    runs: Mapping[str, tuple[int, float]],
) -> str:
    """Claims and our results as Markdown for docs/claims.md, one table for each experiment.

    Args:
        rows: rows from `claim_rows`.
        scale: scale of the results.
        titles: titles of the experiments, by name. Experiments without claims are left out.
        runs: number of runs behind an experiment, and their total time, s.
    """
    overlay = "" if scale == "paper" else f" --configfile config/{scale}.yaml"
    lines = []
    for name, title in titles.items():
        claimed_here = [row for row in rows if row["experiment"] == name]
        if not claimed_here:
            continue
        how = f"`snakemake --cores 2{overlay} -- {name}` draws it"
        if name in runs:
            count, seconds = runs[name]
            how += f"; its {count} runs took {_duration(seconds)} of one core"
        lines += [f"### {title}, {scale} scale", "", f"{how}.", ""]
        lines += [
            "| the paper | agent | claimed | here | seeds | verdict |",
            "|---|---|---|---|---|---|",
        ]
        for row in claimed_here:
            found = "not computed yet" if row.get("refused") else row["why"]
            here = f"{row['here']} ({row['interval']})" if row["here"] else found
            cells = [
                f"{row['claim']} ({row['source']})",
                row["agent"],
                row["claimed"],
                here,
                str(row["seeds"] or ""),
                "" if row.get("refused") else f"**{row['verdict']}**",
            ]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 6000 else f"{seconds / 3600:.1f} hours"


def between_marks(text: str, scale: str, new: str) -> str:
    """`text` with `new` in place of the lines between the marks of a scale's results.

    Raises:
        InputError: `text` does not contain each mark once, in order.
    """
    start, end = f"<!-- results of {scale} scale -->\n", f"<!-- end of {scale} scale -->\n"
    before, found, rest = text.partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed or start in rest:
        raise InputError(f"should hold the lines {start.strip()} and {end.strip()}, each once")
    return f"{before}{start}{new}{end}{after}"


def run_row(provenance: dict[str, Any], curve: Any, path: str) -> dict[str, Any]:
    """Row of one run in the list of runs.

    Args:
        provenance: content of the run's provenance file.
        curve: pandas table of the run's learning curve.
        path: path of the run's folder.
    """
    last = curve.iloc[-1]
    return {
        "kind": provenance["kind"],
        "agent": provenance["agent"],
        "seed": provenance["seed"],
        "path": path,
        "env_steps": int(last["env_steps"]),
        "last_return": float(last["return"]),
        "seconds": seconds_of(provenance),
        "git_commit": provenance["git_commit"],
        "device": provenance["device"],
    }


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
    """The runs behind an experiment: one line each, with configuration and provenance.

    Args:
        title: title of the experiment.
        scale: name of the scale, shown below the title.
        settings: the experiment's section of the configuration.
        runs: result of `run_row` and provenance of each run.
        job: provenance of the job that made all runs, if there was one.
    """
    entries = [
        row
        | {
            "settings": _pretty(provenance["settings"]),
            "provenance": _pretty(_without_settings(provenance)),
        }
        for row, provenance in runs
    ]
    return render(
        "runs.html.j2",
        title=f"Runs behind {title}",
        scale=scale,
        settings=_pretty(settings),
        runs=entries,
        job=_pretty(_without_settings(job)) if job else None,
        seconds=sum(row["seconds"] for row, _ in runs),
    )


def _without_settings(provenance: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in provenance.items() if key != "settings"}


def _pretty(content: Any) -> str:
    return json.dumps(content, indent=2)


def notebook_page(notebook: nbformat.NotebookNode, title: str) -> str:
    """An executed notebook as a page without scripts and with embedded pictures."""
    from nbconvert import HTMLExporter

    with own_jupyter():
        # Other templates of nbconvert load scripts from the internet.
        exporter = HTMLExporter(template_name="basic")  # type: ignore[no-untyped-call]
        body, _ = exporter.from_notebook_node(notebook)
    return render("notebook.html.j2", title=title, body=body, highlighting=_highlighting())


def _highlighting() -> str:
    from pygments.formatters import HtmlFormatter

    return str(HtmlFormatter(style="default").get_style_defs(".highlight"))
