"""What is asked of each job, beside what its record says: whether it is to be made anew."""

from functools import cache

from snakemake.iocontainers import Wildcards

from mbmf.storage.job_records import difference
from mbmf.workflow.asked import newer_input, remove_left_inputs
from mbmf.workflow.snakemake_records import recorded_outputs

ASKS = Asks(configuration)
PAGE_FILES = {
    "claims_page": ["config/claims.yaml", "workflow/report/claims.html.j2"],
    "notebook_page": [
        "workflow/report/notebook.html.j2",
        "workflow/report/head.html.j2",
    ],
    "runs_page": ["workflow/report/runs.html.j2", "workflow/report/head.html.j2"],
}
# Files of jobs that were killed: Snakemake makes them anew, whatever their records say.
BEGUN = frozenset(name for name, _ in recorded_outputs(Path(".snakemake/incomplete")))
# Inputs of a rule's jobs, as `needed` is told them.
NEEDED = {}
# By rule: what is asked of its job with these wildcards.
ASKED = {
    "random_data": lambda wildcards: ASKS.random_data(
        wildcards.agent,
        json.loads(random_data_settings(wildcards)),
        int(wildcards.seed),
    ),
    "model_based": lambda wildcards: ASKS.run(RUN_OF["model_based"][wildcards.run]),
    "imitation": lambda wildcards: ASKS.run(RUN_OF["imitation"][wildcards.run]),
    "trpo": lambda wildcards: ASKS.run(RUN_OF["trpo"][wildcards.run]),
    "divergence": lambda wildcards: ASKS.run(RUN_OF["divergence"][wildcards.run]),
    "gait": lambda wildcards: ASKS.clip(shown_in_clip(wildcards)),
    "claims": lambda wildcards: ASKS.claims(),
    "claims_figure": lambda wildcards: ASKS.claims_figure(),
    "claims_page": lambda wildcards: ASKS.claims_page(PAGE_FILES["claims_page"]),
    "notebook_page": lambda wildcards: ASKS.notebook_page(
        wildcards.experiment, PAGE_FILES["notebook_page"]
    ),
    "runs_page": lambda wildcards: ASKS.runs_page(
        wildcards.experiment, PAGE_FILES["runs_page"]
    ),
}


def ask(experiment):
    """Add the jobs of an experiment to what is asked."""
    ASKED[experiment.name] = lambda wildcards: ASKS.drawing(experiment)
    for job in experiment.tables():
        ASKED[job.rule] = lambda wildcards, job=job: ASKS.tables(experiment, job)


def needed(rule, files):
    """An input function: files, or what a function of the wildcards gives.

    They are ancient, for Snakemake not to look at times, where the job's record is what is
    asked, and where the job has made nothing, as in a clone: it runs when its files are needed.
    Else they are as usual, and also where a job before it is to run: what rests on a job that
    runs, behind an ancient input, Snakemake would overlook, even if it is missing.

    A finished job has no input that a clone lacks, such as D_RAND. Some other job may need this
    input and make it, and then Snakemake would run the finished job, too.
    """
    NEEDED.setdefault(rule, []).append(files)

    def found(wildcards):
        paths = of_wildcards(files, wildcards)
        made = files_made(rule, wildcards)
        if made and rests(rule, wildcards) and not runs_again(rule, wildcards):
            lacking = [path for path in listed(paths) if not Path(path).exists()]
            ignored = set(lacking).difference(kept_by_git(lacking))
            return ancient([path for path in listed(paths) if path not in ignored])
        changed = made and difference_of(rule, wildcards)
        as_usual = changed or not all(map(stands, listed(paths)))
        return paths if as_usual else ancient(paths)

    return found


def runs_again(rule, wildcards):
    """Whether a finished job may run again: one of its files is missing and needed.

    With options that choose among the jobs, or force them, any may.
    """
    settings = workflow.dag_settings
    scheduling = workflow.scheduling_settings
    chosen = [
        settings.forceall,
        settings.forcetargets,
        settings.forcerun,
        settings.until,
        settings.omit_from,
        settings.batch,
        scheduling and scheduling.prioritytargets,
    ]
    if any(chosen) or not workflow.is_main_process:
        return True
    return any(
        path.apply_wildcards(wildcards) in missing_files() for path in products(rule)
    )


