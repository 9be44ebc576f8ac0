"""Pages of the report: the claims, and an executed notebook.

Each page is a filled template of `workflow/report`, and loads no other files.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import nbformat
from PIL import Image

from mbmf.analysis.claims import AnyClaim
from mbmf.analysis.verdict_text import claimed, families, here, interval
from mbmf.base.errors import InputError
from mbmf.report.own_jupyter import own_jupyter
from mbmf.report.templates import render

# Beside a verdict's colour, as in the figures.
SIGNS = {"reproduced": "●", "not reproduced": "✕", "undecided": "○"}


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
    clips: Mapping[str, Mapping[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """Rows of the table of claims, one for each verdict, in the verdicts' order.

    Args:
        records: verdicts, as `mbmf.analysis.judging.judge` gives them.
        claims: that they are on.
        results: folder of the scale, which the paths of the links start with.
        tables: as for `shown_in`.
        clips: of each experiment, name of the clip that shows an agent.

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
        clip = (clips or {}).get(shown[0], {}).get(record["agent"] or "") if shown else None
        rows.append(
            record
            | {
                "experiment": shown and shown[0],
                "agent": (record["agent"] or "").replace("_", "-"),
                "claimed": claimed(*record["threshold"]),
                "here": here(record) if known else "",
                "interval": interval(record) if known else "",
                "sign": SIGNS[record["verdict"]],
                "links": _links(results, *shown, clip) if shown else {},
            }
        )
    return rows


def _links(results: str, experiment: str, figure: str, clip: str | None) -> dict[str, str]:
    links = {
        "figure": f"{results}/figures/{figure}.svg",
        "notebook": f"{results}/report/{experiment}.html",
        "runs": f"{results}/report/{experiment}_runs.html",
    }
    return links | ({"clip": f"{results}/gaits/{clip}.webp"} if clip else {})


def claims_page(rows: Sequence[dict[str, Any]], scale: str, history: str, picture: bytes) -> str:
    """The report's opening: how the verdicts came out, all claims in a picture and in a table.

    Args:
        rows: as `claim_rows` gives them.
        scale: of the results.
        history: when the claims were last changed.
        picture: of all claims, an SVG.
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
        picture=base64.b64encode(picture).decode(),
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


def notebook_page(notebook: nbformat.NotebookNode, title: str) -> str:
    """An executed notebook as a page without scripts and with embedded pictures."""
    from nbconvert import HTMLExporter

    with own_jupyter():
        # Other templates of nbconvert load scripts from the internet.
        exporter = HTMLExporter(template_name="basic")  # type: ignore[no-untyped-call]
        body, _ = exporter.from_notebook_node(notebook)
    light, dark = (_highlighting(style) for style in ("default", "github-dark"))
    return render("notebook.html.j2", title=title, body=_webp(body), light=light, dark=dark)


def _webp(body: str) -> str:
    """A page with WebP without loss in place of PNG, for half of the size."""

    def smaller(found: re.Match[str]) -> str:
        buffer = BytesIO()
        with Image.open(BytesIO(base64.b64decode(found[1]))) as picture:
            picture.save(buffer, format="WEBP", lossless=True, method=4)
        return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"

    return re.sub(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)", smaller, body)


def _highlighting(style: str) -> str:
    from pygments.formatters import HtmlFormatter

    return str(HtmlFormatter(style=style).get_style_defs(".highlight"))
