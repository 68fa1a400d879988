"""What the tests share: a small task, and a network that was trained on it for a moment."""

import pytest

import gramian as gm


@pytest.fixture(scope="session")
def task():
    return gm.Regression(d=4, n=12, noise=gm.Uniform(0, 2))


@pytest.fixture(scope="session")
def net(task):
    return gm.train(task, gm.Diag(layers=2), steps=300, batch=128, seed=1, threads=1)
