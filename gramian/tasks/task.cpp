#include "gramian/tasks/task.h"

#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/random/uniforms.h"

namespace gramian {

namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Fills the Cholesky factor C of S and its inverse.
Status factorise(const std::vector<double>& covariance, int d, std::vector<double>& factor,
                 std::vector<double>& inverse) {
  const Eigen::Map<const Matrix> s(covariance.data(), d, d);
  const double largest = s.cwiseAbs().maxCoeff();
  for (int i = 0; i < d; ++i) {
    for (int j = 0; j < d; ++j) {
      if (!std::isfinite(s(i, j))) {
        return fail(ErrorKind::config,
                    "[task.covariance] must be finite, got {} at row {}, column {}", s(i, j), i, j);
      }
      if (std::abs(s(i, j) - s(j, i)) > 1e-9 * largest) {
        return fail(ErrorKind::config,
                    "[task.covariance] must be symmetric, got {} at ({}, {}) and {} at ({}, {})",
                    s(i, j), i, j, s(j, i), j, i);
      }
    }
  }
  const Eigen::LLT<Matrix> cholesky(s);
  const bool positive =
      cholesky.info() == Eigen::Success && cholesky.matrixLLT().diagonal().minCoeff() > 0;
  if (!positive) return fail(ErrorKind::config, "[task.covariance] must be positive definite");
  const Matrix c = cholesky.matrixL();
  const Matrix c_inverse = c.triangularView<Eigen::Lower>().solve(Matrix::Identity(d, d));
  factor.assign(c.data(), c.data() + d * d);
  inverse.assign(c_inverse.data(), c_inverse.data() + d * d);
  return {};
}

// K vectors N(0, I) or, with C^-1, N(0, S^-1) = C^-T N(0, I): [K, d].
std::vector<double> draw_pool(const TaskSpec& spec, const std::vector<double>& inverse_factor) {
  const auto d = static_cast<std::size_t>(spec.d), size = static_cast<std::size_t>(spec.pool);
  const bool shaped = spec.weights == WeightLaw::inverse_covariance && !inverse_factor.empty();
  std::vector<double> pool(size * d);
  for (std::size_t k = 0; k < size; ++k) {
    Uniforms uniforms({.seed = spec.pool_seed, .stream = kPoolStream}, k);
    Eigen::Map<Eigen::VectorXd> w(pool.data() + k * d, spec.d);
    for (double& entry : w) entry = uniforms.normal();
    if (shaped) w = Eigen::Map<const Matrix>(inverse_factor.data(), spec.d, spec.d).transpose() * w;
  }
  return pool;
}

}  // namespace

template <class T>
PromptBlock<T>::PromptBlock(int dimension)
    : d(dimension),
      gram(static_cast<std::size_t>(d + 1) * (d + 1) * kLanes),
      truth(static_cast<std::size_t>(d) * kLanes),
      query(static_cast<std::size_t>(d) * kLanes),
      sigma(kLanes) {
  GRAMIAN_ASSERT(dimension >= 1);
}

template struct PromptBlock<float>;
template struct PromptBlock<double>;

Expected<RegressionTask> RegressionTask::create(TaskSpec spec) {
  if (spec.d < 1 || spec.d > kMaxDimension) {
    return fail(ErrorKind::config, "[task.d] must be in [1, {}], got {}", kMaxDimension, spec.d);
  }
  if (spec.n < 1 || spec.n > kMaxContext) {
    return fail(ErrorKind::config, "[task.n] must be in [1, {}], got {}", kMaxContext, spec.n);
  }
  if (spec.pool < 0 || spec.pool > kMaxPool) {
    return fail(ErrorKind::config, "[task.pool] must be in [0, {}], got {}", kMaxPool, spec.pool);
  }
  RegressionTask task;
  const auto size = static_cast<std::size_t>(spec.d) * static_cast<std::size_t>(spec.d);
  if (!spec.covariance.empty()) {
    if (spec.covariance.size() != size) {
      return fail(ErrorKind::config, "[task.covariance] must have d x d = {} entries, got {}", size,
                  spec.covariance.size());
    }
    GRAMIAN_TRY(factorise(spec.covariance, spec.d, task.factor_, task.inverse_factor_));
  }
  if (spec.sampler == SamplerKind::gram && spec.inputs != InputLaw::gaussian) {
    return fail(
        ErrorKind::config,
        "[task.sampler] gram needs [task.inputs] gaussian: only then is the Gram matrix Wishart");
  }
  task.direct_ = spec.sampler != SamplerKind::tokens && spec.inputs == InputLaw::gaussian;
  const double draws = static_cast<double>(spec.n) * (spec.d + 4);
  if (!task.direct_ && draws > kMaxTokenNumbers) {
    return fail(
        ErrorKind::config,
        "[task.n] = {} is too long a context for the token sampler: n (d + 4) must be <= {}",
        spec.n, kMaxTokenNumbers);
  }
  task.pool_ = draw_pool(spec, task.inverse_factor_);
  task.spec_ = std::move(spec);
  return task;
}

Expected<double> RegressionTask::scalar_covariance() const {
  if (identity_covariance()) return 1;
  const auto d = static_cast<std::size_t>(spec_.d);
  const double variance = spec_.covariance.front();
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      const double entry = spec_.covariance[i * d + j];
      if (std::abs(entry - (i == j ? variance : 0)) <= 1e-12 * variance) continue;
      return fail(
          ErrorKind::config,
          "closed forms need [task.covariance] to be a multiple of I, got {} at row {}, column {}",
          entry, i, j);
    }
  }
  return variance;
}

double RegressionTask::mean_square_signal() const {
  const auto d = static_cast<std::size_t>(spec_.d);
  const std::vector<double>& s = spec_.covariance;
  double sum = 0;
  if (pool_.empty()) {
    if (s.empty() || spec_.weights == WeightLaw::inverse_covariance) return spec_.d;
    for (std::size_t i = 0; i < d; ++i) sum += s[i * d + i];
    return sum;
  }
  for (std::size_t k = 0; k < pool_.size(); k += d) {
    const Eigen::Map<const Eigen::VectorXd> w(pool_.data() + k, spec_.d);
    sum += s.empty() ? w.squaredNorm()
                     : w.dot(Eigen::Map<const Matrix>(s.data(), spec_.d, spec_.d) * w);
  }
  return sum / spec_.pool;
}

RegressionTask RegressionTask::with_noise(NoisePrior noise) const {
  RegressionTask copy = *this;
  copy.spec_.noise = std::move(noise);
  return copy;
}

RegressionTask RegressionTask::with_context(int n) const {
  GRAMIAN_ASSERT(n >= 1);
  TaskSpec spec = spec_;
  spec.n = n;
  return create(std::move(spec)).value();
}

RegressionTask RegressionTask::without_pool() const {
  RegressionTask copy = *this;
  copy.spec_.pool = 0;
  copy.pool_.clear();
  return copy;
}

}  // namespace gramian