@cache
def missing_files():
    """Files that are missing and that the targets need, or a job that is to run for them."""
    found = set()
    paths = [path for target in asked_targets() for path in files_of_target(target)]
    seen = set(paths)
    while paths:
        path = paths.pop()
        there = Path(path).exists()
        if not there:
            found.add(path)
        maker = maker_of(path)
        if maker is None or (there and stands(path)):
            continue
        new = set(inputs_of_job(*maker)) - seen
        paths += new
        seen |= new
    return found


def asked_targets():
    """Rules and files that this call is asked for."""
    return workflow.dag_settings.targets or [workflow.default_target]


def files_of_target(target):
    """A file, or the files that Snakemake asks of a rule."""
    if not workflow.is_rule(target):
        return [os.path.relpath(target)]
    named = workflow.get_rule(target)
    if named.has_wildcards():
        return []
    paths = products(target) if named.output else named.input
    return [str(path) for path in paths if not callable(path)]


def products(rule):
    """Outputs of a rule, and its benchmark, which a target that is a rule asks for, too."""
    named = workflow.get_rule(rule)
    return [*named.output, *([named.benchmark] if named.benchmark else [])]


def inputs_of_job(rule, wildcards):
    """All files that a job is told to need."""
    return [
        path
        for files in NEEDED.get(rule, [])
        for path in listed(of_wildcards(files, wildcards))
    ]


def of_wildcards(files, wildcards):
    """Files, or what a function of the wildcards gives."""
    return files(wildcards) if callable(files) else files


def listed(paths):
    """One path, or several, as a list."""
    return [paths] if isinstance(paths, str) else paths


@cache
def stands(path):
    """Whether a file stays as it is: neither the job that makes it is to run, nor one before it."""
    maker = maker_of(path)
    if maker is None:
        return True
    return rests(*maker)


def rests(rule, wildcards):
    """Whether a job is not to be made anew, nor one before it."""
    return _rests(rule, tuple(wildcards.items()))


@cache
def _rests(rule, values):
    wildcards = Wildcards(fromdict=dict(values))
    made = files_made(rule, wildcards)
    if any(str(one) in BEGUN for one in made):
        return False
    if made and difference_of(rule, wildcards):
        return False
    return all(map(stands, inputs_of_job(rule, wildcards)))


@cache
def maker_of(path):
    """Rule and wildcards of the job that makes a file; None for a file of the repository."""
    for name in ASKED:
        for pattern in products(name):
            if found := pattern.match(path):
                return name, Wildcards(fromdict=found.groupdict())
    return None


def changed(rule):
    """An input function: nothing, or what is newer than a file that the job has made.

    So a job is made anew whose record is not what is asked, whichever of its files is the target.
    """

    def found(wildcards):
        what = difference_of(rule, wildcards)
        made = files_made(rule, wildcards) if what else []
        # A job that has made nothing yet runs when its files are asked for.
        return newer_input(what, made) if made else []

    return found


def code_of_job(rule):
    """A parameter: digest of the code of the job itself."""
    return lambda wildcards: asked_of(rule, wildcards).code[rule][0]


def record_of(rule):
    """A parameter: what the job writes down when it has made its files."""
    return lambda wildcards: asked_of(rule, wildcards).text()


def asked_of(rule, wildcards):
    """What is asked of a job."""
    return _asked(rule, tuple(wildcards.items()))


# Snakemake asks for the inputs and parameters of a job many times.
@cache
def _asked(rule, wildcards):
    return ASKED[rule](Wildcards(fromdict=dict(wildcards)))


def difference_of(rule, wildcards):
    """What differs first between a job's record and what is asked of it; None if nothing does."""
    return _difference(rule, tuple(wildcards.items()))


@cache
def _difference(rule, wildcards):
    named = dict(wildcards)
    output = getattr(rules, rule).output
    path, *provenance = (
        Path(getattr(output, name).format(**named))
        for name in ("made", "provenance")
        if name in output.keys()
    )
    return difference(
        path,
        _asked(rule, wildcards),
        provenance=next(iter(provenance), None),
    )


def files_made(rule, wildcards):
    """The files of a job that are there."""
    paths = (
        Path(path.format(**dict(wildcards.items())))
        for path in getattr(rules, rule).output
    )
    return [path for path in paths if path.exists()]
