"""What the configuration and the code ask of each job of the workflow, for its record.

The inputs of a job are known by what is asked of the jobs that make them, and files of the
repository by their content. So what changes anywhere before a job changes what is asked of it.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from mbmf.analysis import statistics
from mbmf.analysis.authors_plots import AUTHORS_PLOTS
from mbmf.experiments.experiment import (
    Drawing,
    Experiment,
    Files,
    Tables,
    shown_clips,
    shown_tables,
)
from mbmf.experiments.run_code import code_of, code_of_clip, code_of_random_data
from mbmf.experiments.runs import (
    ImitationRun,
    ModelBasedRun,
    OpenLoopRun,
    Run,
    TrpoRun,
    identity,
)
from mbmf.storage.code_digest import code_digest
from mbmf.storage.job_records import DIFFERENCES, Asked, digest
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.claimed_tables import tables_asked_for
from mbmf.workflow.configuration import Configuration

CLAIMS = Path("config/claims.yaml")
PAGES = ("mbmf.steps.report_pages",)
# Of an input: what is asked of the jobs that make it, or files of the repository.
Sources = Sequence[Asked | Path]


def asked(
    rule: str, settings: Mapping[str, Any], inputs: Mapping[str, Sources], code: str
) -> Asked:
    """What is asked of a job.

    Args:
        rule: of the job.
        settings: all that it is told.
        inputs: where each input comes from, by name.
        code: digest of its own code.
    """
    before: dict[str, set[str]] = {rule: {code}}
    for source in (one for sources in inputs.values() for one in sources):
        for name, own in source.code.items() if isinstance(source, Asked) else ():
            before.setdefault(name, set()).update(own)
    digests = {
        name: digest([one.identity if isinstance(one, Asked) else _content(one) for one in sources])
        for name, sources in inputs.items()
    }
    return Asked(rule, settings, digests, {name: sorted(before[name]) for name in sorted(before)})


def _content(path: Path) -> str:
    """Digest of a file of the repository; of one that is missing, which Snakemake names, none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "none"


_code = cache(code_digest)


