"""Roll, pitch and yaw from a quaternion, as the ant's state shows them."""

import mujoco
import numpy as np

from mbmf.agents.bodies import _cosines_and_sines


def test_orientation_by_hand():
    half, root = np.sqrt(0.5), np.sqrt(0.75)
    # No turn; a quarter about x; 60° about y (a quarter would leave roll and yaw open);
    # a quarter about z; no turn, the quaternion negative and not of unit length.
    quaternions = [
        [1, 0, 0, 0],
        [half, half, 0, 0],
        [root, 0, 0.5, 0],
        [half, 0, 0, half],
        [-2, 0, 0, 0],
    ]
    # Cosines, then sines, of roll, pitch and yaw.
    expected = [
        [1, 1, 1, 0, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [1, 0.5, 1, 0, root, 0],
        [1, 1, 0, 0, 0, 1],
        [1, 1, 1, 0, 0, 0],
    ]
    got = _cosines_and_sines(np.array(quaternions))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


def test_orientation_undoes_mujocos_euler_angles():
    generator = np.random.default_rng(0)
    angles = generator.uniform([-np.pi, -1.5, -np.pi], [np.pi, 1.5, np.pi], (200, 3))
    quaternions = np.empty((200, 4))
    for quaternion, (roll, pitch, yaw) in zip(quaternions, angles, strict=True):
        mujoco.mju_euler2Quat(quaternion, np.array([yaw, pitch, roll]), "zyx")
    expected = np.hstack([np.cos(angles), np.sin(angles)])
    for scale in (1, -1, 3):
        got = _cosines_and_sines(scale * quaternions)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)
