"""What a report can show of a scale that is perhaps not finished, without starting a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mbmf.workflow.asked import CHANGED
from mbmf.workflow.dag import Dag, Job

# What Snakemake's report shows, below the results: it refuses a job that lacks one of these.
SHOWN = ("figures", "gaits", "clips", "claims.json", "report")


@dataclass(frozen=True)
class ReportPlan:
    """What is to be made and shown.

    Attributes:
        dag: all jobs of the scale, those of the report's pages among them.
        experiments: names of those that draw figures.
    """

    dag: Dag
    experiments: tuple[str, ...]

    @cached_property
    def pages(self) -> tuple[Job, ...]:
        """Jobs of pages whose inputs are there, or are such pages."""
        made: set[Path] = set()
        found = []
        for job in self.dag.jobs:
            if self._is_page(job) and all(_is_there(path) or path in made for path in job.input):
                made.update(job.output)
                found.append(job)
        return tuple(found)

    @cached_property
    def unfinished(self) -> dict[str, str]:
        """Why an experiment's figures are not those that are asked for now, by its name."""
        found = {}
        for job in self._drawings():
            if not _all_there(without_record(job)):
                found[job.rule] = "not drawn yet"
            elif self.is_stale(job):
                found[job.rule] = "drawn by older code, or from other settings or runs"
        return {name: found[name] for name in self.experiments if name in found}

    @property
    def drawn(self) -> bool:
        """Whether any figure is there."""
        return any(_all_there(without_record(job)) for job in self._drawings())

    def _drawings(self) -> list[Job]:
        return [job for job in self.dag.jobs if job.rule in self.experiments]

    def is_stale(self, job: Job) -> bool:
        """Whether a job's record is not what is asked for; of a page, that of a job that it shows.

        A run may run again for a model that is missing, as in a clone. That changes no figure.
        """
        if self._is_page(job):
            return any(map(self.is_stale, job.after))
        return bool(job.changed)

    def verdicts_are_old(self) -> bool:
        """Whether verdicts are missing, or not those that are asked for now."""
        return any(
            self.is_stale(job) or not _all_there(job.output)
            for job in self.dag.jobs
            if job.rule == "claims"
        )

    def targets(self) -> list[str]:
        """Files that Snakemake's report can show, as they are now."""
        return [
            path.as_posix()
            for job in self.dag.jobs
            if all(_all_there(self._shown(one)) for one in self.dag.with_all_before(job))
            for path in self._shown(job)
        ]

    def _is_page(self, job: Job) -> bool:
        return all(self.dag.results / "report" in path.parents for path in job.output)

    def _shown(self, job: Job) -> list[Path]:
        return [
            path
            for path in without_record(job)
            if path.relative_to(self.dag.results).parts[0] in SHOWN
        ]


def without_record(job: Job) -> list[Path]:
    """Files that a job makes, without the record of what was asked of it."""
    return [path for path in job.output if "made" not in path.parts]


def _is_there(path: Path) -> bool:
    return path.exists() or CHANGED in path.parents


def _all_there(paths: Iterable[Path]) -> bool:
    return all(path.is_file() for path in paths)
