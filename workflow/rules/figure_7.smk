"""Figure 7: Mb, Mf and Mb-Mf, and how many fewer steps the first needs."""


rule figure_7_table:
    input:
        outputs_of(
            experiments.figure_7_runs(configuration), rules.model_based.output.curve
        ),
        outputs_of(IMITATION_RUNS, rules.imitation.output.curve),
        outputs_of(TRPO_RUNS, rules.trpo.output.curve),
    output:
        table=f"{RESULTS}/tables/figure_7.csv",
    log:
        f"{LOGS}/figure_7_table.log",
    benchmark:
        f"{BENCHMARKS}/figure_7_table.tsv"
    threads: 1
    params:
        code=on_record(rules, "figure_7_table", code_digest("mbmf.storage.tables")),
    message:
        "Table of Figure 7"
    shell:
        "mbmf tabulate {input:q} --output {output.table:q} --column kind --column agent"
        " --column seed --column iteration --column env_steps --column authors_steps"
        " --column return --optional mean_return > {log:q} 2>&1"


rule speedups:
    input:
        table=rules.figure_7_table.output.table,
    output:
        speedups=f"{RESULTS}/speedups.json",
    log:
        f"{LOGS}/speedups.log",
    benchmark:
        f"{BENCHMARKS}/speedups.tsv"
    threads: 1
    params:
        code=on_record(rules, "speedups", code_digest("mbmf.steps.speedups")),
    message:
        "Speed-ups"
    shell:
        "mbmf speedups --table {input.table:q} --output {output.speedups:q} > {log:q} 2>&1"


rule figure_7:
    input:
        notebook="workflow/notebooks/figure_7.ipynb",
        table=rules.figure_7_table.output.table,
        speedups=rules.speedups.output.speedups,
        plots="config/authors_plots.yaml",
    output:
        figures=figure_files("figure_7", "figure_7", "figure_7"),
        notebook=f"{RESULTS}/notebooks/figure_7.ipynb",
    log:
        f"{LOGS}/figure_7.log",
    benchmark:
        f"{BENCHMARKS}/figure_7.tsv"
    threads: 1
    params:
        parameters=lambda wildcards, input: json.dumps(
            {
                "table": input.table,
                "speedups": input.speedups,
                "plots": input.plots,
                "scale": configuration.scale,
                "folder": f"{RESULTS}/figures",
            }
        ),
        code=on_record(rules, "figure_7", code_digest("mbmf.figures.figure_7")),
    message:
        "Figure 7: model-based and model-free"
    shell:
        "mbmf notebook {input.notebook:q} {output.notebook:q}"
        " --parameters {params.parameters:q} > {log:q} 2>&1"
