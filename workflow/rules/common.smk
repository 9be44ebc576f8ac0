"""Configuration, the table of runs, and the paths that follow from it."""

import json
import os
import sys
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

from mbmf.experiments import runs as experiments
from mbmf.workflow.checkout import level_times
from mbmf.workflow.command_line_values import plain_values
from mbmf.workflow.configuration import check_configuration
from mbmf.base.errors import InputError
from mbmf.storage.code_digest import code_digest
from mbmf.storage.equal_code import read_equal_code
from mbmf.storage.finished_runs import is_made_by
from mbmf.workflow.process_lifetimes import (
    end_jobs_on_sigterm,
    end_with_dvc,
    hold_alone,
    remove_checkpoints,
    remove_left_over,
)
from mbmf.workflow.slurm_queue import cancel_left_over
from mbmf.workflow.snakemake_records import on_record
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
    read_equal_code()  # a damaged one is told here, in one line
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

FORMATS = ["svg", "pdf", "png"]


def figure_files(name, caption, group):
    """The files of a figure; its SVG stands in the report."""
    shown = report(
        f"{RESULTS}/figures/{name}.svg",
        caption=f"../report/{caption}.rst",
        category=experiments.FIGURE_TITLES[group],
        labels={"what": name.replace("_", " ").capitalize()},
    )
    return [shown, *(f"{RESULTS}/figures/{name}.{suffix}" for suffix in FORMATS[1:])]


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


def space_of(runs):
    """Paths of runs: their parameters stand in them, as one wildcard."""
    return Paramspace(experiments.table_of_runs(runs), single_wildcard="run")


def path_of(run):
    """The wildcard of one run."""
    return next(iter(space_of([run]).instance_patterns))


def by_path(runs):
    """Runs by the wildcard that names them."""
    return dict(zip(space_of(runs).instance_patterns, runs))


MODEL_BASED_RUNS = experiments.model_based_runs(configuration)
IMITATION_RUNS = experiments.imitation_runs(configuration)
TRPO_RUNS = experiments.trpo_runs(configuration)
RUN_OF = by_path(MODEL_BASED_RUNS)
IMITATION_RUN_OF = by_path(IMITATION_RUNS)
TRPO_RUN_OF = by_path(TRPO_RUNS)


def outputs_of(runs, pattern):
    """Files of some runs, from a pattern with the wildcard `run`."""
    return expand(pattern, run=space_of(runs).instance_patterns)


MODEL_BASED_CODE = code_digest("mbmf.steps.model_based")
IMITATION_CODE = code_digest("mbmf.steps.imitation")  # imports the step above
TRPO_CODE = {
    "random": code_digest("mbmf.steps.trpo"),
    "imitation": code_digest("mbmf.steps.trpo", "mbmf.steps.imitation"),
}


def from_finished(kind, run, code, path):
    """An input that a finished run of the present code does not look back at.

    Such a run stands though its data or models be made anew, as in a fresh clone. Where they
    are made anew for a change of the code, the run is: Snakemake looks at a job's own reasons
    no more once a job before it has one, and would overlook it were its input ancient.
    """
    folder = Path(f"{RESULTS}/runs/{kind}/{path_of(run)}")
    return ancient(path) if is_made_by(folder, code) else path


def random_data_input(wildcards):
    """D_RAND of a run of Algorithm 1."""
    run = RUN_OF[wildcards.run]
    return from_finished("model_based", run, MODEL_BASED_CODE, random_data_of(run))


def models_input(wildcards):
    """Models that an imitation run plans with."""
    run = IMITATION_RUN_OF[wildcards.run]
    models = rules.model_based.output.models.format(run=path_of(run.source))
    return from_finished("imitation", run, IMITATION_CODE, models)


def start_input(wildcards):
    """The imitation policy that a run starts from; none for a random one."""
    run = TRPO_RUN_OF[wildcards.run]
    if run.start is None:
        return []
    policy = rules.imitation.output.policy.format(run=path_of(run.start))
    return from_finished("trpo", run, TRPO_CODE["imitation"], policy)


wildcard_constraints:
    group="figure_[567]|dyna",
    run="agent~.+/seed~[0-9]+",
    agent="[a-z_]+",
    rollouts="[0-9]+",
    validation_rollouts="[0-9]+",
    steps="[0-9]+",
    seed="[0-9]+",
