"""The command line: `mbmf <step>`, one command for each step of the workflow.

The exit status is 0, 1 (the step failed, or a verdict changed) or 2 (wrong input, or a file that
this user may not read or write).
"""

from __future__ import annotations

import json
import os
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from safetensors import SafetensorError

import mbmf
from mbmf.base.errors import DrawingError, InputError, NonFiniteError, SimulationError, printable
from mbmf.workflow.checkout import refuse_other_package, require_checkout
from mbmf.workflow.process_lifetimes import end_with

if TYPE_CHECKING:
    from mbmf.agents import AgentSpec

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"mbmf {mbmf.__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[  # noqa: ARG001 (the callback handles it)
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="print the version and exit"
        ),
    ] = False,
) -> None:
    """Steps of the reproduction. The workflow calls them, and you can call them too."""
    refuse_other_package(Path.cwd())


Agent = Annotated[
    str, typer.Option(help="swimmer, half_cheetah, ..., or a name that you give to a --task")
]
Task = Annotated[
    str,
    typer.Option(
        help="name of a shipped task, or a Python file that binds TASK; the --agent if empty"
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="seed of all random streams of the run")]
Threads = Annotated[int, typer.Option(min=1, help="processor threads")]
Output = Annotated[Path, typer.Option(help="page to write")]
Scale = Annotated[str, typer.Option(help="paper, or an overlay in config/: quick, smoke, ...")]
JsonSettings = Annotated[
    str, typer.Option("--settings", help="the run's settings as JSON; keys as in config/")
]
ConfigFiles = Annotated[
    list[Path] | None,
    typer.Option("--configfile", help="overlay, as for Snakemake; replaces --scale"),
]


@app.command()
def random_data(
    agent: Agent,
    settings: JsonSettings,
    seed: Seed,
    output: Annotated[Path, typer.Option(help="file to write")],
    task: Task = "",
) -> None:
    """Roll out random actions (D_RAND)."""
    from mbmf.method.random_data import RandomDataSettings
    from mbmf.steps.random_data import write_random_data

    write_random_data(_agent(agent, task), _settings(RandomDataSettings, settings), seed, output)


@app.command()
def model_based(
    agent: Agent,
    settings: JsonSettings,
    seed: Seed,
    random_data: Annotated[Path, typer.Option(help="D_RAND, from `mbmf random-data`")],
    output: Annotated[Path, typer.Option(help="folder for curve and provenance")],
    models: Annotated[Path, typer.Option(help="folder for models and held-out rollouts")],
    threads: Threads = 1,
    device: Annotated[
        str, typer.Option(envvar="MBMF_DEVICE", help="cpu, cuda, cuda:1, ...")
    ] = "cpu",
    task: Task = "",
) -> None:
    """Run Algorithm 1. An interrupted run resumes from its checkpoint."""
    import torch

    from mbmf.base.progress import progress_bar
    from mbmf.method.algorithm_1 import ModelBasedSettings
    from mbmf.steps.model_based import run_model_based
    from mbmf.storage.run_progress import iterations

    torch.set_num_threads(threads)
    checked = _settings(ModelBasedSettings, settings)
    spec, device = _agent(agent, task), _device(device)
    with progress_bar(f"Algorithm 1, {spec.name}", partial(iterations, output)):
        run_model_based(spec, checked, seed, random_data, output, models, device)


@app.command()
def divergence(
    agent: Agent,
    models: Annotated[Path, typer.Option(help="folder of a finished run's models")],
    random_data: Annotated[Path, typer.Option(help="D_RAND of that run")],
    settings: JsonSettings,
    seed: Seed,
    steps: Annotated[int, typer.Option(min=1, help="length of the open-loop prediction")],
    starts: Annotated[int, typer.Option(min=1, help="start states in each set of rollouts")],
    errors: Annotated[Path, typer.Option(help="table of errors to write")],
    trajectory: Annotated[Path, typer.Option(help="table of one trajectory to write")],
    task: Task = "",
) -> None:
    """Compare open-loop predictions with true rollouts (Fig. 5)."""
    import torch

    from mbmf.method.random_data import RandomDataSettings
    from mbmf.steps.divergence import write_divergence

    torch.set_num_threads(1)
    checked = _settings(RandomDataSettings, settings)
    write_divergence(
        _agent(agent, task), models, random_data, checked, seed, steps, starts, errors, trajectory
    )


