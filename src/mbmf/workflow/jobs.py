"""The workflow's jobs at a scale, as `mbmf status` looks at them: files, order and run_cost.

Snakemake owns the graph; this is its outline, without inputs and commands, and a test holds
it to what Snakemake plans.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mbmf.experiments.experiment import Files
from mbmf.experiments.run_code import code_of
from mbmf.experiments.runs import ImitationRun, ModelBasedRun, OpenLoopRun, Run, TrpoRun
from mbmf.workflow import run_cost
from mbmf.workflow.configuration import Configuration


@dataclass(frozen=True, eq=False)
class Job:
    """One job of the workflow. Paths are relative to the scale's results.

    Attributes:
        rule: that makes it.
        name: of its log and benchmark, without the suffix.
        output: file that is there when it has finished.
        after: jobs whose results it reads.
        agent: that it concerns; empty for tables and figures.
        folder: that holds the provenance, and a run's curve and checkpoint; none for what is
            short and remade with all that it rests on.
        code: that made it, as `code_digest` takes it, if its provenance tells.
        handed_on: file with which later runs go on; git does not keep it.
        work: that it takes, in `mbmf.workflow.run_cost`'s units; 1 for what is short.
    """

    rule: str
    name: str
    output: str
    after: tuple[Job, ...] = ()
    agent: str = ""
    folder: str | None = None
    code: tuple[str, ...] = ()
    handed_on: str | None = None
    work: float = 1.0

    @property
    def log(self) -> str:
        """What it printed."""
        return f"logs/{self.name}.log"

    @property
    def benchmark(self) -> str:
        """Snakemake's measurement of it."""
        return f"benchmarks/{self.name}.tsv"


def run_path(run: Run) -> str:
    """The run's parameters as Snakemake's Paramspace writes them."""
    return "/".join(f"{key}~{value}" for key, value in run.wildcards.items())


def jobs_of(configuration: Configuration) -> dict[str, Job]:
    """The job that ends each figure, each agent's gaits, and the claims, by what they end."""
    jobs = _Runs()
    made: dict[str, Job] = {}
    figures, claimed = {}, []
    for name, experiment in configuration.experiments.items():
        for table in experiment.tables():
            inputs = table.inputs.values()
            runs = [run for one in inputs if isinstance(one, Files) for run in one.runs]
            before = [made[one] for one in inputs if isinstance(one, str)]
            paths = list(table.outputs.values())
            records = [path for path in paths if Path(path).name == "provenance.json"]
            job = Job(
                table.rule,
                table.rule,
                (records or paths)[0],
                tuple([*map(jobs.of_any, runs), *before]),
                folder=str(Path(records[0]).parent) if records else None,
                code=tuple(table.code) if records else (),
            )
            made |= dict.fromkeys(paths, job)
        tables = dict.fromkeys(made[path] for path in experiment.drawing().tables.values())
        figures[name] = Job(name, name, f"notebooks/{name}.ipynb", tuple(tables))
        claimed += [made[path] for path in experiment.table_files().values()]
    claims = Job("claims", "claims", "claims.json", tuple(dict.fromkeys(claimed)))
    gaits = {
        f"gaits/{clip}": jobs.gait(run)
        for experiment in configuration.experiments.values()
        for clip, run in experiment.clips().items()
    }
    return figures | gaits | {"claims": claims}


def with_all_before(jobs: Iterable[Job]) -> list[Job]:
    """The jobs and all that come before them, each once, in an order in which they can run."""
    found: dict[str, Job] = {}

    def visit(job: Job) -> None:
        if job.name not in found:
            for before in job.after:
                visit(before)
            found[job.name] = job

    for job in jobs:
        visit(job)
    return list(found.values())


class _Runs:
    """Jobs of runs, each made once."""

    def __init__(self) -> None:
        self.made: dict[str, Job] = {}

    def of_any(self, run: Run) -> Job:
        return self.divergence(run.source) if isinstance(run, OpenLoopRun) else self.job(run)

    def job(self, run: Run) -> Job:
        path = run_path(run)
        name = f"{_rule_of(run)}/{path}"
        if name not in self.made:
            folder = f"runs/{name}"
            self.made[name] = Job(
                _rule_of(run),
                name,
                f"{folder}/curve.csv",
                tuple(self._before(run)),
                run.agent,
                folder,
                code_of(run),
                _handed_on(run, path),
                run_cost.of_run(run),
            )
        return self.made[name]

    def _before(self, run: Run) -> list[Job]:
        if isinstance(run, ModelBasedRun):
            return [self.random_data(run)]
        if isinstance(run, ImitationRun):
            return [self.job(run.source)]
        return [self.job(run.start)] if isinstance(run, TrpoRun) and run.start else []

    def random_data(self, run: ModelBasedRun) -> Job:
        data = run.settings.random_data
        size = (data.rollouts, data.validation_rollouts, data.steps)
        name = f"random_data/{run.agent}/{'_'.join(map(str, size))}_{run.seed}"
        if name not in self.made:
            output = (
                f"data/random/agent~{run.agent}/rollouts~{size[0]}/"
                f"validation_rollouts~{size[1]}/steps~{size[2]}/seed~{run.seed}.safetensors"
            )
            units = run_cost.of_random_data(run.agent, data)
            self.made[name] = Job(
                "random_data", name, output, agent=run.agent, handed_on=output, work=units
            )
        return self.made[name]

    def gait(self, run: TrpoRun) -> Job:
        name = f"gaits/{run.agent}"
        assert run.start is not None
        before = (self.job(run.start.source), self.job(run.start), self.job(run))
        return Job("gait", name, f"{name}.webp", before, run.agent)

    def divergence(self, run: ModelBasedRun) -> Job:
        path = run_path(run)
        return Job(
            "divergence",
            f"divergence/{path}",
            f"divergence/{path}/errors.parquet",
            (self.random_data(run), self.job(run)),
            run.agent,
        )


def _rule_of(run: Run) -> str:
    if isinstance(run, TrpoRun):
        return "trpo"
    return "imitation" if isinstance(run, ImitationRun) else "model_based"


def _handed_on(run: Run, path: str) -> str:
    file = "models" if isinstance(run, ModelBasedRun) else "policy"
    return f"models/{_rule_of(run)}/{path}/{file}.safetensors"
