"""TRPO, from a random policy (Mf) and from an imitation policy (Mb-Mf)."""


rule trpo:
    input:
        start=needed("trpo", start_of),
        changed=changed("trpo"),
    output:
        curve=f"{RESULTS}/runs/trpo/{{run}}/curve.csv",
        provenance=f"{RESULTS}/runs/trpo/{{run}}/provenance.json",
        policy=f"{RESULTS}/models/trpo/{{run}}/policy.safetensors",
        made=f"{MADE}/trpo/{{run}}.json",
    log:
        f"{LOGS}/trpo/{{run}}.log",
    benchmark:
        f"{BENCHMARKS}/trpo/{{run}}.tsv"
    threads: 1
    params:
        agent=lambda wildcards: agent_options(
            RUN_OF["trpo"][wildcards.run].agent, RUN_OF["trpo"][wildcards.run].task
        ),
        settings=lambda wildcards: RUN_OF["trpo"][
            wildcards.run
        ].settings.model_dump_json(),
        seed=lambda wildcards: RUN_OF["trpo"][wildcards.run].seed,
        folder=lambda wildcards, output: str(Path(output.curve).parent),
        start=lambda wildcards, input: f"--start {input.start}" if input.start else "",
        code=code_of_job("trpo"),
        made=record_of("trpo"),
    message:
        "TRPO: {wildcards.run}"
    shell:
        "mbmf trpo --agent {params.agent} --settings {params.settings:q}"
        " --seed {params.seed} {params.start} --output {params.folder:q}"
        " --policy {output.policy:q} --threads {threads} > {log:q} 2>&1"
        " && echo {params.made:q} > {output.made:q}"


rule all_trpo:
    input:
        expand(rules.trpo.output.curve, run=RUN_OF["trpo"]),
