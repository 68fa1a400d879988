#include "gramian/solvers/spectrum.h"

#include <algorithm>
#include <limits>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"

namespace gramian {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;
using ConstRowMajor =
    Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

// A record: scalars, then the vectors l, b, truth, query [d] each, then the metric.
enum Scalar { kSigma, kRss, kYy, kRank, kScalars };

bool needs_whitening(const RegressionTask& task) {
  return !task.identity_covariance() && task.spec().weights == WeightLaw::inverse_covariance;
}

std::size_t metric_doubles(const RegressionTask& task) {
  const auto d = static_cast<std::size_t>(task.d());
  return task.identity_covariance() || needs_whitening(task) ? 0 : d * d;
}

std::size_t record_doubles(const RegressionTask& task) {
  return kScalars + 4 * static_cast<std::size_t>(task.d()) + metric_doubles(task);
}

}  // namespace

double loss(const Spectrum& prompt, std::span<const double> coordinates, QueryMode query) {
  const auto d = static_cast<std::size_t>(prompt.d);
  GRAMIAN_ASSERT(coordinates.size() == d && prompt.truth.size() == d);
  GRAMIAN_ASSERT(query != QueryMode::sampled || prompt.query.size() == d);
  if (query == QueryMode::sampled) {
    double error = 0;
    for (std::size_t i = 0; i < d; ++i)
      error += (coordinates[i] - prompt.truth[i]) * prompt.query[i];
    return 0.5 * error * error;
  }
  double square = 0;
  for (std::size_t i = 0; i < d; ++i) {
    const double error = coordinates[i] - prompt.truth[i];
    double image = error;
    if (!prompt.metric.empty()) {
      image = 0;
      for (std::size_t j = 0; j < d; ++j)
        image += prompt.metric[i * d + j] * (coordinates[j] - prompt.truth[j]);
    }
    square += error * image;
  }
  return 0.5 * square;
}

SpectrumBatch::SpectrumBatch(const RegressionTask& task, std::size_t prompts)
    : n_(task.n()),
      d_(task.d()),
      size_(prompts),
      metric_size_(metric_doubles(task)),
      stride_(record_doubles(task)),
      records_(prompts * stride_) {
  if (metric_size_ > 0) factor_ = task.factor();
  if (needs_whitening(task)) {
    whitener_ = task.inverse_factor();
    unwhitener_ = task.factor();
  }
}

std::size_t SpectrumBatch::bytes_per_prompt(const RegressionTask& task) {
  return record_doubles(task) * sizeof(double);
}

void SpectrumBatch::fill(const PromptBlock<double>& block, int count, std::size_t first) {
  GRAMIAN_ASSERT(count >= 0 && count <= kLanes && first + count <= size_ && block.d == d_);
  const auto element = [&](const AlignedArray<double>& array, int index, int lane) {
    return array[static_cast<std::size_t>(index * kLanes + lane)];
  };
  Matrix sigma(d_, d_);
  Vector alpha(d_), truth(d_), query(d_);
  Eigen::SelfAdjointEigenSolver<Matrix> eigen(d_);

  for (int lane = 0; lane < count; ++lane) {
    for (int i = 0; i < d_; ++i) {
      for (int j = 0; j < d_; ++j) sigma(i, j) = element(block.gram, i * (d_ + 1) + j, lane);
      alpha(i) = element(block.gram, i * (d_ + 1) + d_, lane);
      truth(i) = element(block.truth, i, lane);
      query(i) = element(block.query, i, lane);
    }
    const double yy = element(block.gram, d_ * (d_ + 1) + d_, lane);

    // K = S: with z = C^-1 x the prior of C^T w is N(0, I), and V = C^-T U.
    if (!whitener_.empty()) {
      const ConstRowMajor inverse(whitener_.data(), d_, d_), factor(unwhitener_.data(), d_, d_);
      sigma = inverse * sigma * inverse.transpose();
      alpha = inverse * alpha;
      query = inverse * query;
      truth = factor.transpose() * truth;
    }
    eigen.compute(sigma);
    const Matrix& basis = eigen.eigenvectors();

    double* record = records_.data() + (first + static_cast<std::size_t>(lane)) * stride_;
    Eigen::Map<Vector> eigenvalues(record + kScalars, d_), moments(record + kScalars + d_, d_);
    eigenvalues = eigen.eigenvalues();
    moments.noalias() = basis.transpose() * alpha;
    Eigen::Map<Vector>(record + kScalars + 2 * d_, d_).noalias() = basis.transpose() * truth;
    Eigen::Map<Vector>(record + kScalars + 3 * d_, d_).noalias() = basis.transpose() * query;

    // At most n eigenvalues are not zero; what rounding leaves of the others would
    // turn b / l into noise.
    const double smallest = 16 * d_ * std::numeric_limits<double>::epsilon() * eigenvalues(d_ - 1);
    int rank = d_;
    double explained = 0;
    for (int i = 0; i < d_; ++i) {
      if (i < d_ - n_ || eigenvalues(i) <= smallest) {
        eigenvalues(i) = moments(i) = 0;
        --rank;
      } else {
        explained += moments(i) * moments(i) / eigenvalues(i);
      }
    }
    record[kSigma] = block.sigma[static_cast<std::size_t>(lane)];
    record[kRss] = n_ > rank ? std::max(0.0, yy - explained) : 0.0;
    record[kYy] = yy;
    record[kRank] = rank;

    if (metric_size_ > 0) {
      const Matrix root = ConstRowMajor(factor_.data(), d_, d_).transpose() * basis;
      Eigen::Map<Matrix>(record + kScalars + 4 * d_, d_, d_).noalias() = root.transpose() * root;
    }
  }
}

Spectrum SpectrumBatch::operator[](std::size_t index) const {
  GRAMIAN_ASSERT(index < size_);
  const double* record = records_.data() + index * stride_;
  const auto d = static_cast<std::size_t>(d_);
  const auto vector = [&](std::size_t k) { return std::span(record + kScalars + k * d, d); };
  return {.n = n_,
          .d = d_,
          .rank = static_cast<int>(record[kRank]),
          .sigma = record[kSigma],
          .rss = record[kRss],
          .yy = record[kYy],
          .eigenvalues = vector(0),
          .moments = vector(1),
          .truth = vector(2),
          .query = vector(3),
          .metric = std::span(record + kScalars + 4 * d, metric_size_)};
}

}  // namespace gramian
