"""Tables and figures of each experiment, as its file in `mbmf.experiments` declares them."""

for experiment in EXPERIMENTS.values():
    refuse_taken_names(experiment)
    ask(experiment)
    for job in experiment.tables():

        rule:
            name:
                job.rule
            input:
                **inputs_of(job),
                changed=changed(job.rule),
            output:
                **shown_in_report(experiment, job),
                made=f"{MADE}/{job.place}.json",
            log:
                f"{LOGS}/{job.place}.log",
            benchmark:
                f"{BENCHMARKS}/{job.place}.tsv"
            threads: 1
            params:
                command=command_of(job),
                code=code_of_job(job.rule),
                made=record_of(job.rule),
            message:
                f"Tables of {experiment.title}"
            # A loop's variables are another job's by the time that the command runs.
            shell:
                "({params.command}) > {log:q} 2>&1"
                " && echo {params.made:q} > {output.made:q}"

    grouped = [job for job in experiment.tables() if job.group]
    if grouped:

        rule:
            name:
                f"all_{experiment.name}"
            input:
                [kept_by_git(in_results(job.outputs).values()) for job in grouped],

    drawing = experiment.drawing()

    rule:
        name:
            experiment.name
        input:
            notebook=needed(experiment.name, str(drawing.notebook)),
            tables=needed(experiment.name, list(in_results(drawing.tables).values())),
            files=needed(experiment.name, list(drawing.files.values())),
            changed=changed(experiment.name),
        output:
            figures=[
                file
                for name, caption in drawing.figures.items()
                for file in figure_files(experiment, name, caption)
            ],
            notebook=f"{RESULTS}/notebooks/{experiment.name}.ipynb",
            made=f"{MADE}/{experiment.name}.json",
        log:
            f"{LOGS}/{experiment.name}.log",
        benchmark:
            f"{BENCHMARKS}/{experiment.name}.tsv"
        threads: 1
        params:
            parameters=parameters_of(drawing),
            code=code_of_job(experiment.name),
            made=record_of(experiment.name),
        message:
            experiment.title
        shell:
            "mbmf notebook {input.notebook:q} {output.notebook:q}"
            " --parameters {params.parameters:q} > {log:q} 2>&1"
            " && echo {params.made:q} > {output.made:q}"
