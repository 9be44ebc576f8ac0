"""How each agent of Figure 7 moves, under each of its controllers."""

GAIT_OF = {run.agent: run for run in experiments.gait_runs(configuration)}


rule gait:
    input:
        models=lambda wildcards: rules.model_based.output.models.format(
            run=path_of(GAIT_OF[wildcards.agent].start.source)
        ),
        imitation=lambda wildcards: rules.imitation.output.policy.format(
            run=path_of(GAIT_OF[wildcards.agent].start)
        ),
        trpo=lambda wildcards: rules.trpo.output.policy.format(
            run=path_of(GAIT_OF[wildcards.agent])
        ),
    output:
        clip=report(
            f"{RESULTS}/gaits/{{agent}}.webp",
            caption="../report/gait.rst",
            category=experiments.FIGURE_TITLES["figure_7"],
            labels={"what": "Gait of {agent}"},
        ),
    log:
        f"{LOGS}/gaits/{{agent}}.log",
    benchmark:
        f"{BENCHMARKS}/gaits/{{agent}}.tsv"
    threads: 1
    params:
        settings=lambda wildcards: GAIT_OF[
            wildcards.agent
        ].start.settings.model_dump_json(),
        seed=configuration.figures.figure_7.seeds[0],
        code=on_record(rules, "gait", code_digest("mbmf.steps.draw_clip")),
    message:
        "Gait: {wildcards.agent}"
    shell:
        "mbmf gait --agent {wildcards.agent} --settings {params.settings:q} --seed {params.seed}"
        " --models {input.models:q} --imitation {input.imitation:q} --trpo {input.trpo:q}"
        " --output {output.clip:q} > {log:q} 2>&1"


rule gaits:
    input:
        expand(rules.gait.output.clip, agent=configuration.figures.figure_7.agents),
