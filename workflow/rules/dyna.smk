"""Figures 8.2, 8.4 and 8.5 of Sutton and Barto: tabular Dyna-Q."""


rule dyna_tables:
    output:
        episodes=f"{RESULTS}/tables/dyna_episodes.csv",
        rewards=f"{RESULTS}/tables/dyna_rewards.parquet",
        provenance=f"{RESULTS}/runs/dyna/provenance.json",
    log:
        f"{LOGS}/dyna_tables.log",
    benchmark:
        f"{BENCHMARKS}/dyna_tables.tsv"
    threads: 1
    params:
        settings=configuration.dyna.model_dump_json(),
        code=on_record(rules, "dyna_tables", code_digest("mbmf.steps.dyna")),
    message:
        "Dyna-Q: {configuration.dyna.runs} runs of each curve"
    shell:
        "mbmf dyna --settings {params.settings:q}"
        " --episodes {output.episodes:q} --rewards {output.rewards:q}"
        " --provenance {output.provenance:q} > {log:q} 2>&1"


rule dyna:
    input:
        notebook="workflow/notebooks/dyna.ipynb",
        episodes=rules.dyna_tables.output.episodes,
        rewards=rules.dyna_tables.output.rewards,
    output:
        figures=[
            file
            for number in ("8_2", "8_4", "8_5")
            for file in figure_files(f"figure_{number}", "figure_8", "dyna")
        ],
        notebook=f"{RESULTS}/notebooks/dyna.ipynb",
    log:
        f"{LOGS}/dyna.log",
    benchmark:
        f"{BENCHMARKS}/dyna.tsv"
    threads: 1
    params:
        parameters=lambda wildcards, input: json.dumps(
            {
                "episodes": input.episodes,
                "rewards": input.rewards,
                "scale": configuration.scale,
                "folder": f"{RESULTS}/figures",
            }
        ),
        code=on_record(rules, "dyna", code_digest("mbmf.figures.figure_8")),
    message:
        "Figures 8.2, 8.4 and 8.5: Dyna-Q"
    shell:
        "mbmf notebook {input.notebook:q} {output.notebook:q}"
        " --parameters {params.parameters:q} > {log:q} 2>&1"
