"""DVC's stages, written from what the experiments, Snakemake's rules and Python's imports say.

Snakemake owns the graph of jobs; DVC needs, for each group of them, the files and
parameters that it depends on. Written by hand they would drift from the code, so they are
generated, and a test fails when the files in the repository are not what this gives.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mbmf.analysis import statistics
from mbmf.experiments.experiment import Experiment, Files, Tables
from mbmf.experiments.run_code import code_of_clip, code_of_random_data, own_code_of
from mbmf.experiments.runs import ModelBasedRun, OpenLoopRun, with_sources
from mbmf.storage.code_digest import source_files
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.claimed_tables import tables_asked_for
from mbmf.workflow.configuration import Configuration, load_configuration

SCALES = ("paper", "quick", "smoke")
FORMATS = ("svg", "pdf", "png")
# What decides which runs there are, beside the experiments' own files. Their imports do not
# count: a change of the planner is no change of the random data.
COMMON = (
    "workflow/Snakefile",
    "workflow/rules/common.smk",
    "workflow/rules/inputs.smk",
    "workflow/rules/records.smk",
    "src/mbmf/workflow/asked.py",
    "src/mbmf/workflow/configuration.py",
    "src/mbmf/experiments/agent_settings.py",
    "src/mbmf/experiments/experiment.py",
    "src/mbmf/experiments/runs.py",
)
CLAIMS, AUTHORS_PLOTS = "config/claims.yaml", "config/authors_plots.yaml"

Stages = dict[str, dict[str, Any]]


def pipeline_file(scale: str) -> Path:
    """dvc.yaml of a scale; paper scale's is the one that a bare `dvc repro` takes."""
    return Path("dvc.yaml") if scale == "paper" else Path(f"workflow/dvc/{scale}/dvc.yaml")


def configuration_at(scale: str, root: Path) -> Configuration:
    """Configuration of a scale.

    Raises:
        InputError: it is wrong.
    """
    overlay = [] if scale == "paper" else [f"{scale}.yaml"]
    names = ["agents.yaml", "config.yaml", *overlay]
    return load_configuration([root / "config" / name for name in names])


@dataclass(frozen=True)
class _Writer:
    """Writes the stages of one scale."""

    scale: str
    root: Path
    configuration: Configuration

    def stage(
        self,
        targets: Sequence[str],
        code: Iterable[str],
        deps: Sequence[str],
        params: Sequence[Any],
        outs: Sequence[Any],
    ) -> dict[str, Any]:
        """One stage: Snakemake's targets, and what they depend on."""
        overlay = "" if self.scale == "paper" else f" --configfile config/{self.scale}.yaml"
        content: dict[str, Any] = {"cmd": f"snakemake --cores all{overlay} -- {' '.join(targets)}"}
        if self.scale != "paper":
            content["wdir"] = "../../.."
            params = [*params, {f"config/{self.scale}.yaml": None}]
        files = [self.relative(path) for path in source_files(*code)]
        deps = list(dict.fromkeys([*deps, *files]))
        return content | {"deps": deps, "params": list(params), "outs": list(outs)}

    def relative(self, path: Path) -> str:
        """A path from the repository's root."""
        inside = path.is_absolute() and path.is_relative_to(self.root)
        return (path.relative_to(self.root) if inside else path).as_posix()

    def made(self, path: str) -> str:
        """A path below the scale's results, from the repository's root."""
        return f"results/{self.scale}/{path}"

    def in_cache(self, path: str) -> dict[str, Any]:
        """An output that DVC keeps."""
        return {self.made(path): {"persist": True}}

    def small(self, path: str) -> dict[str, Any]:
        """A small output. Git keeps it at paper scale; at other scales git ignores it.

        DVC keeps it there, so that a variant (`dvc exp`) has its verdicts, numbers and curves.
        """
        if self.scale != "paper":
            return self.in_cache(path)
        return {self.made(path): {"persist": True, "cache": False}}

    def deps_of(self, experiments: Iterable[Experiment[Any]]) -> list[str]:
        """What decides which runs these experiments ask for."""
        files = [self.relative(Path(inspect.getfile(type(one)))) for one in experiments]
        return [*COMMON, *dict.fromkeys(files)]


