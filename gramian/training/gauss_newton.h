// Stochastic Gauss-Newton steps for networks with few parameters (DIAG and GD++ have 4L and 2L).
//
//     delta = -rate (C + damping diag C)^-1 m,    C = mean of E[J^T W J],  m = mean gradient
//
// with J = dw^L/dtheta the derivative of the implicit weights of a prompt, and W the curvature of
// the loss in w^L (S, times the weight of the robust loss). C comes from one backward pass more:
// for a random cotangent v with E[v v^T] = W, the mean of (J^T v)(J^T v)^T is C. The loss of a deep
// network falls over many orders of magnitude along narrow valleys, where Adam crawls.
//
// A step may change the predictions of the batch by no more than a fraction of their error
// (root mean square, to first order): a trust region in the units of the problem.
//
// Shapes: theta and m are [parameters], C is [parameters, parameters].
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace gramian {

struct GaussNewtonSpec {
  double first_share = 0.3;  // of the steps are Adam's: it finds the valley
  double rate = 0.3;         // of a step at its height; follows the schedule of the optimiser
  double trust = 0.1;        // bound on the change of predictions, as a fraction of their error
  double damping = 1e-4;     // relative to the diagonal of C
  double memory = 0.95;      // share of the old C that stays in each step
};

// At most so many parameters: a step costs parameters^2 per prompt, and parameters^3.
inline constexpr std::size_t kMaxGaussNewtonParameters = 512;

struct GaussNewtonState {
  std::vector<double>
      curvature;  // C, row-major [parameters, parameters]; empty before the first step
  std::vector<double> momentum;  // m, biased towards zero as Adam's is
  std::int64_t step = 0;         // steps done
};

class GaussNewton {
 public:
  explicit GaussNewton(std::size_t parameters);
  ~GaussNewton();

  // sample: this step's estimate of C, row-major, both triangles. height: of the schedule, in
  // [0, 1]. error: root mean square of the residuals. Updates theta and state. Requires: sizes of
  // the constructor's parameters (asserted). Cost: parameters^3 / 3; allocates nothing.
  void step(const GaussNewtonSpec& spec, double beta1, double height, double error,
            const std::vector<double>& gradient, const std::vector<double>& sample,
            GaussNewtonState& state, std::vector<double>& theta);

 private:
  struct Workspace;  // matrices of Eigen, which the header keeps out of its users
  std::unique_ptr<Workspace> workspace_;
};

}  // namespace gramian
