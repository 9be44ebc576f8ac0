"""The workflow's jobs at a scale, as Snakemake itself plans them.

Snakemake builds the graph for a dry run through its Python API, so what is asked of it here is what
`snakemake -n` answers. `WorkflowApi` hands out its results only as text; the graph behind them is
read from its `_workflow`, here and nowhere else.
"""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mbmf.base.errors import InputError
from mbmf.workflow.asked import CHANGED

PROVENANCE = "provenance.json"


@dataclass(frozen=True, eq=False)
class Job:
    """One job of the workflow. Paths are relative to the repository.

    Attributes:
        rule: that makes it.
        name: path of its log below the scale's logs, without the suffix.
        wildcards: of its rule, by name.
        params: of its rule, by name.
        output: files that it makes.
        log: what it prints.
        benchmark: Snakemake's measurement of it.
        after: jobs that make its inputs.
        reasons: why Snakemake would run it; none if it would not.
        changed: what differs first between its record and what is asked for: "settings",
            "inputs", "code", or "record" if it has files and no record; empty if nothing does.
        threads: that it takes.
        input: files that it reads.
    """

    rule: str
    name: str
    wildcards: Mapping[str, str]
    params: Mapping[str, Any]
    output: tuple[Path, ...]
    log: Path
    benchmark: Path
    after: tuple[Job, ...] = ()
    reasons: tuple[str, ...] = ()
    changed: str = ""
    threads: int = 1
    input: tuple[Path, ...] = ()

    @property
    def kind(self) -> str:
        """First part of the name: the same for all jobs of a rule, at every scale."""
        return self.name.split("/")[0]

    @property
    def agent(self) -> str:
        """Agent that it concerns; empty for tables and figures."""
        return (self._agent or [""])[0]

    @property
    def task(self) -> str:
        """Task of the agent, which has its name unless the command line says otherwise."""
        return (self._agent or [""])[-1]

    @property
    def _agent(self) -> list[str]:
        """The agent as the command line takes it: NAME, or NAME --task TASK."""
        return shlex.split(str(self.params.get("agent", self.wildcards.get("agent", ""))))

    @property
    def folder(self) -> Path | None:
        """Folder of its provenance, and of a run's curve and checkpoint, if it has one."""
        found = [path.parent for path in self.output if path.name == PROVENANCE]
        return found[0] if found else None


@dataclass(frozen=True)
class Dag:
    """All jobs of a scale.

    Attributes:
        results: folder of the scale.
        jobs: each after those that it waits for.
    """

    results: Path
    jobs: tuple[Job, ...]

    @cached_property
    def ends(self) -> tuple[Job, ...]:
        """Jobs that no other one waits for: figures, clips, verdicts."""
        waited_for = {before for job in self.jobs for before in job.after}
        return tuple(job for job in self.jobs if job not in waited_for)

    def with_all_before(self, job: Job) -> list[Job]:
        """A job and its ancestors, each after those that it waits for."""
        found: set[Job] = set()
        queue = [job]
        while queue:
            one = queue.pop()
            if one not in found:
                found.add(one)
                queue += one.after
        return [one for one in self.jobs if one in found]


def read_dag(
    results: Path,
    overlays: Sequence[Path],
    cores: int = 1,
    targets: Sequence[str] = (),
    *,
    all_forced: bool = False,
) -> Dag:
    """The jobs that targets ask for, made or not, and which of them would run.

    Args:
        results: folder of the scale.
        overlays: configuration files beside the base ones.
        cores: of the dry run, which scales the jobs' threads.
        targets: rules or files; the default target if there are none.
        all_forced: as if all jobs were to run anew. Else it leaves out jobs whose files a clone
            lacks and no job needs.

    Raises:
        InputError: Snakemake cannot plan the jobs; in its words.
    """
    from snakemake.api import SnakemakeApi
    from snakemake.exceptions import RuleException, WorkflowError
    from snakemake.settings.types import (
        ConfigSettings,
        DAGSettings,
        ExecutionSettings,
        OutputSettings,
        RerunTrigger,
        ResourceSettings,
        SharedFSUsage,
        StorageSettings,
    )
    from snakemake_interface_common.exceptions import ApiError

    quiet = OutputSettings(
        dryrun=True, enable_file_logging=False, log_level_override=logging.CRITICAL
    )
    # As workflow/profiles/default has it for the command line, here and below.
    shared = SharedFSUsage.all() - {SharedFSUsage.SOURCE_CACHE}
    try:
        with SnakemakeApi(quiet) as api:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=cores),
                storage_settings=StorageSettings(shared_fs_usage=frozenset(shared)),
                config_settings=ConfigSettings(configfiles=[path.absolute() for path in overlays]),
            )
            planned = workflow.dag(
                DAGSettings(
                    targets=frozenset(targets),
                    forceall=all_forced,
                    force_incomplete=True,
                    rerun_triggers=frozenset([RerunTrigger.MTIME]),
                )
            )
            planned.execute_workflow(
                executor="dryrun", execution_settings=ExecutionSettings(lock=False)
            )
            return Dag(results, _jobs(results, workflow._workflow.dag))
    except (ApiError, RuleException, WorkflowError) as error:
        raise InputError(f"snakemake: {' '.join(str(error).split())}") from None


def _jobs(results: Path, dag: Any) -> tuple[Job, ...]:
    """Snakemake's jobs as ours, without those that only gather files."""
    made: dict[Any, Job] = {}
    for level in dag.toposorted():
        for job in sorted(level, key=lambda one: str(one.log)):
            if job.output:
                before = [made[one] for one in dag.dependencies[job] if one in made]
                made[job] = _job(results, job, before, dag)
    return tuple(made.values())


def _job(results: Path, job: Any, before: Iterable[Job], dag: Any) -> Job:
    log = Path(job.log[0])
    reasons = dag.reason(job).get_names() if dag.needrun(job) else ()
    changed = [Path(path).name for path in job.input if Path(path).parent.parent == CHANGED]
    return Job(
        rule=job.rule.name,
        name=log.relative_to(results / "logs").with_suffix("").as_posix(),
        wildcards=dict(job.wildcards.items()),
        params=dict(job.params.items()),
        output=tuple(Path(path) for path in job.output),
        log=log,
        benchmark=Path(job.benchmark),
        after=tuple(sorted(before, key=lambda one: one.name)),
        reasons=tuple(reasons),
        changed="".join(changed),
        threads=job.threads,
        input=tuple(Path(path) for path in job.input),
    )
