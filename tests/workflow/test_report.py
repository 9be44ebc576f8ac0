"""The report, opened in Chromium without a network: it draws all, and its links lead there."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from mbmf.workflow.dvc_stages import configuration_at

pytestmark = [
    pytest.mark.long,
    pytest.mark.workflow,
    pytest.mark.chromium,
    pytest.mark.xdist_group("finished"),
]

ROOT = Path(__file__).parents[2]
EXPERIMENTS = configuration_at("smoke", ROOT).experiments

# Clicks each link of the claims, and looks at what the page then shows.
VISIT = """
<script>
const wait = () => new Promise((done) => setTimeout(done, 30));
// decode() would wait for a frame, which a page without a screen need not draw.
async function loaded(picture) {
  for (let tries = 0; tries < 100 && !(picture.complete && picture.naturalWidth); tries++)
    await wait();
}
async function visit() {
  const found = {width: window.innerWidth, links: [], results: []};
  await wait();
  const claims = document.querySelector(".claims");
  found.heading = document.querySelector("h1, h2, #app h1:not(nav h1)") && claims.innerText;
  found.reach = Math.max(...[...claims.querySelectorAll("*")].map(
    (one) => one.getBoundingClientRect().right));
  const paths = [...document.querySelectorAll(".claims a")].map((one) => one.dataset.path);
  for (const [index, path] of paths.entries()) {
    app.setView({content: "rulegraph"});
    await wait();
    const link = document.querySelectorAll(".claims a")[index];
    const named = link.innerText;
    link.click();
    await wait();
    const shown = document.querySelector("#app .grow img, #app .grow iframe");
    if (shown && shown.tagName === "IMG") await loaded(shown);
    found.links.push({path, named, tag: shown && shown.tagName,
      right: shown && shown.src === results[path].data_uri,
      drawn: shown && (shown.tagName !== "IMG" || shown.naturalWidth > 50)});
  }
  for (const [path, result] of Object.entries(results)) {
    let width = null;
    if (result.data_uri.startsWith("data:image")) {
      const picture = new Image();
      picture.src = result.data_uri;
      await loaded(picture);
      width = picture.naturalWidth;
    }
    found.results.push({path, width, caption: result.caption});
  }
  app.setView({content: "stats"});
  await wait();
  found.runtimes = runtimes_spec.data ? JSON.stringify(runtimes_spec) : "";
  parent.postMessage(JSON.stringify(found), "*");
}
visit();
</script>
"""
LOOK = """
<script>
window.addEventListener("load", () => {
  parent.postMessage(JSON.stringify({
    scripts: document.scripts.length - 1,
    width: window.innerWidth,
    reach: document.documentElement.scrollWidth,
    pictures: [...document.images].map((one) => one.naturalWidth),
  }), "*");
});
</script>
"""
# Chromium's own window is never narrower than 500 pixels; a frame is as wide as it is told.
FRAME = """<!doctype html><title>frame</title><body>
<script>
window.addEventListener("message", (event) => {
  const outcome = document.createElement("pre");
  outcome.id = "outcome";
  outcome.textContent = event.data;
  document.body.append(outcome);
});
</script>
<iframe src="%s" style="width: %dpx; height: 844px; border: 0"></iframe>
"""


def asked():
    """Verdicts that the file of claims asks for: one a claim, or one an agent of it."""
    claims = yaml.safe_load((ROOT / "config/claims.yaml").read_text(encoding="utf-8"))["claims"]
    return sum(len(claim.get("agents", [None])) for claim in claims)


def opened(page, script, folder, width):
    """What `script` finds on a page at a window's width; fails on any line in the console."""
    copy = folder / page.name
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.rpartition("</body>")
    copy.write_text(head + script + "</body>" + rest, encoding="utf-8")
    frame = folder / "frame.html"
    frame.write_text(FRAME % (copy.name, width), encoding="utf-8")
    done = subprocess.run(
        [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            f"--user-data-dir={folder / 'profile'}", "--window-size=1400,900",
            # Whatever is asked of a network is refused, and that shows in the console.
            "--proxy-server=127.0.0.1:9", "--virtual-time-budget=60000", "--dump-dom",
            frame.as_uri(),
        ],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    told = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    # Warnings of the parts that Snakemake puts in.
    own = ("cdn.tailwindcss.com should not be used in production", "The input spec uses Vega-Lite")
    assert not [line for line in told if not any(text in line for text in own)], told
    outcome = re.search(r'<pre id="outcome"[^>]*>(.*?)</pre>', done.stdout, re.DOTALL)
    assert outcome, (done.stdout[-500:], done.stderr[-2000:])
    entities = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&"}
    return json.loads(re.sub("&[a-z]+;", lambda match: entities[match[0]], outcome[1]))


@pytest.fixture(scope="module")
def report(finished, tmp_path_factory):
    """The report of the finished clone, by the Makefile's own commands, and its pages."""
    folder = tmp_path_factory.mktemp("report")
    made = finished.run("make", "--no-print-directory", "-n", "report", "SCALE=smoke", "CORES=2")
    commands = [
        line for line in made.stdout.replace("\\\n", " ").splitlines() if "snakemake" in line
    ]
    assert len(commands) == 2, made.stdout
    for command in commands:
        done = finished.run("bash", "-c", command)
        assert done.returncode == 0, done.stdout[-3000:]
    shutil.move(finished.folder / "results/smoke/report.html", folder)
    shutil.move(finished.folder / "results/smoke/report", folder / "pages")
    return folder


@pytest.mark.parametrize("width", [1280, 390])
def test_claims_come_first_and_lead_to_figure_notebook_and_runs(report, tmp_path, width):
    found = opened(report / "report.html", VISIT, tmp_path, width)
    assert found["width"] == width
    assert found["reach"] <= width
    assert "What the paper claims" in found["heading"]
    # Figure, notebook and runs of each verdict.
    assert len(found["links"]) == 3 * asked()
    for link in found["links"]:
        assert link["right"], link
        assert link["drawn"], link
        kind = {"figure": "IMG", "notebook": "IFRAME", "runs": "IFRAME"}[link["named"]]
        assert link["tag"] == kind, link
    for result in found["results"]:
        assert result["caption"], result
        assert result["width"] is None or result["width"] > 50, result
    pictures = [result["path"] for result in found["results"] if result["width"]]
    experiments = EXPERIMENTS.values()
    figures = {figure for one in experiments for figure in one.drawing().figures}
    assert {Path(path).stem for path in pictures if path.endswith(".svg")} == figures
    clips = {clip for one in experiments for clip in one.clips()}
    assert {Path(path).stem for path in pictures if path.endswith(".webp")} == clips
    # From Snakemake's record of each job.
    assert "model_based" in found["runtimes"]


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_pages_of_notebooks_need_nothing_and_fit_a_phone(report, tmp_path, experiment):
    found = opened(report / "pages" / f"{experiment}.html", LOOK, tmp_path, 390)
    assert found["scripts"] == 0
    assert found["reach"] <= 390
    assert found["pictures"]
    assert all(width > 50 for width in found["pictures"])


def test_page_of_dyna_q_holds_the_provenance_of_its_job(report, tmp_path):
    page = report / "pages/dyna_runs.html"
    found = opened(page, LOOK, tmp_path, 390)
    assert (found["scripts"], found["reach"] <= 390) == (0, True)
    assert "&#34;numba&#34;" in page.read_text(encoding="utf-8")


def test_pages_of_runs_hold_configuration_and_provenance(report, tmp_path):
    page = report / "pages/figure_7_runs.html"
    found = opened(page, LOOK, tmp_path, 390)
    assert (found["scripts"], found["reach"] <= 390) == (0, True)
    text = page.read_text(encoding="utf-8")
    runs = EXPERIMENTS["figure_7"].runs()
    assert text.count('<details class="run">') == len(runs)
    for what in ("&#34;git_commit&#34;", "&#34;num_samples&#34;", "&#34;torch&#34;"):
        assert text.count(what) >= 4, what
