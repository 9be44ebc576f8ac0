"""Configuration, the table of runs, and the paths that follow from it."""

import json
import os
import shlex
import sys
from itertools import groupby
from pathlib import Path

from snakemake.utils import Paramspace

# The code that runs is this checkout's, here and in every job, whichever checkout the package
# was installed from: of a second clone, or of the copy that a queued DVC experiment runs in.
# The jobs' `mbmf` is the one of the Python that runs Snakemake.
SOURCE = str(Path(workflow.basedir).resolve().parent / "src")
for variable, first in (
    ("PYTHONPATH", SOURCE),
    ("PATH", os.path.dirname(sys.executable)),
):
    others = [path for path in os.environ.get(variable, "").split(os.pathsep) if path]
    os.environ[variable] = os.pathsep.join(dict.fromkeys([first, *others]))
sys.path.insert(0, SOURCE)

import mbmf

if Path(SOURCE) not in Path(mbmf.__file__).resolve().parents:
    print(
        f"{SOURCE}/mbmf: not the package that runs, which is {Path(mbmf.__file__).parent}; "
        "restore it (git restore src), or run Snakemake in a process that has not loaded the other",
        file=sys.stderr,
    )
    sys.exit(2)

from mbmf.experiments.experiment import shown_tables
from mbmf.experiments.run_code import code_of, code_of_clip, code_of_random_data
from mbmf.experiments.runs import table_of_runs, with_sources
from mbmf.workflow.checkout import level_times
from mbmf.workflow.claimed_tables import tables_asked_for
from mbmf.workflow.command_line_values import plain_values
from mbmf.workflow.configuration import check_configuration
from mbmf.base.errors import InputError
from mbmf.storage.code_digest import code_digest
from mbmf.storage.finished_runs import made_by
from mbmf.workflow.process_lifetimes import (
    end_jobs_on_sigterm,
    end_with_dvc,
    hold_alone,
    remove_checkpoints,
    remove_left_over,
)
from mbmf.workflow.slurm_queue import cancel_left_over
from mbmf.storage.yaml_files import read_yaml

# One thread in each process, whatever the libraries think of the machine: Snakemake
# runs as many of them as there are cores.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

# Where there are places on a GPU (profiles/gpu), Algorithm 1 runs there.
if "gpu" in workflow.global_resources:
    os.environ.setdefault("MBMF_DEVICE", "cuda")

# A job ends with the Snakemake that started it, and that with its DVC.
os.environ.update(MBMF_END_WITH=str(os.getpid()))

try:
    overlays = list(workflow.config_settings.configfiles)
    bases = [path for path in workflow.configfiles if path not in overlays]
    layers = [
        (os.path.relpath(path), read_yaml(Path(path))) for path in bases + overlays
    ]
    layers.append(("--config", plain_values(dict(workflow.config_settings.config))))
    configuration = check_configuration(layers)
except InputError as error:
    print(error, file=sys.stderr)
    sys.exit(2)


def start_alone():
    """One call at a time on a scale's results. A lock of the system, gone with its process."""
    if workflow.is_main_process:
        end_with_dvc()
        # Jobs in Slurm's queue do not name their scale: one call at a time of all of them.
        on_slurm = workflow.executor_plugin.name == "slurm"
        names = [configuration.scale, *(["slurm"] if on_slurm else [])]
        try:
            globals()["ALONE"] = [
                hold_alone(Path(f".snakemake/{name}.lock")) for name in names
            ]
            if on_slurm:
                cancel_left_over(Path.cwd())
        except InputError as error:
            print(error, file=sys.stderr)
            os._exit(2)
        end_jobs_on_sigterm()
        remove_left_over(Path(RESULTS))


RESULTS = f"results/{configuration.scale}"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"

# The first call in a clone: Snakemake, which goes by file times, would draw figures anew.
if workflow.is_main_process and not Path(".snakemake/metadata").exists():
    level_times(
        Path.cwd(),
        RESULTS,
        "workflow/notebooks",
        "config/claims.yaml",
        "config/authors_plots.yaml",
        pulled=(f"{RESULTS}/data", f"{RESULTS}/models"),
    )


