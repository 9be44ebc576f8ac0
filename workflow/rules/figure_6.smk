"""Figure 6: design decisions."""

FIGURE_6_RUNS = experiments.figure_6_runs(configuration)


rule figure_6_table:
    input:
        curves=outputs_of(FIGURE_6_RUNS, rules.model_based.output.curve),
    output:
        table=f"{RESULTS}/tables/figure_6.csv",
    log:
        f"{LOGS}/figure_6_table.log",
    benchmark:
        f"{BENCHMARKS}/figure_6_table.tsv"
    threads: 1
    params:
        code=on_record(rules, "figure_6_table", code_digest("mbmf.storage.tables")),
    message:
        "Table of Figure 6"
    shell:
        "mbmf tabulate {input.curves:q} --output {output.table:q} > {log:q} 2>&1"


rule figure_6:
    input:
        notebook="workflow/notebooks/figure_6.ipynb",
        table=rules.figure_6_table.output.table,
    output:
        figures=figure_files("figure_6", "figure_6", "figure_6"),
        notebook=f"{RESULTS}/notebooks/figure_6.ipynb",
    log:
        f"{LOGS}/figure_6.log",
    benchmark:
        f"{BENCHMARKS}/figure_6.tsv"
    threads: 1
    params:
        parameters=lambda wildcards, input: json.dumps(
            {
                "table": input.table,
                "sweeps": experiments.figure_6_sweeps(configuration),
                "scale": configuration.scale,
                "folder": f"{RESULTS}/figures",
            }
        ),
        code=on_record(rules, "figure_6", code_digest("mbmf.figures.figure_6")),
    message:
        "Figure 6: design decisions"
    shell:
        "mbmf notebook {input.notebook:q} {output.notebook:q}"
        " --parameters {params.parameters:q} > {log:q} 2>&1"
