"""Pages of the pages, and the README's tables, from verdicts made by hand."""

import base64
import json
import re
from io import BytesIO
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mbmf.analysis.claims import check_claims
from mbmf.base.errors import InputError
from mbmf.experiments.experiment import shown_tables
from mbmf.report import pages
from mbmf.report.runs_page import HEIGHT, POINTS, WIDTH, points
from mbmf.steps.report_pages import write_notebook_page, write_runs_page
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.dvc_stages import configuration_at

ROOT = Path(__file__).parents[3]
CLAIMS, _ = check_claims(read_yaml(ROOT / "config/claims.yaml"))
EXPERIMENTS = configuration_at("quick", ROOT).experiments
SHOWN = shown_tables(EXPERIMENTS)
TITLES = {name: experiment.title for name, experiment in EXPERIMENTS.items()}
KNOWN = {
    "id": "short_horizon.half_cheetah", "source": "Figure 6c", "claim": "5 < 20", "seeds": 3,
    "agent": "half_cheetah", "verdict": "reproduced", "statistic": 12.5, "low": 3.0, "high": None,
    "level": 0.99, "threshold": [0.0, None], "why": None, "refused": False, "bound": None,
    "part": None, "family": "Figure 6", "family_size": 12,
}  # fmt: skip
UNKNOWN = KNOWN | {
    "id": "dyna_blocking_maze", "agent": None, "verdict": "undecided", "statistic": None,
    "low": None, "seeds": None, "why": "it is <not> run", "family": "Dyna-Q", "family_size": 6,
}  # fmt: skip
PROVENANCE = {
    "kind": "trpo", "agent": "half_cheetah", "seed": 4, "git_commit": "abc", "device": "<CPU>",
    "seconds": [{"iteration": 1.0}, {"iteration": 60.5}], "settings": {"kl": 0.05},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _at_root(monkeypatch):
    monkeypatch.chdir(ROOT)  # where the templates are


def test_every_claim_leads_to_a_figure_that_the_workflow_draws():
    """And every figure but those of which the paper says nothing in numbers to a claim."""
    without = {"figure_6e", "trajectories"}
    shown = [pages.shown_in(claim, SHOWN) for claim in CLAIMS]
    drawn = {figure for one in EXPERIMENTS.values() for figure in one.drawing().figures}
    assert {figure for _, figure in shown} == drawn - without
    assert {name for name, _ in shown} == set(EXPERIMENTS) - without


def test_a_claim_on_a_table_that_no_figure_shows_has_no_links():
    (row,) = pages.claim_rows([KNOWN], CLAIMS, "results/quick", {})
    assert (row["experiment"], row["links"]) == (None, {})
    assert "data-path" not in pages.claims_page([row], "quick", "", b"<svg/>")


def test_page_of_claims_shows_numbers_reasons_and_links():
    clips = {"figure_6": {"half_cheetah": "runner", "ant": "none"}}
    rows = pages.claim_rows([KNOWN, UNKNOWN], CLAIMS, "results/quick", SHOWN, clips)
    page = pages.claims_page(rows, "quick", "Last changed on a day.", b"<svg/>")
    assert "by family: Figure 6 12, Dyna-Q 6. Last changed on a day." in page
    assert "Of 2 claims" in page
    assert "1 reproduced" in page
    assert "3 to inf, 3 seeds" in page
    assert "it is &lt;not&gt; run" in page
    for path in ("figures/figure_8_4.svg", "report/dyna.html", "report/figure_6_runs.html"):
        assert f'data-path="results/quick/{path}"' in page
    assert page.count(".webp") == 1  # of the claim about the agent that a clip shows
    assert 'data-path="results/quick/gaits/runner.webp"' in page
    assert base64.b64encode(b"<svg/>").decode() in page


def test_a_verdict_on_no_claim_is_refused():
    with pytest.raises(InputError, match="gone: no claim has this id; judge the claims again"):
        pages.claim_rows([KNOWN | {"id": "gone"}], CLAIMS, "results/quick", SHOWN)
    older = {key: value for key, value in KNOWN.items() if key != "family"}
    with pytest.raises(InputError, match="a verdict of older code; judge them again"):
        pages.claim_rows([older], CLAIMS, "results/quick", SHOWN)


def test_markdown_has_a_table_for_each_figure_and_times_where_known():
    rows = pages.claim_rows([KNOWN, UNKNOWN], CLAIMS, "results/quick", SHOWN)
    text = pages.results_markdown(rows, "quick", TITLES, {"figure_6": (30, 1200.0)})
    assert (
        "| 5 < 20 (Figure 6c) | half-cheetah | > 0 | 12.5 (3 to inf) | 3 | **reproduced** |" in text
    )
    assert "its 30 runs took 20 minutes of one core" in text
    assert text.count("minutes") == 1
    assert "`snakemake --cores 2 --configfile config/quick.yaml -- figure_6`" in text


def test_results_take_the_place_of_those_before():
    marked = "a\n<!-- results of quick scale -->\nold\n<!-- end of quick scale -->\nz\n"
    once = pages.between_marks(marked, "quick", "new\n")
    assert once == marked.replace("old", "new")
    assert pages.between_marks(once, "quick", "new\n") == once
    for wrong in ("a\n", marked + marked, marked.replace("<!-- end", "<!-- fin")):
        with pytest.raises(InputError, match="should hold the lines <!-- results of quick"):
            pages.between_marks(wrong, "quick", "new\n")


def write_run(folder, returns=(1.0, 7.5), **changes):
    """A run's provenance and curve."""
    folder.mkdir()
    (folder / "provenance.json").write_text(json.dumps(PROVENANCE | changes))
    steps = range(0, 5000 * len(returns), 5000)
    pd.DataFrame({"env_steps": steps, "return": returns}).to_csv(folder / "curve.csv")
    return folder / "provenance.json"


def test_page_of_runs_holds_configuration_and_provenance(tmp_path):
    run = write_run(tmp_path / "run")
    output = tmp_path / "runs.html"
    write_runs_page("Figure 7", "quick", {}, [run], None, output)
    page = output.read_text()
    for cell in (">half-cheetah<", ">trpo<", 'data-value="4">4<', ">7.5<", ">5,000<", ">62<"):
        assert cell in page, cell
    assert "kl: 0.05" in page
    assert "&lt;CPU&gt;" in page
    (line,) = pd.read_csv(tmp_path / "runs.csv").to_dict("records")
    assert (line["seconds"], line["last_return"]) == (61.5, 7.5)


def test_a_row_says_in_what_a_run_differs_and_the_rest_stands_once(tmp_path):
    runs = [
        write_run(tmp_path / str(seed), seed=seed, settings={"trpo": {"kl": kl, "discount": 0.9}})
        for seed, kl in enumerate([0.05, 0.05, 0.1])
    ]
    write_runs_page("Figure 7", "quick", {}, runs, None, tmp_path / "runs.html")
    page = (tmp_path / "runs.html").read_text()
    assert page.count('<tbody class="run">') == 3
    assert page.count('<td class="free">kl 0.1</td>') == 1
    assert page.count('<td class="free"></td>') == 2
    assert page.count("trpo.discount: 0.9") == 1
    assert page.count("trpo.kl: 0.") == 3


def test_a_small_curve_fills_its_box():
    curve = points(np.array([2.0, 4.0, 3.0]))
    assert curve == f"0,{HEIGHT} {WIDTH // 2},0 {WIDTH},{HEIGHT // 2}"
    assert points(np.array([1.0])) == "0,0"
    assert len(points(np.arange(2500.0)).split()) == POINTS


def test_page_of_dyna_q_holds_the_provenance_of_its_one_job(tmp_path):
    (tmp_path / "provenance.json").write_text(json.dumps(PROVENANCE))
    output = tmp_path / "dyna_runs.html"
    write_runs_page("Dyna-Q", "quick", {"runs": 30}, [], tmp_path / "provenance.json", output)
    page = output.read_text()
    assert "&#34;runs&#34;: 30" in page
    assert "&lt;CPU&gt;" in page
    assert "&#34;kl&#34;" not in page


def test_damaged_files_are_refused_by_name(tmp_path):
    bad = tmp_path / "provenance.json"
    (tmp_path / "curve.csv").write_text("env_steps,return\n1,2\n")
    for content in ("{", "[]", "{}"):
        bad.write_text(content)
        with pytest.raises(InputError, match=r"provenance.json: not a run's provenance"):
            write_runs_page("Figure 7", "quick", {}, [bad], None, tmp_path / "runs.html")
        with pytest.raises(InputError, match=r"provenance.json: not a notebook"):
            write_notebook_page(bad, "t", tmp_path / "page.html")
    bad.write_text(json.dumps(PROVENANCE))
    for content in ("env_steps,return\n", "env_steps,return\nfew,2\n", "return\n2\n"):
        (tmp_path / "curve.csv").write_text(content)
        with pytest.raises(InputError, match=r"provenance.json: .*, or curve"):
            write_runs_page("Figure 7", "quick", {}, [bad], None, tmp_path / "runs.html")


def test_page_of_a_notebook_needs_nothing_from_elsewhere():
    cells = [nbformat.v4.new_markdown_cell("# Title"), nbformat.v4.new_code_cell("1 + 1")]
    page = pages.notebook_page(nbformat.v4.new_notebook(cells=cells), "A title")
    assert "<title>A title</title>" in page
    assert '<h1 id="Title">Title' in page
    for outside in ("<script", "http://", "https://", "@import"):
        assert outside not in page


def test_a_notebooks_pictures_keep_their_pixels():
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    data = {"image/png": base64.b64encode(buffer.getvalue()).decode()}
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data)])
    page = pages.notebook_page(nbformat.v4.new_notebook(cells=[cell]), "a title")
    (found,) = re.findall(r"data:image/(\w+);base64,([A-Za-z0-9+/=]+)", page)
    assert found[0] == "webp"
    with Image.open(BytesIO(base64.b64decode(found[1]))) as shown:
        np.testing.assert_array_equal(np.asarray(shown.convert("RGB")), pixels)
