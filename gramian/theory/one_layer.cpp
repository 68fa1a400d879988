#include "gramian/theory/one_layer.h"

#include <cmath>
#include <limits>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/random/uniforms.h"

namespace gramian {

namespace {

constexpr int kOneLayerStarts = 4;        // the first is gradient descent
constexpr int kMostAlternations = 2'000;  // of one start
constexpr double kLeastGain = 1e-13;      // relative; below it a search ends

// E G M G for a symmetric M.
Eigen::MatrixXd wishart_square(const Eigen::MatrixXd& token, const Eigen::MatrixXd& m, double n) {
  const Eigen::MatrixXd product = token * m;
  return n * (n + 1) * (product * token) + n * product.trace() * token;
}

class PoolMoments {
 public:
  explicit PoolMoments(const RegressionTask& task)
      : n_(task.n()), d_(task.d()), inputs_(Eigen::MatrixXd::Identity(d_, d_)) {
    const TaskSpec& spec = task.spec();
    GRAMIAN_ASSERT(spec.pool > 0 && spec.noise.is_constant());
    GRAMIAN_ASSERT(spec.inputs == InputLaw::gaussian);
    if (!spec.covariance.empty())
      inputs_ = Eigen::Map<const RowMajorMatrix>(spec.covariance.data(), d_, d_);
    const double noise = spec.noise.mean_square();
    for (int k = 0; k < spec.pool; ++k) {
      const Eigen::VectorXd w = Eigen::Map<const Eigen::VectorXd>(task.pool().data() + k * d_, d_);
      Eigen::MatrixXd token(d_ + 1, d_ + 1);
      token.topLeftCorner(d_, d_) = inputs_;
      token.col(d_).head(d_) = inputs_ * w;
      token.row(d_).head(d_) = token.col(d_).head(d_).transpose();
      token(d_, d_) = w.dot(inputs_ * w) + noise;
      weights_.push_back(w);
      tokens_.push_back(std::move(token));
    }
    signal_ = task.mean_square_signal();
  }

  // The best A for this p, and the loss with it.
  double solve_a(const Eigen::VectorXd& p, Eigen::MatrixXd& a) const {
    Eigen::MatrixXd square = Eigen::MatrixXd::Zero(d_ + 1, d_ + 1),
                    cross = Eigen::MatrixXd::Zero(d_ + 1, d_);
    sum_for_p(p, square, cross);
    a = Eigen::LDLT<Eigen::MatrixXd>(square).solve(cross);
    return loss(square, cross, a);
  }

  // The best p for this A.
  Eigen::VectorXd solve_p(const Eigen::MatrixXd& a) const {
    const Eigen::MatrixXd image = a * inputs_;  // A S
    const Eigen::MatrixXd m = image * a.transpose();
    Eigen::MatrixXd square = Eigen::MatrixXd::Zero(d_ + 1, d_ + 1);
    Eigen::VectorXd cross = Eigen::VectorXd::Zero(d_ + 1);
    for (std::size_t k = 0; k < tokens_.size(); ++k) {
      square += wishart_square(tokens_[k], m, n_);
      cross += n_ * (tokens_[k] * (image * weights_[k]));
    }
    return Eigen::LDLT<Eigen::MatrixXd>(square).solve(cross);
  }

  double loss(const Eigen::VectorXd& p, const Eigen::MatrixXd& a) const {
    Eigen::MatrixXd square = Eigen::MatrixXd::Zero(d_ + 1, d_ + 1),
                    cross = Eigen::MatrixXd::Zero(d_ + 1, d_);
    sum_for_p(p, square, cross);
    return loss(square, cross, a);
  }

 private:
  // Means over the pool of E G p p^T G and of E G p w^T.
  void sum_for_p(const Eigen::VectorXd& p, Eigen::MatrixXd& square, Eigen::MatrixXd& cross) const {
    for (std::size_t k = 0; k < tokens_.size(); ++k) {
      const Eigen::VectorXd image = tokens_[k] * p;
      square += n_ * (n_ + 1) * (image * image.transpose()) + n_ * p.dot(image) * tokens_[k];
      cross += n_ * (image * weights_[k].transpose());
    }
    square /= static_cast<double>(tokens_.size());
    cross /= static_cast<double>(tokens_.size());
  }

  double loss(const Eigen::MatrixXd& square, const Eigen::MatrixXd& cross,
              const Eigen::MatrixXd& a) const {
    const Eigen::MatrixXd image = a * inputs_;
    return 0.5 * ((a.transpose() * square * image).trace() - 2 * cross.cwiseProduct(image).sum() +
                  signal_);
  }

  double n_;
  Eigen::Index d_;
  Eigen::MatrixXd inputs_;  // S
  double signal_;           // E w^T S w
  std::vector<Eigen::VectorXd> weights_;
  std::vector<Eigen::MatrixXd> tokens_;  // T of each vector of the pool
};

// Gradient descent's p, or one that reads inputs too.
Eigen::VectorXd start_of(int start, Eigen::Index d) {
  Eigen::VectorXd p = Eigen::VectorXd::Unit(d + 1, d);
  if (start == 0) return p;
  Uniforms uniforms({.seed = 0, .stream = kInitialStream}, static_cast<std::size_t>(start));
  for (Eigen::Index i = 0; i < d; ++i) p[i] = 0.5 * uniforms.normal();
  return p;
}

}  // namespace

double one_layer_loss(const RegressionTask& task, const OneLayer& layer) {
  const Eigen::Index d = task.d();
  GRAMIAN_ASSERT(layer.p.size() == static_cast<std::size_t>(d + 1));
  GRAMIAN_ASSERT(layer.a.size() == static_cast<std::size_t>((d + 1) * d));
  return PoolMoments(task).loss(Eigen::Map<const Eigen::VectorXd>(layer.p.data(), d + 1),
                                Eigen::Map<const RowMajorMatrix>(layer.a.data(), d + 1, d));
}

OneLayerOptimum best_one_layer(const RegressionTask& task) {
  const PoolMoments moments(task);
  const Eigen::Index d = task.d();
  OneLayerOptimum best{.layer = {}, .loss = std::numeric_limits<double>::infinity()};
  for (int start = 0; start < kOneLayerStarts; ++start) {
    Eigen::VectorXd p = start_of(start, d);
    Eigen::MatrixXd a;
    double loss = moments.solve_a(p, a);
    for (int k = 0; k < kMostAlternations; ++k) {
      Eigen::VectorXd next = moments.solve_p(a);
      next.normalize();  // A takes the scale
      Eigen::MatrixXd next_a;
      const double next_loss = moments.solve_a(next, next_a);
      if (!(next_loss < loss)) break;
      const double gain = loss - next_loss;
      p = std::move(next);
      a = std::move(next_a);
      loss = next_loss;
      if (gain < kLeastGain * loss) break;
    }
    if (loss >= best.loss) continue;
    const RowMajorMatrix rows = a;
    best = {.layer = {.p = {p.data(), p.data() + p.size()},
                      .a = {rows.data(), rows.data() + rows.size()}},
            .loss = loss};
  }
  return best;
}

}  // namespace gramian
