"""The paper's claims, judged on the tables."""


rule claims:
    input:
        claims="config/claims.yaml",
        plots="config/authors_plots.yaml",
        tables=[
            *rules.divergence_tables.output,
            *rules.figure_6_table.output,
            *rules.figure_7_table.output,
            rules.dyna_tables.output.episodes,
            rules.dyna_tables.output.rewards,
        ],
    output:
        verdicts=report(
            f"{RESULTS}/claims.json",
            caption="../report/verdicts.rst",
            category="Claims",
            labels={"what": "Verdicts (JSON)"},
        ),
    log:
        f"{LOGS}/claims.log",
    benchmark:
        f"{BENCHMARKS}/claims.tsv"
    threads: 1
    params:
        scale=configuration.scale,
        code=on_record(rules, "claims", code_digest("mbmf.steps.judge_claims")),
    message:
        "Verdicts on the paper's claims"
    shell:
        "mbmf claims --scale {params.scale} --write > {log:q} 2>&1"
