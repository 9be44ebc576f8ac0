"""Open-loop predictions of a finished run, beside the truth (Figure 5)."""


rule divergence:
    input:
        random_data=needed(
            "divergence",
            lambda wildcards: random_data_of(predicting(wildcards).source),
        ),
        models=needed(
            "divergence",
            lambda wildcards: files_of([predicting(wildcards).source], "models"),
        ),
        held_out=needed(
            "divergence",
            lambda wildcards: files_of([predicting(wildcards).source], "held_out"),
        ),
        changed=changed("divergence"),
    output:
        errors=f"{RESULTS}/divergence/{{run}}/errors.parquet",
        trajectory=f"{RESULTS}/divergence/{{run}}/trajectory.parquet",
        made=f"{MADE}/divergence/{{run}}.json",
    log:
        f"{LOGS}/divergence/{{run}}.log",
    benchmark:
        f"{BENCHMARKS}/divergence/{{run}}.tsv"
    threads: 1
    params:
        agent=lambda wildcards: agent_options(
            predicting(wildcards).source.agent, predicting(wildcards).source.task
        ),
        settings=lambda wildcards: predicting(
            wildcards
        ).source.settings.random_data.model_dump_json(),
        seed=lambda wildcards: predicting(wildcards).source.seed,
        folder=lambda wildcards: str(
            Path(files_of([predicting(wildcards).source], "models")[0]).parent
        ),
        steps=lambda wildcards: predicting(wildcards).steps,
        starts=lambda wildcards: predicting(wildcards).starts,
        code=code_of_job("divergence"),
        made=record_of("divergence"),
    message:
        "Open-loop predictions: {wildcards.run}"
    shell:
        "mbmf divergence --agent {params.agent} --models {params.folder:q}"
        " --random-data {input.random_data:q} --settings {params.settings:q} --seed {params.seed}"
        " --steps {params.steps} --starts {params.starts}"
        " --errors {output.errors:q} --trajectory {output.trajectory:q} > {log:q} 2>&1"
        " && echo {params.made:q} > {output.made:q}"
