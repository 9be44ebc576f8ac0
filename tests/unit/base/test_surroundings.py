"""What counts of a user's variables."""

from mbmf.base.surroundings import IGNORED, PINNED, settle


def test_what_does_not_count_is_gone_and_all_else_stays():
    kept = {
        "HOME": "/home/me",
        "MUJOCO_GL": "egl",
        "CUDA_VISIBLE_DEVICES": "1",
        "PYTHONPATH": "src",
    }
    environment = kept | dict.fromkeys(IGNORED, "mine") | {"PYTHONUTF8": "0"}
    settle(environment)
    assert environment == kept | PINNED