@app.command()
def dyna(
    settings: JsonSettings,
    episodes: Annotated[Path, typer.Option(help="table of steps per episode to write")],
    rewards: Annotated[Path, typer.Option(help="table of cumulative rewards to write")],
    provenance: Annotated[Path, typer.Option(help="provenance of the runs to write")],
) -> None:
    """Run tabular Dyna-Q, Dyna-Q+ and prioritised sweeping on the mazes."""
    from mbmf.dyna.settings import DynaSettings
    from mbmf.steps.dyna import write_dyna

    write_dyna(_settings(DynaSettings, settings), episodes, rewards, provenance)


@app.command()
def imitation(
    agent: Agent,
    settings: JsonSettings,
    seed: Seed,
    models: Annotated[
        Path, typer.Option(help="models of a finished run of Algorithm 1, with any layers")
    ],
    expert: Annotated[Path, typer.Option(help="the expert's rollouts to write")],
    output: Annotated[Path, typer.Option(help="folder for curve and provenance")],
    policy: Annotated[Path, typer.Option(help="policy to write")],
    task: Task = "",
) -> None:
    """Roll out the MPC expert and clone it (behaviour cloning, DAgger)."""
    import torch

    from mbmf.base.progress import progress_bar
    from mbmf.method.imitation import ImitationRunSettings
    from mbmf.steps.imitation import run_imitation
    from mbmf.storage.run_progress import iterations

    torch.set_num_threads(1)
    checked = _settings(ImitationRunSettings, settings)
    spec = _agent(agent, task)
    with progress_bar(f"imitation, {spec.name}", partial(iterations, output)):
        run_imitation(spec, checked, seed, models, expert, output, policy)


@app.command()
def trpo(
    agent: Agent,
    settings: JsonSettings,
    seed: Seed,
    output: Annotated[Path, typer.Option(help="folder for curve and provenance")],
    policy: Annotated[Path, typer.Option(help="policy to write")],
    start: Annotated[
        Path | None, typer.Option(help="imitation policy to start from; a random one if not given")
    ] = None,
    threads: Threads = 1,
    task: Task = "",
) -> None:
    """Train a policy with TRPO. An interrupted run resumes from its checkpoint."""
    import torch

    from mbmf.base.progress import progress_bar
    from mbmf.method.trpo import TrpoRunSettings
    from mbmf.steps.trpo import run_trpo
    from mbmf.storage.run_progress import iterations

    torch.set_num_threads(threads)
    checked = _settings(TrpoRunSettings, settings)
    spec = _agent(agent, task)
    with progress_bar(f"TRPO, {spec.name}", partial(iterations, output)):
        run_trpo(spec, checked, seed, start, output, policy, threads)


@app.command()
def tabulate(
    tables: Annotated[list[Path], typer.Argument(help="tables with the same columns")],
    output: Annotated[Path, typer.Option(help="table to write")],
    column: Annotated[
        list[str] | None, typer.Option(help="column to keep; by default all are kept")
    ] = None,
    optional: Annotated[
        list[str] | None,
        typer.Option(help="further column to keep, from the tables that have it"),
    ] = None,
    defaults: Annotated[
        str, typer.Option(help="value of a column in tables without it, as JSON")
    ] = "{}",
) -> None:
    """Concatenate the rows of several tables into one table."""
    from mbmf.storage.tables import concatenate

    concatenate(tables, output, column, optional or (), _json("--defaults", defaults))


@app.command()
def speedups(
    table: Annotated[Path, typer.Option(help="curves of Figure 7")],
    output: Annotated[Path, typer.Option(help="JSON file to write")],
) -> None:
    """Compute how many fewer steps model-based learning needs (Fig. 7)."""
    from mbmf.steps.speedups import write_speedups

    write_speedups(table, output)


@app.command()
def gait(
    agent: Agent,
    settings: JsonSettings,
    seed: Seed,
    models: Annotated[Path, typer.Option(help="models of a finished run of Algorithm 1")],
    imitation: Annotated[Path, typer.Option(help="policy from `mbmf imitation`")],
    trpo: Annotated[Path, typer.Option(help="policy from `mbmf trpo` that started from it")],
    output: Annotated[Path, typer.Option(help="clip to write, .webp")],
    task: Task = "",
) -> None:
    """Draw how an agent moves under random actions, MPC, imitation and TRPO."""
    from mbmf.agents.gl_backends import NEEDED, choose_backend, write_message

    if choose_backend() is None:
        # The rest of the workflow continues. The clip's picture says what is missing.
        print(NEEDED, file=sys.stderr)
        write_message(f"No clip: {NEEDED}; then run `snakemake --forcerun gait`.", output)
        return
    import torch

    from mbmf.method.imitation import ImitationRunSettings
    from mbmf.steps.draw_clip import write_gait

    torch.set_num_threads(1)
    checked = _settings(ImitationRunSettings, settings)
    policies = {"imitation": imitation, "TRPO from it (Mb-Mf)": trpo}
    write_gait(_agent(agent, task), checked, seed, models, policies, output)


