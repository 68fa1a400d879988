"""A network as a regressor of scikit-learn (the extra `sklearn`)."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _core
from ._network import Network
from ._specs import Diag, Regression


class InContextRegressor(RegressorMixin, BaseEstimator):
    """Linear regression that adapts to the noise, by a trained network, without anything to tune.

    The rows that fit() is given become the context of one prompt (docs/predict.md): inputs are
    standardised, the target is centred and scaled to what the network was trained on.

    network: a gramian.Network for as many inputs as X has columns, or None: fit() then trains a
        small one for X (`layers` layers of DIAG, `steps` steps, some seconds for ten columns)
    task: what the network was trained on (gramian.Regression); None: the usual one with its d and n
    whiten: decorrelate the inputs too

    After fit: coef_, intercept_, n_features_in_, network_, exploded_.

    >>> from sklearn.datasets import make_regression
    >>> X, y = make_regression(n_samples=60, n_features=3, noise=5, random_state=0)
    >>> InContextRegressor(steps=300).fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(self, network: Network | None = None, task: Regression | None = None,
                 whiten: bool = False, layers: int = 3, steps: int = 1000, seed: int = 0):
        self.network = network
        self.task = task
        self.whiten = whiten
        self.layers = layers
        self.steps = steps
        self.seed = seed

    def fit(self, X, y):
        from ._lab import train

        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
        d = X.shape[1]
        if self.network is None:
            task = self.task or Regression(d=d, n=max(20, 2 * d))
            network = train(task, Diag(layers=self.layers), steps=self.steps, seed=self.seed)
        else:
            network = self.network
            if network.d != d:
                raise ValueError(f"X has {d} features, but the network has d = {network.d}")
            task = self.task or Regression(d=d, n=network.n or max(20, 2 * d))
        self.intercept_, self.coef_, self.exploded_ = _core.fit_rows(
            network._core, task.settings(), self.whiten, np.ascontiguousarray(X),
            np.ascontiguousarray(y, dtype=np.float64))
        self.network_ = network
        return self

    def predict(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return X @ self.coef_ + self.intercept_