RUN_PARAMS = [{"config/config.yaml": ["seeds", "figures"]}, {"config/agents.yaml": ["agents"]}]


def stages(scale: str, root: Path) -> Stages:
    """DVC stages of one scale.

    Args:
        scale: paper, quick or smoke.
        root: of the repository, which paths are relative to.
    """
    writer = _Writer(scale, root, configuration_at(scale, root))
    experiments = writer.configuration.experiments
    found = _stages_of_runs(writer)
    for experiment in experiments.values():
        found[experiment.name] = _stage_of_experiment(writer, experiment)
    if any(experiment.clips() for experiment in experiments.values()):
        found["gaits"] = _stage_of_clips(writer)
    tables = [writer.made(path) for path in tables_asked_for(read_yaml(root / CLAIMS), experiments)]
    found["claims"] = writer.stage(
        ["claims"],
        ["mbmf.steps.judge_claims", *statistics.sources(root / CLAIMS)],
        [
            *writer.deps_of(experiments.values()),
            "workflow/rules/claims.smk",
            CLAIMS,
            AUTHORS_PLOTS,
            *tables,
        ],
        [],
        [writer.small("claims.json"), writer.small("made/claims.json")],
    )
    found["claims_figure"] = _stage_of_claims_figure(writer)
    return found


def _stage_of_claims_figure(writer: _Writer) -> dict[str, Any]:
    """The stage of the picture of all claims."""
    return writer.stage(
        ["claims_figure"],
        ["mbmf.steps.draw_claims", *statistics.sources(writer.root / CLAIMS)],
        [*COMMON, "workflow/rules/claims.smk", CLAIMS, writer.made("claims.json")],
        [],
        [
            *(writer.small(f"figures/claims.{suffix}") for suffix in FORMATS),
            writer.small("made/claims_figure.json"),
        ],
    )


def _stages_of_runs(writer: _Writer) -> Stages:
    """A stage for each kind of run that some experiment asks for."""
    asking = [one for one in writer.configuration.experiments.values() if one.asked_for()]
    runs = with_sources(run for one in asking for run in one.asked_for())
    # Of the runs' own tasks, planners and models alone.
    code: dict[str, list[str]] = {}
    for run in runs:
        code.setdefault(run.kind, []).extend(own_code_of(run))
        if isinstance(run, ModelBasedRun):
            task = run.task or run.agent
            code.setdefault("random_data", []).extend(code_of_random_data(task))
    kinds = set(code)
    before = {
        "random_data": (None, [writer.in_cache("data/random")]),
        "model_based": ("data/random", [writer.in_cache("models/model_based")]),
        "imitation": (
            "models/model_based",
            [writer.in_cache("data/expert"), writer.small("models/imitation")],
        ),
        "trpo": (
            "models/imitation" if "imitation" in kinds else None,
            [writer.small("models/trpo")],
        ),
    }
    found = {}
    for kind, (source, outs) in before.items():
        if kind == "random_data" and kind in kinds:
            curves = []
        elif kind in kinds:
            curves = [writer.small(f"runs/{kind}")]
        else:
            continue
        curves.append(writer.small(f"made/{kind}"))
        found[kind] = writer.stage(
            [f"all_{kind}"],
            code[kind],
            [
                *writer.deps_of(asking),
                f"workflow/rules/{kind}.smk",
                *([writer.made(source)] if source else []),
            ],
            RUN_PARAMS,
            [*curves, *outs],
        )
    return found


