"""Pages of the report (`make report`): claims, executed notebooks, and the runs behind figures."""


rule claims_page:
    input:
        verdicts=rules.claims.output.verdicts,
        claims="config/claims.yaml",
        template="workflow/report/claims.html.j2",
    output:
        page=f"{RESULTS}/report/claims.html",
    log:
        f"{LOGS}/report/claims.log",
    benchmark:
        f"{BENCHMARKS}/report/claims.tsv"
    threads: 1
    params:
        scale=configuration.scale,
        shown=lambda wildcards: json.dumps(shown_tables(EXPERIMENTS)),
        code=on_record(rules, "claims_page", code_digest("mbmf.steps.report_pages")),
    message:
        "Page of the claims"
    shell:
        "mbmf claims-page --scale {params.scale} --shown {params.shown:q}"
        " --output {output.page:q} > {log:q} 2>&1"


rule notebook_page:
    input:
        notebook=f"{RESULTS}/notebooks/{{experiment}}.ipynb",
        templates=[
            "workflow/report/notebook.html.j2",
            "workflow/report/head.html.j2",
        ],
    output:
        page=report(
            f"{RESULTS}/report/{{experiment}}.html",
            caption="../report/notebook.rst",
            category=lambda wildcards: EXPERIMENTS[wildcards.experiment].title,
            labels={"what": "Notebook"},
        ),
    log:
        f"{LOGS}/report/{{experiment}}.log",
    benchmark:
        f"{BENCHMARKS}/report/{{experiment}}.tsv"
    threads: 1
    params:
        title=lambda wildcards: f"{EXPERIMENTS[wildcards.experiment].title} ({configuration.scale} scale)",
        code=on_record(rules, "notebook_page", code_digest("mbmf.steps.report_pages")),
    message:
        "Page of the notebook: {wildcards.experiment}"
    shell:
        "mbmf notebook-page --notebook {input.notebook:q} --title {params.title:q}"
        " --output {output.page:q} > {log:q} 2>&1"


rule runs_page:
    input:
        runs=lambda wildcards: files_of(
            EXPERIMENTS[wildcards.experiment].runs(), "provenance"
        ),
        jobs=lambda wildcards: jobs_provenance(wildcards.experiment),
        templates=[
            "workflow/report/runs.html.j2",
            "workflow/report/head.html.j2",
        ],
    output:
        page=report(
            f"{RESULTS}/report/{{experiment}}_runs.html",
            caption="../report/runs.rst",
            category=lambda wildcards: EXPERIMENTS[wildcards.experiment].title,
            labels={"what": "Runs"},
        ),
        table=f"{RESULTS}/report/{{experiment}}_runs.csv",
    log:
        f"{LOGS}/report/{{experiment}}_runs.log",
    benchmark:
        f"{BENCHMARKS}/report/{{experiment}}_runs.tsv"
    threads: 1
    params:
        scale=configuration.scale,
        title=lambda wildcards: EXPERIMENTS[wildcards.experiment].title,
        settings=lambda wildcards: EXPERIMENTS[
            wildcards.experiment
        ].section.model_dump_json(exclude_defaults=True),
        jobs=lambda wildcards, input: " ".join(f"--job {path}" for path in input.jobs),
        code=on_record(rules, "runs_page", code_digest("mbmf.steps.report_pages")),
    message:
        "Page of the runs: {wildcards.experiment}"
    shell:
        "mbmf runs-page --title {params.title:q} --scale {params.scale}"
        " --settings {params.settings:q} --output {output.page:q} {params.jobs} {input.runs:q}"
        " > {log:q} 2>&1"


rule report_pages:
    input:
        rules.claims_page.output.page,
        expand(rules.notebook_page.output.page, experiment=EXPERIMENTS),
        expand(rules.runs_page.output.page, experiment=EXPERIMENTS),


# The report opens with it, if it is there: `--report` makes no page.
config["claims_page"] = (
    rules.claims_page.output.page
    if Path(rules.claims_page.output.page).is_file()
    else ""
)
