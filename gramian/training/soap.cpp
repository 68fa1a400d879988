#include "gramian/training/soap.h"

#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"

namespace gramian {

namespace {

constexpr double kMemory = 0.95;       // of the means of g g^T and g^T g
constexpr std::int64_t kRefresh = 10;  // steps between two eigendecompositions
constexpr double kLeast = 1e-8;        // of sqrt(v), as a share of the largest
constexpr std::int64_t kFirst = 5;     // steps of plain Adam: the means have rank one at first

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace

struct Soap::Workspace {
  explicit Workspace(std::size_t rows)
      : size(static_cast<Eigen::Index>(rows)),
        half(size, size),
        rotated(size, size),
        solver(size) {}
  Eigen::Map<const Matrix> matrix(const std::vector<double>& list, std::size_t index) const {
    return {list.data() + index * entries(), size, size};
  }
  Eigen::Map<Matrix> matrix(std::vector<double>& list, std::size_t index) const {
    return {list.data() + index * entries(), size, size};
  }
  std::size_t entries() const { return static_cast<std::size_t>(size * size); }

  Eigen::Index size;
  Matrix half, rotated;
  Eigen::SelfAdjointEigenSolver<Matrix> solver;
};

Soap::Soap(std::size_t rows) : workspace_(std::make_unique<Workspace>(rows)) {}

Soap::~Soap() = default;

SoapState Soap::initial(std::size_t parameters) const {
  GRAMIAN_ASSERT(parameters % workspace_->entries() == 0);
  const std::vector<double> zero(parameters, 0.0);
  SoapState state{zero, zero, zero, zero};
  for (std::size_t k = 0; k < parameters / workspace_->entries(); ++k) {
    workspace_->matrix(state.left_basis, k).setIdentity();
    workspace_->matrix(state.right_basis, k).setIdentity();
  }
  return state;
}

void Soap::step(const OptimiserSpec& spec, double rate, const std::vector<double>& gradient,
                AdamState& adam, SoapState& state, std::vector<double>& theta) {
  Workspace& work = *workspace_;
  GRAMIAN_ASSERT(gradient.size() == theta.size() && state.left.size() == theta.size());
  adam.step += 1;
  const double t = static_cast<double>(adam.step);
  const double first_scale = 1 / (1 - std::pow(spec.beta1, t));
  const double second_scale = 1 / (1 - std::pow(spec.beta2, t));
  const bool refresh = adam.step > kFirst && adam.step % kRefresh == 1;
  for (std::size_t k = 0; k < theta.size() / work.entries(); ++k) {
    const auto g = work.matrix(gradient, k);
    auto first = work.matrix(adam.first, k), second = work.matrix(adam.second, k),
         w = work.matrix(theta, k);
    auto left = work.matrix(state.left, k), right = work.matrix(state.right, k);
    auto u = work.matrix(state.left_basis, k), v = work.matrix(state.right_basis, k);

    left *= kMemory;
    left.noalias() += (1 - kMemory) * g * g.transpose();
    right *= kMemory;
    right.noalias() += (1 - kMemory) * g.transpose() * g;
    if (refresh) {
      u = work.solver.compute(left).eigenvectors();
      v = work.solver.compute(right).eigenvectors();
    }

    work.half.noalias() = u.transpose() * g;
    work.rotated.noalias() = work.half * v;
    second += (1 - spec.beta2) * (work.rotated.cwiseAbs2() - second);
    first += (1 - spec.beta1) * (g - first);
    work.half.noalias() = u.transpose() * first;
    work.rotated.noalias() = work.half * v;
    // A direction without influence has a gradient of rounding errors, which must not become a
    // step.
    const double floor = spec.epsilon + kLeast * std::sqrt(second.maxCoeff() * second_scale);
    work.rotated.array() *= first_scale / ((second.array() * second_scale).sqrt() + floor);
    work.half.noalias() = u * work.rotated;
    if (spec.weight_decay > 0) w *= 1 - rate * spec.weight_decay;
    w.noalias() -= rate * work.half * v.transpose();
  }
}

}  // namespace gramian