@app.command()
def claims(
    scale: Scale = "paper",
    write: Annotated[
        bool, typer.Option("--write", help="write claims.json instead of comparing with it")
    ] = False,
) -> None:
    """Print the verdicts on the paper's claims; exit status 1 if one differs from claims.json."""
    from mbmf.steps.judge_claims import compare_verdicts, write_verdicts

    results = _results(scale)
    if write:
        # The file holds refused claims too, with the reason. The other claims are judged.
        for line in write_verdicts(results):
            print(line, file=sys.stderr)
        return
    changed, refused = compare_verdicts(results)
    for line in changed + refused:
        print(line, file=sys.stderr)
    if changed or refused:
        raise typer.Exit(2 if refused else 1)


@app.command()
def results(
    scale: Scale = "paper",
    into: Annotated[
        Path | None, typer.Option(help="file to write them to, between the scale's marks")
    ] = None,
) -> None:
    """Print the claims and our results as Markdown, or write them into docs/claims.md."""
    from mbmf.experiments.experiment import shown_tables
    from mbmf.steps.report_pages import results_text, write_between_marks
    from mbmf.workflow.overlays import configuration_of, overlays_of

    folder = _results(scale)
    experiments = configuration_of(overlays_of(scale, [])).experiments
    titles = {name: experiment.title for name, experiment in experiments.items()}
    text = results_text(folder, titles, shown_tables(experiments))
    if into is None:
        print(text, end="")
    else:
        write_between_marks(into, scale, text)


@app.command()
def claims_page(
    shown: Annotated[
        str, typer.Option(help="JSON: the experiment and the figure that show each table, by name")
    ],
    output: Output,
    scale: Scale = "paper",
) -> None:
    """Write the report's first page: a table of the verdicts, with links."""
    from mbmf.steps.report_pages import write_claims_page

    write_claims_page(_results(scale), _json("--shown", shown), output)


@app.command()
def notebook_page(
    notebook: Annotated[Path, typer.Option(help="executed notebook")],
    title: Annotated[str, typer.Option(help="title of the page")],
    output: Output,
) -> None:
    """Write an executed notebook as a page of the report."""
    from mbmf.steps.report_pages import write_notebook_page

    write_notebook_page(notebook, title, output)


@app.command()
def runs_page(
    title: Annotated[str, typer.Option(help="title of the experiment")],
    settings: Annotated[str, typer.Option(help="its section of the configuration, as JSON")],
    output: Output,
    provenance: Annotated[
        list[Path] | None,
        typer.Argument(help="provenance of each run; its curve is in the same folder"),
    ] = None,
    job: Annotated[
        Path | None, typer.Option(help="provenance of the one job that made all runs")
    ] = None,
    scale: Scale = "paper",
) -> None:
    """Write a page of the runs behind a figure: configuration, provenance, wall-clock time."""
    from mbmf.steps.report_pages import write_runs_page

    content = _json("--settings", settings)
    write_runs_page(title, scale, content, provenance or [], job, output)


@app.command()
def notebook(
    notebook: Annotated[Path, typer.Argument(help="notebook to execute")],
    output: Annotated[Path, typer.Argument(help="executed notebook to write")],
    parameters: Annotated[str, typer.Option(help="parameters of the notebook, as JSON")] = "{}",
) -> None:
    """Execute a notebook. The rules that draw figures call this."""
    from mbmf.report.execute_notebook import execute_notebook

    if not notebook.is_file():
        raise InputError(f"{notebook}: no such file")
    execute_notebook(notebook, output, _json("--parameters", parameters))


@app.command()
def status(
    scale: Scale = "paper",
    configfile: ConfigFiles = None,
    cores: Annotated[
        int | None, typer.Option(min=1, help="cores to assume; by default all of this machine")
    ] = None,
) -> None:
    """Show what is done, running, failed or missing, and how long the rest takes."""
    from mbmf.workflow.dag import read_dag
    from mbmf.workflow.overlays import configuration_of, overlays_of
    from mbmf.workflow.status import report

    overlays = overlays_of(scale, configfile or [])
    results = Path("results") / configuration_of(overlays).scale
    print(report(read_dag(results, overlays), cores or os.cpu_count() or 1))


