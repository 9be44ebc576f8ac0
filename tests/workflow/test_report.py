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
# Claims of Figure 7 on each agent.
OF_AN_AGENT = 8

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
  const picture = claims.querySelector("img");
  await loaded(picture);
  found.first = [picture.naturalWidth, picture.alt];
  found.keyboard = [...document.querySelectorAll(".claims a")].every((one) => one.tabIndex === 0);
  found.reach = Math.max(...[...claims.querySelectorAll(":not(img)")].map(
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
      right: shown && shown.src.split("#")[0] === results[path].data_uri,
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
# Searches, sorts and opens as a reader does, and looks at what the table then shows.
READ = """
<script>
(() => {
const table = document.querySelector("table.runs"), search = document.querySelector("#search");
const shown = () => [...table.tBodies].filter((one) => !one.hidden).map(
  (one) => [...one.rows[0].cells].map((cell) => cell.innerText));
function typed(text) {
  search.value = text;
  search.dispatchEvent(new Event("input"));
  return shown();
}
const sort = (name) => {
  [...table.tHead.querySelectorAll("button")].find((one) => one.innerText === name).click();
  return shown();
};
const found = {scripts: document.scripts.length - 1, reach: document.documentElement.scrollWidth};
found.linked = [search.value, shown()];
found.everything = typed("");
found.ant = typed("ANT trpo-less");
found.swimmer = typed("swimmer seed~0");
found.count = document.querySelector("#count").innerText;
typed("");
found.up = sort("last return").map((row) => row[4]);
found.down = sort("last return").map((row) => row[4]);
const more = table.querySelector("button.more");
more.click();
found.opened = [more.getAttribute("aria-expanded"), more.closest("tbody").rows[1].innerText];
found.keyboard = [...document.querySelectorAll("button, summary, input")].every(
  (one) => one.tabIndex === 0);
found.paper = getComputedStyle(document.body).backgroundColor;
parent.postMessage(JSON.stringify(found), "*");
})();
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


def opened(page, script, folder, width, dark=False, search=""):
    """What `script` finds on a page at a window's width; fails on any line in the console."""
    copy = folder / page.name
    text = page.read_text(encoding="utf-8")
    head, _, rest = text.rpartition("</body>")
    copy.write_text(head + script + "</body>" + rest, encoding="utf-8")
    frame = folder / "frame.html"
    frame.write_text(FRAME % (copy.name + search, width), encoding="utf-8")
    done = subprocess.run(
        [
            "chromium", "--headless", f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
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
    """The report of the finished clone, by the Makefile's own command, and its pages."""
    folder = tmp_path_factory.mktemp("report")
    made = finished.run("make", "--no-print-directory", "-n", "report", "SCALE=smoke", "CORES=2")
    (command,) = (line for line in made.stdout.splitlines() if line.startswith("mbmf report"))
    done = finished.run("bash", "-c", command)
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.splitlines()[-1] == "results/smoke/report.html"  # nothing is unfinished
    shutil.move(finished.folder / "results/smoke/report.html", folder)
    shutil.move(finished.folder / "results/smoke/report", folder / "pages")
    return folder


@pytest.mark.parametrize("width", [1280, 390])
def test_claims_come_first_and_lead_to_figure_notebook_and_runs(report, tmp_path, width):
    found = opened(report / "report.html", VISIT, tmp_path, width)
    assert found["width"] == width
    assert found["reach"] <= width
    assert "What the paper claims" in found["heading"]
    width_of_picture, words = found["first"]
    assert width_of_picture > 50
    assert "All claims" in words
    assert found["keyboard"]
    # Figure, notebook and runs of each verdict, and the clip of each agent of Figure 7.
    clips = sum(len(one.clips()) for one in EXPERIMENTS.values())
    assert clips
    assert len(found["links"]) == 3 * asked() + clips * OF_AN_AGENT
    for link in found["links"]:
        assert link["right"], link
        assert link["drawn"], link
        kind = {"notebook": "IFRAME", "runs": "IFRAME"}.get(link["named"], "IMG")
        assert link["tag"] == kind, link
    for result in found["results"]:
        assert result["caption"], result
        assert result["width"] is None or result["width"] > 50, result
    pictures = [result["path"] for result in found["results"] if result["width"]]
    experiments = EXPERIMENTS.values()
    figures = {figure for one in experiments for figure in one.drawing().figures}
    assert {Path(path).stem for path in pictures if path.endswith(".svg")} == figures | {"claims"}
    clips = {clip for one in experiments for clip in one.clips()}
    clips |= set(EXPERIMENTS["trajectories"].section.agents)
    assert {Path(path).stem for path in pictures if path.endswith(".webp")} == clips
    assert (report / "report.html").stat().st_size < 8_000_000
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


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_runs_are_searched_sorted_and_opened(report, tmp_path, width, dark):
    page = report / "pages/figure_7_runs.html"
    found = opened(page, READ, tmp_path, width, dark, "#half-cheetah")
    runs = EXPERIMENTS["figure_7"].runs()
    assert (found["scripts"], found["reach"] <= width) == (1, True)
    assert found["keyboard"]
    assert found["paper"] == ("rgb(15, 23, 42)" if dark else "rgb(255, 255, 255)")
    # A link of a claim names what to search for.
    assert found["linked"][0] == "half-cheetah"
    assert [row[0] for row in found["linked"][1]] == ["half-cheetah"] * (len(runs) // 4)
    assert len(found["everything"]) == len(runs)
    assert found["ant"] == []
    assert {row[0] for row in found["swimmer"]} == {"swimmer"}
    assert found["count"] == f"{len(found['swimmer'])} of {len(runs)} runs"
    returns = [float(text) for text in found["up"]]
    assert returns == sorted(returns)
    assert [float(text) for text in found["down"]] == returns[::-1]
    expanded, text = found["opened"]
    assert expanded == "true"
    assert "results/smoke/runs/" in text
    content = page.read_text(encoding="utf-8")
    assert content.count("<polyline") == len(runs)
    for what in ("git_commit", "num_samples", "versions.torch"):
        assert what in content, what
