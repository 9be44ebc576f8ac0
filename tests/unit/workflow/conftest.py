"""Made-up jobs of a workflow, in an empty folder."""

from pathlib import Path

import pytest

from mbmf.workflow.dag import Job

RESULTS = Path("results/smoke")


@pytest.fixture
def job():
    """Makes a job as Snakemake's rules name its files; a run has a folder."""

    def make(
        name, *after, rule=None, agent="", run=False, output=None, reasons=(), changed="", **params
    ):
        outputs = [RESULTS / (output or f"{name}.out")]
        if run:
            folder = RESULTS / "runs" / name
            outputs = [folder / "curve.csv", folder / "provenance.json"]
        return Job(
            rule=rule or name.split("/")[0],
            name=name,
            wildcards={},
            params=({"agent": agent} if agent else {}) | params,
            output=tuple(outputs),
            log=RESULTS / f"logs/{name}.log",
            benchmark=RESULTS / f"benchmarks/{name}.tsv",
            after=after,
            reasons=tuple(reasons),
            changed=changed,
        )

    return make