class Asks:
    """Asks of each job of a configuration. Nothing is read before it is asked for."""

    def __init__(self, configuration: Configuration) -> None:
        self.scale, self.agents = configuration.scale, configuration.agents
        self.experiments = configuration.experiments
        self._runs: dict[str, Asked] = {}

    def random_data(self, agent: str, settings: Mapping[str, Any], seed: int) -> Asked:
        """Of D_RAND of an agent."""
        task = self.agents[agent].task
        told = {"agent": agent, "task": task, "settings": dict(settings), "seed": seed}
        return asked("random_data", told, {}, _code(*code_of_random_data(task)))

    def run(self, run: Run) -> Asked:
        """Of a run, of whatever kind."""
        key = identity(run)
        if key not in self._runs:
            told = {"agent": run.agent, **self._settings(run), "seed": run.seed}
            self._runs[key] = asked(run.kind, told, self._before(run), _code(*code_of(run)))
        return self._runs[key]

    @staticmethod
    def _settings(run: Run) -> dict[str, Any]:
        """Settings of a run, without those that have their default, as in its path."""
        if isinstance(run, OpenLoopRun):
            return {"steps": run.steps, "starts": run.starts}
        if isinstance(run, ModelBasedRun):
            settings = run.settings.flat(defaults=False)
        else:
            settings = run.settings.model_dump(mode="json", exclude_defaults=True)
        return {"task": run.task or run.agent, "settings": settings}

    def _before(self, run: Run) -> dict[str, Sources]:
        """Inputs of a run."""
        if isinstance(run, ModelBasedRun):
            data = run.settings.random_data.model_dump(mode="json")
            return {"random_data": [self.random_data(run.agent, data, run.seed)]}
        if isinstance(run, TrpoRun):
            return {"start": [self.run(run.start)]} if run.start else {}
        assert isinstance(run, ImitationRun | OpenLoopRun)
        return {"models": [self.run(run.source)]}

    def clip(self, run: TrpoRun) -> Asked:
        """Of the clip of a gait that ends with a run of Mb-Mf."""
        told = {"agent": run.agent, "seed": run.seed}
        return asked("gait", told, {"policy": [self.run(run)]}, _code(*code_of_clip(run)))

    def tables(self, experiment: Experiment[Any], job: Tables) -> Asked:
        """Of a job that makes tables."""
        inputs: dict[str, Sources] = {
            name: (
                [self.run(run) for run in one.runs]
                if isinstance(one, Files)
                else [self._table(experiment, one)]
            )
            for name, one in job.inputs.items()
        }
        told = {"command": job.command, "settings": json.loads(job.settings or "{}")}
        return asked(job.rule, told, inputs, _code(*job.code))

    def _table(self, experiment: Experiment[Any], path: str) -> Asked:
        """Of the job that makes a table of an experiment."""
        (job,) = (one for one in experiment.tables() if path in one.outputs.values())
        return self.tables(experiment, job)

    def drawing(self, experiment: Experiment[Any]) -> Asked:
        """Of the job that draws an experiment's figures."""
        drawing: Drawing = experiment.drawing()
        inputs: dict[str, Sources] = {
            "notebook": [drawing.notebook],
            "tables": [self._table(experiment, path) for path in drawing.tables.values()],
            "files": [Path(path) for path in drawing.files.values()],
        }
        told = {"scale": self.scale, "figures": list(drawing.figures), **drawing.parameters}
        return asked(experiment.name, told, inputs, _code(*drawing.code))

    def claims(self) -> Asked:
        """Of the verdicts."""
        paths = tables_asked_for(read_yaml(CLAIMS), self.experiments)
        makers = {
            path: one for one in self.experiments.values() for path in one.table_files().values()
        }
        inputs: dict[str, Sources] = {
            "claims": [CLAIMS],
            "plots": [AUTHORS_PLOTS],
            "tables": [self._table(makers[path], path) for path in paths],
        }
        code = _code("mbmf.steps.judge_claims", *statistics.sources(CLAIMS))
        return asked("claims", {"scale": self.scale}, inputs, code)

    def claims_figure(self) -> Asked:
        """Of the picture of all claims."""
        inputs: dict[str, Sources] = {"verdicts": [self.claims()], "claims": [CLAIMS]}
        code = _code("mbmf.steps.draw_claims", *statistics.sources(CLAIMS))
        return asked("claims_figure", {"scale": self.scale}, inputs, code)

    def claims_page(self, files: Sequence[str]) -> Asked:
        """Of the page of the verdicts; `files` of the repository are among its inputs."""
        told = {
            "scale": self.scale,
            "shown": shown_tables(self.experiments),
            "clips": shown_clips(self.experiments),
        }
        inputs: dict[str, Sources] = {
            "verdicts": [self.claims()],
            "figure": [self.claims_figure()],
            "files": _paths(files),
        }
        return asked("claims_page", told, inputs, _code(*PAGES))

    def notebook_page(self, name: str, files: Sequence[str]) -> Asked:
        """Of the page of an experiment's executed notebook."""
        experiment = self.experiments[name]
        told = {"title": experiment.title, "scale": self.scale}
        inputs: dict[str, Sources] = {
            "notebook": [self.drawing(experiment)],
            "files": _paths(files),
        }
        return asked("notebook_page", told, inputs, _code(*PAGES))

    def runs_page(self, name: str, files: Sequence[str]) -> Asked:
        """Of the page of an experiment's runs."""
        experiment = self.experiments[name]
        told = {
            "title": experiment.title,
            "scale": self.scale,
            "settings": experiment.section.model_dump(mode="json", exclude_defaults=True),
        }
        makers = [job for job in experiment.tables() if provenance_of(job)]
        inputs: dict[str, Sources] = {
            "runs": [self.run(run) for run in experiment.runs()],
            "jobs": [self.tables(experiment, job) for job in makers],
            "files": _paths(files),
        }
        return asked("runs_page", told, inputs, _code(*PAGES))


def provenance_of(job: Tables) -> list[str]:
    """Provenance that a job of tables writes, where it has no runs. Paths below the results."""
    return [path for path in job.outputs.values() if Path(path).name == "provenance.json"]


def _paths(files: Sequence[str]) -> list[Path]:
    return [Path(path) for path in files]


# Folder of the inputs that make a job run anew: one for each process, and in it one for each thing
# that may differ. Processes of other machines may share it.
CHANGED = Path(".snakemake/changed")
_HOST = platform.node()


def newer_input(what: str, made: Sequence[Path]) -> str:
    """A folder that is newer than the oldest file of a job, and older than what the job makes next.

    Snakemake runs a job one of whose inputs is newer than a file that the job has made, and refuses
    what a job makes if it is older than an input. It is a folder, because Snakemake compares files
    by their content too, and one of this process, because another call may be at work.

    Args:
        what: differs from what is asked for. It names the folder, so that Snakemake's reason
            ("updated input files") says it.
        made: files of the job that are there. If all of them are from the future, for clocks may
            differ, the first gets an older time.
    """
    folder = CHANGED / f"{_HOST}.{os.getpid()}" / what
    if not folder.is_dir():
        # All at once: Snakemake lists the folder above once, and misses what comes later.
        for one in DIFFERENCES:
            (folder.parent / one).mkdir(parents=True, exist_ok=True)
        atexit.register(shutil.rmtree, folder.parent.absolute(), ignore_errors=True)
    time = folder.stat().st_mtime
    if made and all(path.stat().st_mtime >= time for path in made):
        os.utime(made[0], (time - 1, time - 1))
    return folder.as_posix()


def remove_left_inputs(folder: Path = CHANGED) -> None:
    """Remove the folders of `newer_input` that processes have left when they were killed."""
    for left in folder.iterdir() if folder.is_dir() else ():
        host, _, process = left.name.rpartition(".")
        if host == _HOST and process.isdigit() and not psutil.pid_exists(int(process)):
            shutil.rmtree(left, ignore_errors=True)
