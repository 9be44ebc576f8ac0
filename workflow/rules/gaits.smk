"""How agents move under each of their controllers, where an experiment asks for it."""


rule gait:
    input:
        model=needed(
            "gait",
            lambda wildcards: files_of([shown_in_clip(wildcards).start], "model"),
        ),
        imitation=needed(
            "gait",
            lambda wildcards: files_of([shown_in_clip(wildcards).start], "policy"),
        ),
        trpo=needed(
            "gait", lambda wildcards: files_of([shown_in_clip(wildcards)], "policy")
        ),
        changed=changed("gait"),
    output:
        clip=report(
            f"{RESULTS}/gaits/{{clip}}.webp",
            caption="../report/gait.rst",
            category=lambda wildcards: CLIP_OF[wildcards.clip][1].title,
            labels={"what": "Gait of {clip}"},
        ),
        made=f"{MADE}/gaits/{{clip}}.json",
    log:
        f"{LOGS}/gaits/{{clip}}.log",
    benchmark:
        f"{BENCHMARKS}/gaits/{{clip}}.tsv"
    threads: 1
    params:
        agent=lambda wildcards: agent_options(
            shown_in_clip(wildcards).agent, shown_in_clip(wildcards).task
        ),
        settings=lambda wildcards: shown_in_clip(
            wildcards
        ).start.settings.model_dump_json(),
        seed=lambda wildcards: shown_in_clip(wildcards).seed,
        code=code_of_job("gait"),
        made=record_of("gait"),
    message:
        "Gait: {wildcards.clip}"
    shell:
        "mbmf gait --agent {params.agent} --settings {params.settings:q} --seed {params.seed}"
        " --model {input.model:q} --imitation {input.imitation:q} --trpo {input.trpo:q}"
        " --output {output.clip:q} > {log:q} 2>&1"
        " && echo {params.made:q} > {output.made:q}"


rule gaits:
    input:
        expand(rules.gait.output.clip, clip=CLIP_OF),
