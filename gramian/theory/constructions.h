// Weights set by formula: algorithms that a linear transformer can run, each with its equation.
// Each is tested against the algorithm written out (tests/theory/constructions_test.cpp).
//
//   const Network network = network_of(constructions::gradient_descent(6, 0.02), 10);
//
// All are diagonal (eq. 10 of Vladymyrov et al. 2024), in units of the G that a layer sees: for
// plain sums (ContextScale::sum) a step is of size 1 / (largest eigenvalue of sum x x^T), for means
// it is n times that.
//
// Letters: S, alpha, lambda the parts of G; w* = S^-1 alpha, rho the sum of squared residuals of
// w*; l an eigenvalue of S. M, u, a, w as in theory/implicit.h.
#pragma once

#include <span>
#include <vector>

#include "gramian/models/network.h"

namespace gramian {

// A network of kind diag with these layers, of which there must be one at least.
Network network_of(std::span<const Omega> layers, int d, ContextScale scale = ContextScale::sum);

namespace constructions {

// w' = w + step (alpha - S w), from w = 0: omega_yx = -step and nothing else, so that M = I, u = 0,
// a = 1 stay.
std::vector<Omega> gradient_descent(int steps, double step);

// GD++: gradient descent in inputs that are corrected on the way,
//
//     M' = (I - curvature M S M) M,    w' = w + step M^2 (alpha - S w)
//
// where M is symmetric, being a polynomial in S:
// omega_xx = -curvature, omega_yx = -step.
struct CorrectedStep {
  double step = 0;
  double curvature = 0;
};
std::vector<Omega> corrected_descent(std::span<const CorrectedStep> layers);

// Theorem 5.1: S has its eigenvalues in [mu, nu], kappa = nu / mu. The network has layers with
// curvature = 1 / (3 nu) and no step, after each of which mu and nu are those of M S M, and then
// one step of size 1 / mu:
//
//     |w - w*| <= epsilon |w*|    after O(log kappa + log log 1/epsilon) layers
//
// The last step leaves a share 1 - l / mu in [1 - kappa, 0] of each component in the eigenbasis of
// S. So kappa need only fall to 1 + epsilon, not to 1 + epsilon / (2 kappa) as in the paper.
// Errors: numeric, unless 0 < mu <= nu and epsilon >= kLeastPrecision (rounding would not let kappa
// fall further).
inline constexpr double kLeastPrecision = 1e-14;
Expected<std::vector<Omega>> second_order(double mu, double nu, double epsilon);
// Lemma A.3: the condition number after one of those layers, kappa (4/9) / (1 - 1 / (3 kappa))^2.
double corrected_condition(double kappa);

// Momentum (Lemma 4.4 with omega_xx = omega_yy = 0): to first order in the signal alpha, where M =
// I and a = 1,
//
//     h = alpha - S w + rho u,    w' = w + step h,    u' = u + gathering h
//
// with omega_yx = -step and omega_xy = gathering. Then h' = ((1 + gathering rho) I - step S) h: the
// direction h is kept by the factor 1 + gathering rho, which depends on the noise through rho. What
// is left out is of relative size |alpha|^2.
struct MomentumStep {
  double step = 0;
  double gathering = 0;
};
std::vector<Omega> momentum(std::span<const MomentumStep> layers);

// With step and gathering = -step penalty the same in every layer, rho u = -penalty rho w, and the
// iteration is gradient descent on ridge regression, whose penalty is read off the residuals:
//
//     w' = w + step (alpha - (S + penalty rho I) w)
//
// to first order in alpha, as above. It tends to ADARR for penalty = 1 / (n - d).
std::vector<Omega> adaptive_ridge(int layers, double step, double penalty);

// With step and gathering free in each layer K layers can be any polynomial in S of degree K - 1,
// to first order in alpha and for one rho:
//
//     w^K = step sum_k c_k (I - step S)^k alpha
//
//     step_k = step e_k,  gathering_k = (e_k - 1) / rho,    e_0 = c_0,  e_k = c_k / c_{k-1}
//
// Every c_k and rho must differ from 0; c_k = 1 is gradient descent.
std::vector<Omega> polynomial(std::span<const double> c, double step, double rho);

// The c_k of K steps of heavy ball,  v' = momentum v + (alpha - S w),  w' = w + step v',  from 0.
// Momentum >= 0. A network with these layers has the w of heavy ball after all K layers; in between
// it has not, from the third step on, since the directions h of a network have their roots in
// common and those of heavy ball do not.
std::vector<double> heavy_ball_polynomial(int steps, double momentum);

// Theorem 5.2: two layers that are optimal ridge regression at two noise levels, for x ~ N(0, I/n)
// and n -> infinity, where S -> I and lambda^1 / n -> sigma^2:
//
//     omega_yx = -(1 + s1 + s2) / ((1 + s1) (1 + s2)),   then  n omega_yy = -1 / (1 + s1 + s2)
//
// with s1, s2 the two values of sigma^2. Then
//
//     w^2 = -omega_yx (1 + omega_yy lambda^1) alpha,   which is  alpha / (1 + s)  at s1 and at s2
std::vector<Omega> two_noise_levels(double sigma1, double sigma2, int n);

// Section 5.2: a step, then a layer with omega_yy = -shrinkage alone:
//
//     w^2 = (1 - shrinkage lambda^1) step alpha,    lambda^1 = (w* - w^1)^T S (w* - w^1) + rho
//
// The noisier the prompt, the smaller its weights.
std::vector<Omega> shrunk_step(double step, double shrinkage);

// Section 5.3: a layer with omega_xy = -adaptation alone, then a step:
//
//     w^2 = step (1 - adaptation lambda) alpha,    lambda = sum y^2
//
// exactly. (The paper has sum r^2 in place of lambda: it leaves out w*^T S w*.)
std::vector<Omega> noise_dependent_step(double step, double adaptation);

}  // namespace constructions
}  // namespace gramian
