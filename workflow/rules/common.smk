"""The checkout that runs, the configuration, and one call at a time."""

import json
import os
import sys
from pathlib import Path

# The code that runs is this checkout's, here and in every job, whichever checkout the package
# was installed from: of a second clone, or of the copy that a queued DVC experiment runs in.
# The jobs' `mbmf` is the one of the Python that runs Snakemake.
ROOT = Path(workflow.basedir).resolve().parent
SOURCE = str(ROOT / "src")
PROJECT = ROOT / "pyproject.toml"
if not (PROJECT.is_file() and 'name = "mbmf"' in PROJECT.read_text("utf-8")):
    # A folder that `mbmf new` wrote: the code is that of the installed package.
    import mbmf

    SOURCE = str(Path(mbmf.__file__).resolve().parents[1])
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

from mbmf.base.surroundings import settle

# Nothing of the user's counts that could change a result or break a step, here or in a job: first
# of all, for libraries read their variables when they are loaded.
settle(os.environ)

from mbmf.workflow.checkout import refuse_read_only, why_no_commit
from mbmf.workflow.command_line_values import plain_values
from mbmf.workflow.configuration import check_configuration
from mbmf.base.errors import InputError
from mbmf.storage.equal_code import read_equal_code
from mbmf.workflow.job_lines import print_one_line_a_job
from mbmf.workflow.process_lifetimes import (
    end_jobs_on_signals,
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
    refuse_read_only(Path.cwd())
    overlays = list(workflow.config_settings.configfiles)
    bases = [path for path in workflow.configfiles if path not in overlays]
    layers = [
        (os.path.relpath(path), read_yaml(Path(path))) for path in bases + overlays
    ]
    layers.append(("--config", plain_values(dict(workflow.config_settings.config))))
    configuration = check_configuration(layers)
    read_equal_code()  # a damaged file is refused here, in one line
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
        end_jobs_on_signals()
        if why := why_no_commit(Path.cwd()):
            print(why, file=sys.stderr)
        remove_left_over(Path(RESULTS))
        remove_left_inputs()
        print_one_line_a_job(logger)
        progress = f"mbmf status --scale {configuration.scale} --watch"
        logger.info(
            f"One line for each job that finishes. {progress} shows those that run."
        )


RESULTS = f"results/{configuration.scale}"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
# What each job was asked for when it made its files.
MADE = f"{RESULTS}/made"
