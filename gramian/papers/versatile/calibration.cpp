#include "gramian/papers/versatile/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "gramian/base/decompositions.h"
#include "gramian/papers/versatile/setting.h"

namespace gramian::versatile {

namespace {

constexpr std::array<const char*, 3> kControls{"constrr", "adarr", "tunedrr"};

double square(double x) { return x * x; }

// Covariance of two means over the paper's prompts; NaN if it is not known.
double mean_covariance(const Scores& scores, const char* one, const char* other) {
  return scores.single_query_covariances.of(one, other).value_or(kUnknown) /
         static_cast<double>(kPaperPrompts);
}

// The published solvers of a problem: C_ss + R, and r.
struct Controls {
  Eigen::MatrixXd covariance;
  Eigen::VectorXd shift;
};
constexpr Eigen::Index kControlCount = kControls.size();

// Nothing without noise, and where something is not known or not finite.
std::optional<Controls> controls_of(const Scores& scores, const Problem& problem) {
  if (problem.noiseless()) return std::nullopt;
  Controls controls{Eigen::MatrixXd(kControlCount, kControlCount), Eigen::VectorXd(kControlCount)};
  for (Eigen::Index i = 0; i < kControlCount; ++i) {
    const char* name = kControls[static_cast<std::size_t>(i)];
    const auto ours = scores.adjusted.find(name);
    if (ours == scores.adjusted.end()) return std::nullopt;
    const Published paper = published(name, problem);
    for (Eigen::Index j = 0; j < kControlCount; ++j) {
      controls.covariance(i, j) =
          mean_covariance(scores, name, kControls[static_cast<std::size_t>(j)]);
    }
    controls.covariance(i, i) += square(paper.rounding_error()) + square(ours->second.se);
    controls.shift[i] = paper.value - ours->second.mean;
  }
  if (!controls.covariance.allFinite() || !controls.shift.allFinite()) return std::nullopt;
  return controls;
}

// The chance that at least `least` of these independent events happen.
double chance_of_at_least(int least, const std::vector<double>& chances) {
  std::vector<double> count(chances.size() + 1);  // the chance of so many
  count[0] = 1;
  for (std::size_t k = 0; k < chances.size(); ++k) {
    for (std::size_t c = k + 1; c > 0; --c)
      count[c] = count[c] * (1 - chances[k]) + count[c - 1] * chances[k];
    count[0] *= 1 - chances[k];
  }
  double sum = 0;
  for (std::size_t c = static_cast<std::size_t>(least); c < count.size(); ++c) sum += count[c];
  return sum;
}

// Published values that would be equal on common prompts, and the chance that values measured on
// prompts of their own print as close.
class Pairs {
 public:
  // `variance`: of either value on its own prompts.
  void add(const std::string& what, Published one, Published other, double variance) {
    if (!(variance > 0)) return;
    // One unit of the last digit for what is not the same in training, half of one for rounding.
    const double tolerance = 3 * std::max(one.rounding, other.rounding);
    chances_.push_back(std::erf(tolerance / std::sqrt(2 * 2 * variance)));
    if (std::abs(one.value - other.value) < tolerance) {
      ++close_;
    } else {
      exceptions_ += fmt::format("{}{}: {} and {}", exceptions_.empty() ? "" : "; ", what,
                                 one.value, other.value);
    }
  }

  Claim claim() const {
    Claim claim{.text =
                    "The published values were measured on common prompts: on prompts of their "
                    "own, values of the same predictor would print as close with a chance of less "
                    "than one in a million"};
    if (chances_.empty()) return claim;
    const double chance = chance_of_at_least(close_, chances_);
    claim.holds = chance < 1e-6;
    claim.detail = fmt::format(
        "{} of {} pairs (GD++ with seven layers and CONSTRR, DIAG and FULL with one layer) are "
        "within a unit of their last digit; chance {:.1g}{}{}",
        close_, chances_.size(), chance, exceptions_.empty() ? "" : "; not ", exceptions_);
    return claim;
  }

 private:
  std::vector<double> chances_;
  int close_ = 0;
  std::string exceptions_;
};

}  // namespace

std::optional<Calibration> calibrate(const Scores& scores, const Problem& problem) {
  const std::optional<Controls> controls = controls_of(scores, problem);
  const double variance = mean_covariance(scores, "model", "model");
  if (!controls || !(variance > 0)) return std::nullopt;
  Eigen::VectorXd network(kControlCount);
  for (Eigen::Index i = 0; i < kControlCount; ++i)
    network[i] = mean_covariance(scores, kControls[static_cast<std::size_t>(i)], "model");
  if (!network.allFinite()) return std::nullopt;
  const Eigen::VectorXd weights = controls->covariance.ldlt().solve(network);
  const double explained = std::clamp(network.dot(weights) / variance, 0.0, 1.0);
  return Calibration{.error = weights.dot(controls->shift),
                     .se = std::sqrt((1 - explained) * variance),
                     .explained = explained};
}

std::optional<double> solvers_chi_squared(const Scores& scores, const Problem& problem) {
  const std::optional<Controls> controls = controls_of(scores, problem);
  if (!controls) return std::nullopt;
  return controls->shift.dot(controls->covariance.ldlt().solve(controls->shift));
}

Claim common_prompts_claim(const Archive& archive) {
  Pairs pairs;
  for (const Problem& problem : problems()) {
    const Trained* one_layer =
        best(archive, {.kind = Parametrisation::diag, .layers = 1, .problem = &problem});
    if (problem.noiseless() || one_layer == nullptr) continue;
    pairs.add("GD++ and CONSTRR on " + problem.title,
              published(Parametrisation::gdpp, kTableLayers, problem),
              published("constrr", problem),
              mean_covariance(one_layer->scores, "constrr", "constrr"));
    pairs.add("one layer on " + problem.title, published(Parametrisation::diag, 1, problem),
              published(Parametrisation::full, 1, problem),
              mean_covariance(one_layer->scores, "model", "model"));
  }
  return pairs.claim();
}

}  // namespace gramian::versatile
