"""Tables and figures of each experiment, as its file in `mbmf.experiments` declares them."""

from snakemake.utils import format as filled

FORMATS = ["svg", "pdf", "png"]


def in_results(paths):
    """Paths below the results, by name."""
    return {name: f"{RESULTS}/{path}" for name, path in paths.items()}


def inputs_of(job):
    """Input files of a job that makes tables, by name."""
    return {
        name: (
            f"{RESULTS}/{one}" if isinstance(one, str) else files_of(one.runs, one.file)
        )
        for name, one in job.inputs.items()
    }


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
    """Of the notebook that draws."""
    return json.dumps(
        {
            **in_results(drawing.tables),
            **drawing.files,
            **drawing.parameters,
            "scale": configuration.scale,
            "folder": f"{RESULTS}/figures",
        }
    )


def refuse_taken_names(experiment):
    """An experiment's name is that of a target, and so of no other rule."""
    for name in [experiment.name, *(job.rule for job in experiment.tables())]:
        if name == "all" or workflow.is_rule(name):
            print(
                f"figures.{experiment.name}: {name} is the name of another rule of the "
                "workflow; give the section another name",
                file=sys.stderr,
            )
            sys.exit(2)


for experiment in EXPERIMENTS.values():
    refuse_taken_names(experiment)
    for job in experiment.tables():

        rule:
            name:
                job.rule
            input:
                **inputs_of(job),
            output:
                **in_results(job.outputs),
            log:
                f"{LOGS}/{job.rule}.log",
            benchmark:
                f"{BENCHMARKS}/{job.rule}.tsv"
            threads: 1
            params:
                command=command_of(job),
                code=code_digest(*job.code),
            message:
                f"Tables of {experiment.title}"
            # A loop's variables are another job's by the time that the command runs.
            shell:
                "({params.command}) > {log:q} 2>&1"

    drawing = experiment.drawing()

    rule:
        name:
            experiment.name
        input:
            notebook=str(drawing.notebook),
            tables=list(in_results(drawing.tables).values()),
            files=list(drawing.files.values()),
        output:
            figures=[
                file
                for name, caption in drawing.figures.items()
                for file in figure_files(experiment, name, caption)
            ],
            notebook=f"{RESULTS}/notebooks/{experiment.name}.ipynb",
        log:
            f"{LOGS}/{experiment.name}.log",
        benchmark:
            f"{BENCHMARKS}/{experiment.name}.tsv"
        threads: 1
        params:
            parameters=parameters_of(drawing),
            code=code_digest(*drawing.code),
        message:
            experiment.title
        shell:
            "mbmf notebook {input.notebook:q} {output.notebook:q}"
            " --parameters {params.parameters:q} > {log:q} 2>&1"
