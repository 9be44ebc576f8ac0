"""D_RAND: rollouts of random actions, line 1 of Algorithm 1."""


rule random_data:
    output:
        rollouts=random_data_file(
            "{agent}", "{rollouts}", "{validation_rollouts}", "{steps}", "{seed}"
        ),
    log:
        f"{LOGS}/random_data/{{agent}}/{{rollouts}}_{{validation_rollouts}}_{{steps}}_{{seed}}.log",
    benchmark:
        f"{BENCHMARKS}/random_data/{{agent}}/{{rollouts}}_{{validation_rollouts}}_{{steps}}_{{seed}}.tsv"
    threads: 1
    params:
        agent=lambda wildcards: agent_options(
            wildcards.agent, configuration.agents[wildcards.agent].task
        ),
        settings=random_data_settings,
        code=on_record(
            rules,
            "random_data",
            lambda wildcards: code_digest(
                *code_of_random_data(configuration.agents[wildcards.agent].task)
            ),
        ),
    message:
        "Random rollouts: {wildcards.agent}, {wildcards.rollouts} x {wildcards.steps} steps, "
        "seed {wildcards.seed}"
    shell:
        "mbmf random-data --agent {params.agent} --settings {params.settings:q}"
        " --seed {wildcards.seed} --output {output.rollouts:q} > {log:q} 2>&1"


rule all_random_data:
    input:
        sorted({random_data_of(run) for run in RUN_OF["model_based"].values()}),