def agent_options(agent, task):
    """An agent as the command line takes it, with its task where that is called otherwise."""
    return agent if task in ("", agent) else f"{agent} --task {shlex.quote(task)}"


def random_data_file(agent, rollouts, validation_rollouts, steps, seed):
    """Where D_RAND of an agent and seed lies."""
    return (
        f"{RESULTS}/data/random/agent~{agent}/rollouts~{rollouts}/"
        f"validation_rollouts~{validation_rollouts}/steps~{steps}/seed~{seed}.safetensors"
    )


def random_data_settings(wildcards):
    """Settings of D_RAND, from its path."""
    return json.dumps(
        {
            "rollouts": int(wildcards.rollouts),
            "validation_rollouts": int(wildcards.validation_rollouts),
            "steps": int(wildcards.steps),
        }
    )


def random_data_of(run):
    """D_RAND that a run learns from."""
    data = run.settings.random_data
    return random_data_file(
        run.agent, data.rollouts, data.validation_rollouts, data.steps, run.seed
    )


def paths_of(runs):
    """The wildcard of each run: its parameters, as Paramspace writes them."""
    return [
        path
        for _, alike in groupby(runs, key=lambda run: tuple(run.wildcards))
        for path in Paramspace(
            table_of_runs(list(alike)), single_wildcard="run"
        ).instance_patterns
    ]


def path_of(run):
    """The wildcard of one run."""
    return paths_of([run])[0]


def files_of(runs, file):
    """A file of each run, by the name that the rule of its kind gives it."""
    patterns = [getattr(getattr(rules, run.kind).output, file) for run in runs]
    return [pattern.format(run=path) for pattern, path in zip(patterns, paths_of(runs))]


EXPERIMENTS = configuration.experiments
ALL_RUNS = with_sources(
    run for experiment in EXPERIMENTS.values() for run in experiment.asked_for()
)
# The runs of each kind, by the wildcard that names them.
RUN_OF = {
    kind: {
        path: run for path, run in zip(paths_of(ALL_RUNS), ALL_RUNS) if run.kind == kind
    }
    for kind in ("model_based", "imitation", "trpo", "divergence")
}


def digest_of(kind):
    """Digest of the code of a run of one kind, from its wildcard."""
    return lambda wildcards: code_digest(*code_of(RUN_OF[kind][wildcards.run]))


def from_finished(run, path):
    """An input that a finished run of the present code does not look back at.

    Such a run stands though its data or models be made anew, as in a fresh clone. Where they
    are made anew for a change of the code, the run is: Snakemake looks at a job's own reasons
    no more once a job before it has one, and would overlook it were its input ancient.
    """
    folder = Path(f"{RESULTS}/runs/{run.kind}/{path_of(run)}")
    return ancient(path) if made_by(folder) == code_digest(*code_of(run)) else path


def random_data_input(wildcards):
    """D_RAND of a run of Algorithm 1."""
    run = RUN_OF["model_based"][wildcards.run]
    return from_finished(run, random_data_of(run))


def models_input(wildcards):
    """Models that an imitation run plans with."""
    run = RUN_OF["imitation"][wildcards.run]
    models = rules.model_based.output.models.format(run=path_of(run.source))
    return from_finished(run, models)


def start_input(wildcards):
    """The imitation policy that a run starts from; none for a random one."""
    run = RUN_OF["trpo"][wildcards.run]
    if run.start is None:
        return []
    policy = rules.imitation.output.policy.format(run=path_of(run.start))
    return from_finished(run, policy)


wildcard_constraints:
    experiment="|".join(EXPERIMENTS),
    run="(experiment~[a-z0-9_]+/)?agent~.+/seed~[0-9]+",
    agent="[a-z][a-z0-9_]*",
    rollouts="[0-9]+",
    validation_rollouts="[0-9]+",
    steps="[0-9]+",
    seed="[0-9]+",
