"""Algorithm 1: every run that some figure shows."""


rule model_based:
    input:
        random_data=needed(
            "model_based",
            lambda wildcards: random_data_of(RUN_OF["model_based"][wildcards.run]),
        ),
        changed=changed("model_based"),
    output:
        curve=f"{RESULTS}/runs/model_based/{{run}}/curve.csv",
        provenance=f"{RESULTS}/runs/model_based/{{run}}/provenance.json",
        models=f"{RESULTS}/models/model_based/{{run}}/models.safetensors",
        held_out=f"{RESULTS}/models/model_based/{{run}}/held_out.safetensors",
        made=f"{MADE}/model_based/{{run}}.json",
    log:
        f"{LOGS}/model_based/{{run}}.log",
    benchmark:
        f"{BENCHMARKS}/model_based/{{run}}.tsv"
    threads: 1
    params:
        agent=lambda wildcards: agent_options(
            RUN_OF["model_based"][wildcards.run].agent,
            RUN_OF["model_based"][wildcards.run].task,
        ),
        settings=lambda wildcards: RUN_OF["model_based"][
            wildcards.run
        ].settings.model_dump_json(),
        seed=lambda wildcards: RUN_OF["model_based"][wildcards.run].seed,
        folder=lambda wildcards, output: str(Path(output.curve).parent),
        models=lambda wildcards, output: str(Path(output.models).parent),
        code=code_of_job("model_based"),
        made=record_of("model_based"),
    message:
        "Algorithm 1: {wildcards.run}"
    shell:
        "mbmf model-based --agent {params.agent} --settings {params.settings:q}"
        " --seed {params.seed} --random-data {input.random_data:q} --output {params.folder:q}"
        " --models {params.models:q} --threads {threads} > {log:q} 2>&1"
        " && echo {params.made:q} > {output.made:q}"


rule all_model_based:
    input:
        expand(rules.model_based.output.curve, run=RUN_OF["model_based"]),
