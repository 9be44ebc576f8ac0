"""Pages of the report (`make report`): claims, executed notebooks, and the runs behind figures."""

# Of each group of figures: category in the report, configuration, and the runs' provenance.
REPORTED = {
    "figure_5": (
        configuration.figures.figure_5,
        [*outputs_of(FIGURE_5_RUNS, rules.model_based.output.provenance)],
    ),
    "figure_6": (
        configuration.figures.figure_6,
        [*outputs_of(FIGURE_6_RUNS, rules.model_based.output.provenance)],
    ),
    "figure_7": (
        configuration.figures.figure_7,
        [
            *outputs_of(
                experiments.figure_7_runs(configuration),
                rules.model_based.output.provenance,
            ),
            *outputs_of(IMITATION_RUNS, rules.imitation.output.provenance),
            *outputs_of(TRPO_RUNS, rules.trpo.output.provenance),
        ],
    ),
    "dyna": (configuration.dyna, [rules.dyna_tables.output.provenance]),
}


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
        code=on_record(rules, "claims_page", code_digest("mbmf.steps.report_pages")),
    message:
        "Page of the claims"
    shell:
        "mbmf claims-page --scale {params.scale} --output {output.page:q} > {log:q} 2>&1"


rule notebook_page:
    input:
        notebook=f"{RESULTS}/notebooks/{{group}}.ipynb",
        templates=[
            "workflow/report/notebook.html.j2",
            "workflow/report/head.html.j2",
        ],
    output:
        page=report(
            f"{RESULTS}/report/{{group}}.html",
            caption="../report/notebook.rst",
            category=lambda wildcards: experiments.FIGURE_TITLES[wildcards.group],
            labels={"what": "Notebook"},
        ),
    log:
        f"{LOGS}/report/{{group}}.log",
    benchmark:
        f"{BENCHMARKS}/report/{{group}}.tsv"
    threads: 1
    params:
        title=lambda wildcards: f"{experiments.FIGURE_TITLES[wildcards.group]} ({configuration.scale} scale)",
        code=on_record(rules, "notebook_page", code_digest("mbmf.steps.report_pages")),
    message:
        "Page of the notebook: {wildcards.group}"
    shell:
        "mbmf notebook-page --notebook {input.notebook:q} --title {params.title:q}"
        " --output {output.page:q} > {log:q} 2>&1"


rule runs_page:
    input:
        provenance=lambda wildcards: REPORTED[wildcards.group][1],
        templates=[
            "workflow/report/runs.html.j2",
            "workflow/report/head.html.j2",
        ],
    output:
        page=report(
            f"{RESULTS}/report/{{group}}_runs.html",
            caption="../report/runs.rst",
            category=lambda wildcards: experiments.FIGURE_TITLES[wildcards.group],
            labels={"what": "Runs"},
        ),
        table=f"{RESULTS}/report/{{group}}_runs.csv",
    log:
        f"{LOGS}/report/{{group}}_runs.log",
    benchmark:
        f"{BENCHMARKS}/report/{{group}}_runs.tsv"
    threads: 1
    params:
        scale=configuration.scale,
        settings=lambda wildcards: REPORTED[wildcards.group][0].model_dump_json(),
        code=on_record(rules, "runs_page", code_digest("mbmf.steps.report_pages")),
    message:
        "Page of the runs: {wildcards.group}"
    shell:
        "mbmf runs-page --group {wildcards.group} --scale {params.scale}"
        " --settings {params.settings:q} --output {output.page:q} {input.provenance:q}"
        " > {log:q} 2>&1"


rule report_pages:
    input:
        rules.claims_page.output.page,
        expand(rules.notebook_page.output.page, group=REPORTED),
        expand(rules.runs_page.output.page, group=REPORTED),


# The report opens with it, if it is there: `--report` makes no page.
config["claims_page"] = (
    rules.claims_page.output.page
    if Path(rules.claims_page.output.page).is_file()
    else ""
)
