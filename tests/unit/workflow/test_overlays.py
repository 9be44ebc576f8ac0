"""Which files of configuration a scale stands for."""

from pathlib import Path

import pytest

from mbmf.base.errors import InputError
from mbmf.workflow.overlays import configuration_of, overlays_of

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def repository(tmp_path, monkeypatch):
    (tmp_path / "config").symlink_to(ROOT / "config")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("scale", ["paper", "quick", "smoke"])
def test_a_scale_is_its_overlay(scale):
    overlays = overlays_of(scale, [])
    assert overlays == ([] if scale == "paper" else [Path("config", f"{scale}.yaml")])
    assert configuration_of(overlays).scale == scale


@pytest.mark.parametrize("scale", ["nowhere", "../config/smoke", "a/b", "", "Smoke", "smo\nke"])
def test_no_such_scale(scale):
    with pytest.raises(InputError, match=r"^--scale .*: there is no file '?config/") as caught:
        overlays_of(scale, [])
    assert len(str(caught.value).splitlines()) == 1


def test_an_overlay_elsewhere(tmp_path):
    (tmp_path / "more.yaml").write_text("scale: more\nseeds: [7]\n")
    assert configuration_of(overlays_of("paper", [tmp_path / "more.yaml"])).scale == "more"


def test_no_configuration_at_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(InputError, match="has no folder config; run this in the root of a"):
        overlays_of("smoke", [])
