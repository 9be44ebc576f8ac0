"""Calls of `mbmf`, and how wrong input is answered."""

import json

RANDOM = {"rollouts": 2, "validation_rollouts": 1, "steps": 5}


def random_data(**changes):
    options = {"agent": "swimmer", "settings": json.dumps(RANDOM), "seed": 0, "output": "d.st"}
    return ["random-data", *(f"--{key}={value}" for key, value in (options | changes).items())]


def assert_one_line(answer, tmp_path):
    status, out, err = answer
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())
    return err
