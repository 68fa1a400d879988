"""InContextRegressor by the rules of scikit-learn."""

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.datasets import load_diabetes  # noqa: E402
from sklearn.linear_model import LinearRegression  # noqa: E402
from sklearn.model_selection import cross_val_score  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

import gramian as gm  # noqa: E402
from gramian.sklearn import InContextRegressor  # noqa: E402


@parametrize_with_checks([InContextRegressor(layers=2, steps=60)])
def test_estimator_contract(estimator, check):
    check(estimator)


def test_real_rows():
    X, y = load_diabetes(return_X_y=True)
    net = gm.train(gm.Regression(d=10, n=40), gm.Diag(layers=3), steps=400, batch=512)
    regressor = InContextRegressor(net).fit(X, y)
    assert not regressor.exploded_ and regressor.coef_.shape == (10,)
    ours = cross_val_score(InContextRegressor(net), X, y, cv=5).mean()
    theirs = cross_val_score(LinearRegression(), X, y, cv=5).mean()
    assert ours > theirs - 0.05       # R^2 of about 0.48 both
    with pytest.raises(ValueError, match="X has 3 features, but the network has d = 10"):
        InContextRegressor(net).fit(X[:, :3], y)


def test_it_is_what_the_program_predicts():
    """The linear model is scale-free: other units of X and y give the same predictions."""
    X, y = load_diabetes(return_X_y=True)
    net = gm.train(gm.Regression(d=10, n=40), gm.Diag(layers=2), steps=100, batch=256)
    here = InContextRegressor(net).fit(X, y).predict(X)
    there = InContextRegressor(net).fit(100 * X + 3, 5 * y - 2).predict(100 * X + 3)
    np.testing.assert_allclose(5 * here - 2, there, rtol=1e-9)
