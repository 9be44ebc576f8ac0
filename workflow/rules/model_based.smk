"""Algorithm 1: every run that some figure shows."""


rule model_based:
    input:
        # Ancient: a finished run stands, though its data be made anew, as in a fresh clone.
        # Other data, or the same of other code, has another path.
        random_data=ancient(lambda wildcards: random_data_of(RUN_OF[wildcards.run])),
    output:
        curve=f"{RESULTS}/runs/model_based/{{run}}/curve.csv",
        provenance=f"{RESULTS}/runs/model_based/{{run}}/provenance.json",
        models=f"{MODELS}/{{run}}/models.safetensors",
        held_out=f"{MODELS}/{{run}}/held_out.safetensors",
    log:
        f"{LOGS}/model_based/{{run}}.log",
    benchmark:
        f"{BENCHMARKS}/model_based/{{run}}.tsv"
    threads: 1
    params:
        agent=lambda wildcards: RUN_OF[wildcards.run].agent,
        settings=lambda wildcards: RUN_OF[wildcards.run].settings.model_dump_json(),
        seed=lambda wildcards: RUN_OF[wildcards.run].seed,
        folder=lambda wildcards, output: str(Path(output.curve).parent),
        models=lambda wildcards, output: str(Path(output.models).parent),
        code=code_digest(*MODEL_BASED_STEPS),
    message:
        "Algorithm 1: {wildcards.run}"
    shell:
        "mbmf model-based --agent {params.agent} --settings {params.settings:q}"
        " --seed {params.seed} --random-data {input.random_data:q} --output {params.folder:q}"
        " --models {params.models:q} --threads {threads} > {log:q} 2>&1"


rule all_model_based:
    input:
        outputs_of(MODEL_BASED_RUNS, rules.model_based.output.curve),
