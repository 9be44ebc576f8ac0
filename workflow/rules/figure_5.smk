"""Figure 5: rollout divergence."""

FIGURE_5 = configuration.figures.figure_5
FIGURE_5_RUNS = experiments.figure_5_runs(configuration)


rule divergence:
    input:
        random_data=lambda wildcards: random_data_of(RUN_OF[wildcards.run]),
        models=rules.model_based.output.models,
        held_out=rules.model_based.output.held_out,
    output:
        errors=f"{RESULTS}/divergence/{{run}}/errors.parquet",
        trajectory=f"{RESULTS}/divergence/{{run}}/trajectory.parquet",
    log:
        f"{LOGS}/divergence/{{run}}.log",
    benchmark:
        f"{BENCHMARKS}/divergence/{{run}}.tsv"
    threads: 1
    params:
        agent=lambda wildcards: RUN_OF[wildcards.run].agent,
        settings=lambda wildcards: RUN_OF[
            wildcards.run
        ].settings.random_data.model_dump_json(),
        seed=lambda wildcards: RUN_OF[wildcards.run].seed,
        folder=lambda wildcards, input: str(Path(input.models).parent),
        steps=FIGURE_5.steps,
        starts=FIGURE_5.starts,
        code=on_record(rules, "divergence", code_digest("mbmf.steps.divergence")),
    message:
        "Open-loop predictions: {wildcards.run}"
    shell:
        "mbmf divergence --agent {params.agent} --models {params.folder:q}"
        " --random-data {input.random_data:q} --settings {params.settings:q} --seed {params.seed}"
        " --steps {params.steps} --starts {params.starts}"
        " --errors {output.errors:q} --trajectory {output.trajectory:q} > {log:q} 2>&1"


rule divergence_tables:
    input:
        errors=outputs_of(FIGURE_5_RUNS, rules.divergence.output.errors),
        trajectories=outputs_of(FIGURE_5_RUNS, rules.divergence.output.trajectory),
    output:
        errors=f"{RESULTS}/tables/figure_5_errors.parquet",
        trajectories=f"{RESULTS}/tables/figure_5_trajectories.parquet",
    log:
        f"{LOGS}/divergence_tables.log",
    benchmark:
        f"{BENCHMARKS}/divergence_tables.tsv"
    threads: 1
    params:
        code=on_record(rules, "divergence_tables", code_digest("mbmf.storage.tables")),
    message:
        "Tables of Figure 5"
    shell:
        "(mbmf tabulate {input.errors:q} --output {output.errors:q} &&"
        " mbmf tabulate {input.trajectories:q} --output {output.trajectories:q}) > {log:q} 2>&1"


rule figure_5:
    input:
        notebook="workflow/notebooks/figure_5.ipynb",
        errors=rules.divergence_tables.output.errors,
        trajectories=rules.divergence_tables.output.trajectories,
    output:
        figures=[
            *figure_files("figure_5_rollout", "figure_5_rollout", "figure_5"),
            *figure_files("figure_5_error", "figure_5_error", "figure_5"),
        ],
        notebook=f"{RESULTS}/notebooks/figure_5.ipynb",
    log:
        f"{LOGS}/figure_5.log",
    benchmark:
        f"{BENCHMARKS}/figure_5.tsv"
    threads: 1
    params:
        parameters=lambda wildcards, input: json.dumps(
            {
                "errors": input.errors,
                "trajectories": input.trajectories,
                "elements": FIGURE_5.elements,
                "scale": configuration.scale,
                "folder": f"{RESULTS}/figures",
            }
        ),
        code=on_record(rules, "figure_5", code_digest("mbmf.figures.figure_5")),
    message:
        "Figure 5: rollout divergence"
    shell:
        "mbmf notebook {input.notebook:q} {output.notebook:q}"
        " --parameters {params.parameters:q} > {log:q} 2>&1"
