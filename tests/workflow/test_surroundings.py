"""What a user's machine and account are like changes no result and breaks no step."""

import json
import os
import re
import shutil
import subprocess
import urllib.request

import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("tiny")]

MATPLOTLIBRC = """
lines.linewidth: 9
svg.fonttype: path
savefig.bbox: tight
text.color: red
font.family: serif
axes.unicode_minus: False
"""
# Rights over the files of others, which root has and other users have not.
RIGHTS = "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown"


@pytest.fixture
def hostile(tmp_path):
    """Variables that libraries read, each with what would break or change something."""
    kernel = tmp_path / "jupyter/kernels/python3"
    kernel.mkdir(parents=True)
    spec = {"argv": ["false", "{connection_file}"], "display_name": "mine", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    (tmp_path / "matplotlibrc").write_text(MATPLOTLIBRC)
    (tmp_path / "start.py").write_text("raise SystemExit('the user starts something')\n")
    # An account without a home, and a system whose only encoding is ASCII.
    return {
        "HOME": "/dev/null", "MATPLOTLIBRC": str(tmp_path), "MPLBACKEND": "nonsense",
        "JUPYTER_PATH": str(tmp_path / "jupyter"), "JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter"),
        "IPYTHONDIR": "/dev/null", "PYTHONSTARTUP": str(tmp_path / "start.py"),
        "PYTHONWARNINGS": "error", "PYTHONHASHSEED": "123", "PYTHONUSERBASE": str(tmp_path),
        "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "LANG": "tr_TR.ISO-8859-9",
        "TZ": "Pacific/Chatham", "SOURCE_DATE_EPOCH": "1", "OMP_NUM_THREADS": "7",
        "ATEN_CPU_CAPABILITY": "default", "NUMBA_OPT": "0",
    }  # fmt: skip


def test_a_figure_is_the_same_bytes_in_hostile_surroundings(undisturbed, tiny, hostile):
    (tiny.folder / "matplotlibrc").write_text(MATPLOTLIBRC)
    tiny.variables.update(hostile)
    before = os.umask(0o077)
    try:
        done = tiny.snakemake("--", "dyna")
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stdout[-3000:]
    made, wanted = tiny.digests(), undisturbed.digests()
    # Three figures as SVG, PDF and PNG, and two tables.
    assert len(made) == 11
    assert made == {path: wanted[path] for path in made}


@pytest.fixture
def of_another(tiny):
    """A clone of another user's, and how to call a command without rights over it."""
    as_root = os.geteuid() == 0
    if as_root and not shutil.which("setpriv"):
        pytest.skip("no setpriv, by which root gives up its rights")
    if as_root:
        for path in [tiny.folder, *tiny.folder.rglob("*")]:
            os.chown(path, 1234, 1234, follow_symlinks=False)
    else:
        tiny.folder.chmod(0o555)
    yield lambda *command: tiny.run(*(["setpriv", RIGHTS] if as_root else []), *command)
    tiny.folder.chmod(0o755)


@pytest.mark.parametrize(
    "command",
    [
        ("snakemake", "-n"), ("snakemake", "--cores", "1"), ("mbmf", "status"),
        ("mbmf", "prune", "--scale", "smoke", "--delete"), ("mbmf", "pipeline"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_clone_of_another_user_is_refused_in_one_line(of_another, tiny, command):
    (tiny.folder / "results/smoke").mkdir(parents=True)
    done = of_another(*command)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout, done.stdout
    (line,) = (line for line in done.stdout.splitlines() if line.startswith(f"{tiny.folder}: "))
    assert re.search("may not write|Permission denied", line)


def test_a_clone_of_another_user_that_a_group_may_write_works(of_another, tiny):
    if os.geteuid() != 0:
        pytest.skip("only root can give a clone to another user")
    for path in [tiny.folder, *tiny.folder.rglob("*")]:
        os.chown(path, 1234, 0, follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o070)
    done = of_another(
        "snakemake", "--cores", "1", "--configfile", "config/smoke.yaml", "--",
        "results/smoke/runs/dyna/provenance.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"{tiny.folder}: belongs to another user, so git does not say" in done.stdout
    made = json.loads((tiny.folder / "results/smoke/runs/dyna/provenance.json").read_text())
    assert made["git_commit"] is None


@pytest.mark.long
def test_the_report_of_an_unfinished_scale_shows_what_is_there(tiny):
    assert "no figure is drawn yet" in tiny.run("mbmf", "report", "--scale", "smoke").stdout
    assert tiny.snakemake("--", "dyna").returncode == 0
    before = tiny.digests()
    done = tiny.run("mbmf", "report", "--scale", "smoke")
    assert done.returncode == 0, done.stdout
    told = done.stdout.splitlines()
    assert told[0] == "results/smoke/report.html"
    unfinished = [line.split(":")[1].strip() for line in told[1:]]
    assert unfinished == [
        "Figure 5",
        "Figure 6",
        "Figure 6e",
        "Figure 7",
        "Figure 9",
        "Trajectories",
    ]
    assert tiny.digests() == before
    page = (tiny.folder / "results/smoke/report/claims.html").read_text()
    assert "Not finished: Figure 5" in page
    assert 'id="claim-dyna_first_episode"' in page
    assert "figure_8_2.svg" in (tiny.folder / "results/smoke/report.html").read_text()
    # What was made from the tables that are there is no finished page.
    assert "claims_page" in tiny.planned("--", "report_pages")
    server = subprocess.Popen(
        ["mbmf", "browse", "--scale", "smoke"],
        cwd=tiny.folder, env=tiny.environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        url = server.stdout.readline().split()[0]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/report\.html", url)
        with urllib.request.urlopen(url) as answer:
            assert b"figure_8_2" in answer.read()
    finally:
        server.terminate()
        server.wait()
