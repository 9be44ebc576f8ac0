"""Configuration, the table of runs, and the paths that follow from it."""

import json
import os
import sys
from pathlib import Path

from snakemake.utils import Paramspace

from mbmf import experiments
from mbmf.configuration import check_configuration
from mbmf.errors import InputError
from mbmf.fingerprint import code_digest
from mbmf.jobs import IMITATION_STEPS, MODEL_BASED_STEPS, RANDOM_DATA_STEPS
from mbmf.processes import end_with_dvc, hold_alone
from mbmf.yaml_files import read_yaml

# One thread in each process, whatever the libraries think of the machine: Snakemake
# runs as many of them as there are cores.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

# A job ends with the Snakemake that started it, and that with its DVC.
os.environ.update(MBMF_END_WITH=str(os.getpid()))

try:
    overlays = list(workflow.config_settings.configfiles)
    bases = [path for path in workflow.configfiles if path not in overlays]
    layers = [
        (os.path.relpath(path), read_yaml(Path(path))) for path in bases + overlays
    ]
    layers.append(("--config", dict(workflow.config_settings.config)))
    configuration = check_configuration(layers)
except InputError as error:
    print(error, file=sys.stderr)
    sys.exit(2)


def start_alone():
    """One call at a time on a scale's results. A lock of the system, gone with its process."""
    if workflow.is_main_process:
        try:
            globals()["ALONE"] = hold_alone(
                Path(f".snakemake/{configuration.scale}.lock")
            )
        except InputError as error:
            print(error, file=sys.stderr)
            os._exit(2)
        end_with_dvc()


RESULTS = f"results/{configuration.scale}"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
FORMATS = ["svg", "pdf", "png"]

# What made them stands in the paths of data and models, which git does not keep: after a
# change of the code they are missing, and so is made anew all that rests on them, in one call.
# (Of two stale jobs in a row Snakemake overlooks the second where its input is ancient.)
RANDOM_DATA = f"{RESULTS}/data/random/code~{code_digest(*RANDOM_DATA_STEPS)}"
EXPERT_DATA = f"{RESULTS}/data/expert/code~{code_digest(*IMITATION_STEPS)}"
MODELS = f"{RESULTS}/models/model_based/code~{code_digest(*MODEL_BASED_STEPS)}"
IMITATION_POLICIES = f"{RESULTS}/models/imitation/code~{code_digest(*IMITATION_STEPS)}"


def random_data_file(agent, rollouts, validation_rollouts, steps, seed):
    """Where D_RAND of an agent and seed lies."""
    return (
        f"{RANDOM_DATA}/agent~{agent}/rollouts~{rollouts}/"
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


def start_of(wildcards):
    """The imitation policy that a run starts from; none for a random one."""
    start = TRPO_RUN_OF[wildcards.run].start
    return [rules.imitation.output.policy.format(run=path_of(start))] if start else []


wildcard_constraints:
    run="agent~.+/seed~[0-9]+",
    agent="[a-z_]+",
    rollouts="[0-9]+",
    validation_rollouts="[0-9]+",
    steps="[0-9]+",
    seed="[0-9]+",
