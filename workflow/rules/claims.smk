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


rule claims_figure:
    input:
        verdicts=needed("claims_figure", rules.claims.output.verdicts),
        claims=needed("claims_figure", CLAIMS),
        changed=changed("claims_figure"),
    output:
        figure=report(
            f"{RESULTS}/figures/claims.svg",
            caption="../report/claims.rst",
            category="Claims",
            labels={"what": "All claims"},
        ),
        formats=[f"{RESULTS}/figures/claims.{suffix}" for suffix in FORMATS[1:]],
        made=f"{MADE}/claims_figure.json",
    log:
        f"{LOGS}/claims_figure.log",
    benchmark:
        f"{BENCHMARKS}/claims_figure.tsv"
    threads: 1
    params:
        scale=configuration.scale,
        code=code_of_job("claims_figure"),
        made=record_of("claims_figure"),
    message:
        "All claims in one picture"
    shell:
        "mbmf claims-figure --scale {params.scale} > {log:q} 2>&1"
        " && echo {params.made:q} > {output.made:q}"
