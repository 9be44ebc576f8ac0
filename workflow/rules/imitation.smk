"""The MPC expert's rollouts, and the policy that imitates them (behaviour cloning, DAgger)."""


rule imitation:
    input:
        models=needed(
            "imitation",
            lambda wildcards: files_of(
                [RUN_OF["imitation"][wildcards.run].source], "models"
            ),
        ),
        changed=changed("imitation"),
    output:
        curve=f"{RESULTS}/runs/imitation/{{run}}/curve.csv",
        provenance=f"{RESULTS}/runs/imitation/{{run}}/provenance.json",
        expert=f"{RESULTS}/data/expert/{{run}}.safetensors",
        model=f"{RESULTS}/models/imitation/{{run}}/expert.safetensors",
        policy=f"{RESULTS}/models/imitation/{{run}}/policy.safetensors",
        made=f"{MADE}/imitation/{{run}}.json",
    log:
        f"{LOGS}/imitation/{{run}}.log",
    benchmark:
        f"{BENCHMARKS}/imitation/{{run}}.tsv"
    threads: 1
    params:
        agent=lambda wildcards: agent_options(
            RUN_OF["imitation"][wildcards.run].agent,
            RUN_OF["imitation"][wildcards.run].task,
        ),
        settings=lambda wildcards: RUN_OF["imitation"][
            wildcards.run
        ].settings.model_dump_json(),
        seed=lambda wildcards: RUN_OF["imitation"][wildcards.run].seed,
        folder=lambda wildcards, output: str(Path(output.curve).parent),
        code=code_of_job("imitation"),
        made=record_of("imitation"),
    message:
        "Imitation of MPC: {wildcards.run}"
    shell:
        "mbmf imitation --agent {params.agent} --settings {params.settings:q}"
        " --seed {params.seed} --models {input.models:q} --expert {output.expert:q}"
        " --expert-model {output.model:q}"
        " --output {params.folder:q} --policy {output.policy:q} > {log:q} 2>&1"
        " && echo {params.made:q} > {output.made:q}"


rule all_imitation:
    input:
        expand(rules.imitation.output.curve, run=RUN_OF["imitation"]),