def _stage_of_experiment(writer: _Writer, experiment: Experiment[Any]) -> dict[str, Any]:
    """The stage of an experiment's tables and figures."""
    drawing, jobs = experiment.drawing(), experiment.tables()
    single = [job for job in jobs if not job.group]
    made = [path for job in single for path in job.outputs.values()]
    # By folder: which jobs there are, other agents or seeds change.
    groups = list(dict.fromkeys(job.group for job in jobs if job.group))
    code = [module for job in jobs for module in job.code] + list(drawing.code)
    inputs = [one for job in jobs for one in job.inputs.values() if isinstance(one, Files)]
    kinds = dict.fromkeys(run.kind for one in inputs for run in one.runs)
    deps = [f"runs/{kind}" for kind in kinds if kind != "divergence"]
    rules = ["workflow/rules/experiments.smk"]
    if "divergence" in kinds:
        # Predictions are short: no stage of their own.
        deps += ["data/random", "models/model_based"]
        rules.append("workflow/rules/divergence.smk")
        code += [
            module
            for one in inputs
            for run in one.runs
            if isinstance(run, OpenLoopRun)
            for module in own_code_of(run)
        ]
    # Whatever is not Dyna-Q may read seeds and agents, with runs or without.
    read = [{"config/config.yaml": ["dyna"]}] if experiment.name == "dyna" else RUN_PARAMS
    return writer.stage(
        # Tables by file: Snakemake would not miss one whose figure stands, and a rule that is
        # named is run for a lost benchmark, too.
        [
            experiment.name,
            *([f"all_{experiment.name}"] if groups else []),
            *map(writer.made, made),
        ],
        code,
        [
            *writer.deps_of([experiment]),
            *rules,
            str(drawing.notebook),
            *drawing.files.values(),
            *map(writer.made, deps),
        ],
        read,
        [
            *map(writer.small, made),
            *(
                writer.small(f"figures/{name}.{suffix}")
                for name in drawing.figures
                for suffix in FORMATS
            ),
            writer.small(f"notebooks/{experiment.name}.ipynb"),
            *(writer.small(f"made/{job.rule}.json") for job in single),
            writer.small(f"made/{experiment.name}.json"),
            *(
                writer.in_cache(f"{part}/{group}")
                if part == "data"
                else writer.small(f"{part}/{group}")
                for group in groups
                for part in [*_parts(jobs, group), "made"]
            ),
        ],
    )


def _parts(jobs: Sequence[Tables], group: str) -> list[str]:
    """Folders of a group's files below the results, such as runs."""
    outputs = [path for job in jobs if job.group == group for path in job.outputs.values()]
    return list(dict.fromkeys(Path(path).parts[0] for path in outputs))


def _stage_of_clips(writer: _Writer) -> dict[str, Any]:
    """The stage of all gait clips."""
    asking = [one for one in writer.configuration.experiments.values() if one.clips()]
    models = [writer.made(f"models/{kind}") for kind in ("imitation", "trpo")]
    return writer.stage(
        ["gaits"],
        [module for one in asking for run in one.clips().values() for module in code_of_clip(run)],
        [*writer.deps_of(asking), "workflow/rules/gaits.smk", *models],
        RUN_PARAMS,
        [writer.small("gaits"), writer.small("made/gaits")],
    )


def shown(scale: str, experiments: Mapping[str, Experiment[Any]]) -> dict[str, Any]:
    """What `dvc metrics` and `dvc plots` show of a scale, beside the stages.

    Numbers are the JSON files among an experiment's tables; curves are tables of runs as CSV.
    """
    up = "/".join(".." for _ in pipeline_file(scale).parent.parts)
    results = Path(up) / "results" / scale
    jobs = [
        job for experiment in experiments.values() for job in experiment.tables() if not job.group
    ]
    made = [(path, job) for job in jobs for path in job.outputs.values()]
    numbers = [
        path
        for path, job in made
        if path.endswith(".json") and not path.endswith("provenance.json")
    ]
    curves = [
        path
        for path, job in made
        if path.endswith(".csv")
        and any(isinstance(one, Files) and one.file == "curve" for one in job.inputs.values())
    ]
    axes = {"x": "env_steps", "y": "return", "template": "scatter"}
    return {
        "metrics": [(results / path).as_posix() for path in numbers],
        "plots": [{(results / path).as_posix(): axes} for path in curves],
    }


class _Dumper(yaml.SafeDumper):
    """Writes a list that stands twice twice, instead of as an alias."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def pipeline_text(scale: str, root: Path) -> str:
    """Content of the scale's dvc.yaml."""
    head = "# Written by `mbmf pipeline`; change src/mbmf/workflow/dvc_stages.py instead.\n"
    content = {"stages": stages(scale, root)} | shown(
        scale, configuration_at(scale, root).experiments
    )
    return head + yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=100)
