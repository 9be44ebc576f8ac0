"""Paths, input functions and parameters: from what the experiments ask for to files."""

import shlex
from itertools import groupby

from snakemake.utils import Paramspace
from snakemake.utils import format as filled

from mbmf.experiments.experiment import shown_clips, shown_tables
from mbmf.experiments.runs import table_of_runs, with_sources
from mbmf.workflow.asked import Asks, provenance_of
from mbmf.workflow.claimed_tables import tables_asked_for


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
    """A file of each run, by the name that its output has."""
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


def start_of(wildcards):
    """The imitation policy that a run of TRPO starts from; none for a random one."""
    run = RUN_OF["trpo"][wildcards.run]
    return files_of([run.start], "policy") if run.start else []


def predicting(wildcards):
    """The predictions that a path names."""
    return RUN_OF["divergence"][wildcards.run]


# The last run that each clip shows, and the experiment that it is of.
CLIP_OF = {
    name: (run, experiment)
    for experiment in EXPERIMENTS.values()
    for name, run in experiment.clips().items()
}


def shown_in_clip(wildcards):
    """TRPO from an imitation policy, which tells the runs before it."""
    return CLIP_OF[wildcards.clip][0]


CLAIMS = "config/claims.yaml"


def claimed_tables():
    """The tables of this scale that some claim is about."""
    try:
        asked = tables_asked_for(read_yaml(Path(CLAIMS)), EXPERIMENTS)
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    return [f"{RESULTS}/{path}" for path in asked]


def jobs_provenance(name):
    """Provenance that an experiment's own job wrote, where it has no runs."""
    jobs = EXPERIMENTS[name].tables()
    return [f"{RESULTS}/{path}" for job in jobs for path in provenance_of(job)]


FORMATS = ["svg", "pdf", "png"]


def in_results(paths):
    """Paths below the results, by name."""
    return {name: f"{RESULTS}/{path}" for name, path in paths.items()}


# Folders that git ignores at paper scale, so that a clone of finished results lacks them.
IGNORED = tuple(
    f"{RESULTS}/{part}/" for part in ("data", "divergence", "models/model_based")
)


def kept_by_git(paths):
    """Those that a clone has of a finished job."""
    return [path for path in paths if not path.startswith(IGNORED)]


def inputs_of(job):
    """Input files of a job that makes tables, by name."""
    files = {
        name: (
            f"{RESULTS}/{one}" if isinstance(one, str) else files_of(one.runs, one.file)
        )
        for name, one in job.inputs.items()
    }
    return {name: needed(job.rule, paths) for name, paths in files.items()}


def shown_in_report(experiment, job):
    """Outputs of a job that makes tables, by name; the report shows clips."""
    outputs = in_results(job.outputs)
    for name, path in outputs.items():
        if path.endswith(".webp"):
            what = Path(path).stem.replace("_", " ").capitalize()
            shown = report(
                path,
                caption="../report/path_clip.rst",
                category=experiment.title,
                labels={"what": f"Paths: {what}"},
            )
            outputs[name] = shown
    return outputs


def command_of(job):
    """Of a job that makes tables; filled in when its files are known."""
    return lambda wildcards, input, output: filled(
        job.command, input=input, output=output, settings=job.settings
    )


def figure_files(experiment, name, caption):
    """The files of a figure; its SVG stands in the report."""
    shown = report(
        f"{RESULTS}/figures/{name}.svg",
        caption=f"../report/{caption}.rst",
        category=experiment.title,
        labels={"what": name.replace("_", " ").capitalize()},
    )
    return [shown, *(f"{RESULTS}/figures/{name}.{suffix}" for suffix in FORMATS[1:])]


def parameters_of(drawing):
    """Of the notebook that draws. A function, for Snakemake fills in braces of a text."""
    content = {
        **in_results(drawing.tables),
        **drawing.files,
        **drawing.parameters,
        "scale": configuration.scale,
        "folder": f"{RESULTS}/figures",
    }
    return lambda wildcards: json.dumps(content)


def refuse_taken_names(experiment):
    """Refuse an experiment, or table, that is called as another target."""
    names = [job.rule for job in experiment.tables()]
    for name in [experiment.name, *names]:
        if name == "all" or workflow.is_rule(name):
            taken = f"{name} is a target of the workflow; give the section another name"
            print(f"figures.{experiment.name}: {taken}", file=sys.stderr)
            sys.exit(2)


wildcard_constraints:
    experiment="|".join(EXPERIMENTS),
    run="(experiment~[a-z0-9_]+/)?agent~.+/seed~[0-9]+",
    agent="[a-z][a-z0-9_]*",
    rollouts="[0-9]+",
    validation_rollouts="[0-9]+",
    steps="[0-9]+",
    seed="[0-9]+",
