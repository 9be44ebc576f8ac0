"""Executing notebooks: by the Python that runs, whatever Jupyter knows beside it."""

import json
import os
import sys

import nbformat
import papermill
import pytest

from mbmf.report.execute_notebook import execute_notebook


def notebook_of(path, source):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """A kernel `python3` that comes before all others in Jupyter's path, and ends at once."""
    folder = tmp_path / "jupyter/kernels/python3"
    folder.mkdir(parents=True)
    spec = {"argv": ["false", "{connection_file}"], "display_name": "other", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))


@pytest.mark.usefixtures("foreign")
def test_the_kernel_is_the_running_python(tmp_path):
    notebook = notebook_of(tmp_path / "in.ipynb", "import sys\nprint(sys.executable, 7)")
    execute_notebook(notebook, tmp_path / "out.ipynb", {"word": "given"})
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    parameters, cell = executed.cells
    assert "word = " in parameters.source
    assert cell.outputs[0].text == f"{sys.executable} 7\n"


def test_a_cell_that_fails_leaves_no_notebook(tmp_path):
    notebook = notebook_of(tmp_path / "in.ipynb", "1 / 0")
    with pytest.raises(papermill.PapermillExecutionError, match="ZeroDivisionError"):
        execute_notebook(notebook, tmp_path / "out.ipynb", {})
    assert [path.name for path in tmp_path.iterdir()] == ["in.ipynb"]


def test_nothing_of_the_users_runs_in_the_kernel(tmp_path, monkeypatch):
    """Start-up files of IPython and Python, another backend, a home without rights."""
    startup = tmp_path / "ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("word = 'of IPython'\n")
    (tmp_path / "start.py").write_text("word = 'of Python'\n")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "start.py"))
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    monkeypatch.setenv("HOME", "/dev/null")
    source = "import os\nprint('word' in globals(), os.environ['MPLBACKEND'])"
    notebook = notebook_of(tmp_path / "in.ipynb", source)
    execute_notebook(notebook, tmp_path / "out.ipynb", {})
    (cell,) = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells
    assert cell.outputs[0].text == "False module://matplotlib_inline.backend_inline\n"
    assert os.environ["MPLBACKEND"] == "nonsense"
