"""The paper's claims, judged on the tables that they are about."""


rule claims:
    input:
        claims=needed("claims", CLAIMS),
        plots=needed("claims", "config/authors_plots.yaml"),
        tables=needed("claims", claimed_tables()),
        changed=changed("claims"),
    output:
        verdicts=report(
            f"{RESULTS}/claims.json",
            caption="../report/verdicts.rst",
            category="Claims",
            labels={"what": "Verdicts (JSON)"},
        ),
        made=f"{MADE}/claims.json",
    log:
        f"{LOGS}/claims.log",
    benchmark:
        f"{BENCHMARKS}/claims.tsv"
    threads: 1
    params:
        scale=configuration.scale,
        code=code_of_job("claims"),
        made=record_of("claims"),
    message:
        "Verdicts on the paper's claims"
    shell:
        "mbmf claims --scale {params.scale} --write > {log:q} 2>&1"
        " && echo {params.made:q} > {output.made:q}"
