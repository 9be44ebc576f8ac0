"""The paper's claims, judged on the tables that they are about."""

from mbmf.analysis import statistics


rule claims:
    input:
        claims=CLAIMS,
        plots="config/authors_plots.yaml",
        tables=claimed_tables(),
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
        code=on_record(
            rules,
            "claims",
            code_digest(
                "mbmf.steps.judge_claims",
                *statistics.sources(Path("config/claims.yaml")),
            ),
        ),
    message:
        "Verdicts on the paper's claims"
    shell:
        "mbmf claims --scale {params.scale} --write > {log:q} 2>&1"