@app.command()
def prune(
    scale: Scale = "paper",
    configfile: ConfigFiles = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="delete the files; by default they are only listed")
    ] = False,
) -> None:
    """List files of a scale that no run needs any more: old runs, their data and models."""
    from mbmf.workflow.dag import read_dag
    from mbmf.workflow.overlays import configuration_of, overlays_of
    from mbmf.workflow.process_lifetimes import hold_alone
    from mbmf.workflow.prune import remove, size, surplus

    overlays = overlays_of(scale, configfile or [])
    scale = configuration_of(overlays).scale
    results = Path("results") / scale
    if not results.is_dir():
        print(f"{results}: no such folder, so there is nothing to prune", file=sys.stderr)
        return
    # The lock makes sure that no job is writing or reading.
    lock = hold_alone(Path(f".snakemake/{scale}.lock")) if delete else None
    for path in surplus(read_dag(results, overlays)):
        print(f"{path}  {size(path) / 1e6:.1f} MB")
        if delete:
            remove(path)
    if lock:
        lock.close()


@app.command()
def equivalent(
    since: Annotated[str, typer.Option(help="commit whose finished runs you want to keep")],
    until: Annotated[str, typer.Option(help="commit to compare it with")] = "HEAD",
    scale: Annotated[
        str, typer.Option(help="overlay in config/ of both commits, whose results are compared")
    ] = "smoke",
    cores: Annotated[
        int | None, typer.Option(min=1, help="cores for Snakemake; by default all of this machine")
    ] = None,
) -> None:
    """Compare the results of the code of two commits, and record their code as equal if they agree.

    The exit status is 1 if a file differs. Finished runs of equal code stay up to date.
    """
    from mbmf.workflow.equivalent.record import equivalent as compare_commits
    from mbmf.workflow.process_lifetimes import hold_alone

    require_checkout(Path.cwd())
    with hold_alone(Path(".snakemake/equivalent.lock")):
        comparison = compare_commits(since, until, scale, cores or os.cpu_count() or 1)
    for line in comparison.remarks():
        print(line)
    if comparison.difference:
        print(comparison.difference, file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def pipeline() -> None:
    """Write dvc.yaml of each scale in the repository's root."""
    from mbmf.storage.atomic_files import write_text
    from mbmf.workflow.dvc_stages import SCALES, pipeline_file, pipeline_text

    require_checkout(Path.cwd())
    for scale in SCALES:
        write_text(pipeline_file(scale), pipeline_text(scale, Path.cwd()))


def _agent(name: str, task: str) -> AgentSpec:
    from mbmf.agents import AGENTS, get_agent

    if not task and name not in AGENTS:
        raise InputError(
            f"--agent {printable(name)}: unknown agent; should be one of {', '.join(AGENTS)}, or "
            "have a --task"
        )
    return get_agent(task or name, name)


def _results(scale: str) -> Path:
    """Folder of a scale's results."""
    results = Path("results") / scale
    if not re.fullmatch(r"[a-z][a-z0-9_]*", scale) or not results.is_dir():
        raise InputError(
            f"--scale {printable(scale)}: there is no folder {printable(results)} here; "
            "the workflow makes it"
        )
    return results


def _settings(kind: Any, text: str) -> Any:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        problems = [
            f"--settings: {'.'.join(map(printable, details['loc'])) or 'JSON'}: {details['msg']}"
            for details in error.errors()
        ]
        raise InputError("\n".join(problems)) from None


def _json(option: str, text: str) -> dict[str, Any]:
    """The mapping that an option holds as JSON."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise InputError(f"{option}: should be JSON ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{option}: should be a JSON object")
    return content


def _device(name: str) -> str:
    import torch

    try:
        torch.zeros(1, device=name).item()
        # TF32 is off by default, but a variable of NVIDIA's images switches it on. Results would
        # then differ.
        torch.backends.cuda.matmul.allow_tf32 = False
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"--device {printable(name)}: not available on this machine ({reason})"
        ) from None
    return name


def _denied(error: PermissionError) -> str:
    """One line on a file or folder that this user may not read or write."""
    if not isinstance(error.filename, str):
        return str(error)
    path = Path(error.filename).absolute()
    # The name of a temporary file means nothing to the user, so its folder is shown.
    shown = path.parent if path.name.startswith(".") else path
    return f"{shown}: {error.strerror}; this user needs permission to read and write there"


def main() -> None:
    """Entry point of `mbmf`. It prints one line for an error that the user can fix."""
    if "MBMF_END_WITH" in os.environ:
        end_with(int(os.environ["MBMF_END_WITH"]))
    try:
        app()
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except (DrawingError, NonFiniteError, SimulationError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        os._exit(1)
    except PermissionError as error:
        print(_denied(error), file=sys.stderr)
        sys.exit(2)
    except (OSError, SafetensorError) as error:
        # For example a folder that cannot be written, or a full disk. The system's message is one
        # line.
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
