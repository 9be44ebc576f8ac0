"""Pages of the report (`make report`): claims, executed notebooks, and the runs behind figures."""


rule claims_page:
    input:
        verdicts=needed("claims_page", rules.claims.output.verdicts),
        figure=needed("claims_page", rules.claims_figure.output.figure),
        files=needed("claims_page", PAGE_FILES["claims_page"]),
        changed=changed("claims_page"),
    output:
        page=f"{RESULTS}/report/claims.html",
        made=f"{RESULTS}/report/made/claims.json",
    log:
        f"{LOGS}/report/claims.log",
    benchmark:
        f"{BENCHMARKS}/report/claims.tsv"
    threads: 1
    params:
        scale=configuration.scale,
        shown=lambda wildcards: json.dumps(shown_tables(EXPERIMENTS)),
        clips=lambda wildcards: json.dumps(shown_clips(EXPERIMENTS)),
        code=code_of_job("claims_page"),
        made=record_of("claims_page"),
    message:
        "Page of the claims"
    shell:
        "mbmf claims-page --scale {params.scale} --shown {params.shown:q}"
        " --clips {params.clips:q} --output {output.page:q} > {log:q} 2>&1"
        " && echo {params.made:q} > {output.made:q}"


rule notebook_page:
    input:
        notebook=needed(
            "notebook_page",
            lambda wildcards: f"{RESULTS}/notebooks/{wildcards.experiment}.ipynb",
        ),
        files=needed("notebook_page", PAGE_FILES["notebook_page"]),
        changed=changed("notebook_page"),
    output:
        made=f"{RESULTS}/report/made/{{experiment}}.json",
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
        code=code_of_job("notebook_page"),
        made=record_of("notebook_page"),
    message:
        "Page of the notebook: {wildcards.experiment}"
    shell:
        "mbmf notebook-page --notebook {input.notebook:q} --title {params.title:q}"
        " --output {output.page:q} > {log:q} 2>&1"
        " && echo {params.made:q} > {output.made:q}"


rule runs_page:
    input:
        runs=needed(
            "runs_page",
            lambda wildcards: files_of(
                EXPERIMENTS[wildcards.experiment].runs(), "provenance"
            ),
        ),
        jobs=needed(
            "runs_page", lambda wildcards: jobs_provenance(wildcards.experiment)
        ),
        files=needed("runs_page", PAGE_FILES["runs_page"]),
        changed=changed("runs_page"),
    output:
        made=f"{RESULTS}/report/made/{{experiment}}_runs.json",
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
        code=code_of_job("runs_page"),
        made=record_of("runs_page"),
    message:
        "Page of the runs: {wildcards.experiment}"
    shell:
        "mbmf runs-page --title {params.title:q} --scale {params.scale}"
        " --settings {params.settings:q} --output {output.page:q} {params.jobs} {input.runs:q}"
        " > {log:q} 2>&1"
        " && echo {params.made:q} > {output.made:q}"


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
