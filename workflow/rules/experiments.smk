"""Tables and figures of each experiment, as its file in `mbmf.experiments` declares them."""

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
                code=on_record(rules, job.rule, code_digest(*job.code)),
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
            code=on_record(rules, experiment.name, code_digest(*drawing.code)),
        message:
            experiment.title
        shell:
            "mbmf notebook {input.notebook:q} {output.notebook:q}"
            " --parameters {params.parameters:q} > {log:q} 2>&1"
