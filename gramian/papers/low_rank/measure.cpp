#include "gramian/papers/low_rank/measure.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gramian/base/assert.h"
#include "gramian/base/singular_values.h"
#include "gramian/evaluation/token_alignment.h"
#include "gramian/tasks/blocks.h"

namespace gramian::low_rank {

namespace {

constexpr std::uint64_t kSeed = 4;
constexpr double kRankThreshold = 0.05;
constexpr const char* kParameters[] = {"layers.0.heads.0.Q", "layers.0.heads.0.K",
                                       "layers.0.heads.0.V", "layers.0.heads.0.P"};

// Where a matrix stands in theta, [rows, columns].
struct Place {
  std::size_t first = 0;
  int rows = 0, columns = 0;
  std::size_t size() const {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  }
};

Place place_of(const Transformer& transformer, std::string_view name) {
  std::size_t first = 0;
  for (const Parameter& parameter : transformer.recorded().parameters) {
    const Place place{first, parameter.rows, parameter.columns};
    if (parameter.name == name) return place;
    first += place.size();
  }
  GRAMIAN_ASSERT(!"a parameter of this name");
  return {};
}

std::vector<double> start_of(const TokenRun& run) {
  const TransformerExperiment& experiment = run.experiment;
  return Transformer::initial(experiment.transformer, experiment.start, experiment.train.seed)
      .value()
      .theta;
}

SingularValues update_of(const TokenRun& run, const std::vector<double>& start,
                         const Place& place) {
  std::vector<double> update;
  for (std::size_t i = place.first; i < place.first + place.size(); ++i)
    update.push_back(run.transformer.theta[i] - start[i]);
  return singular_values(update, place.rows, place.columns);
}

// The first `count` unit vectors: the patterns of the task.
std::vector<std::vector<double>> patterns(int count, int d) {
  std::vector<std::vector<double>> list(static_cast<std::size_t>(count),
                                        std::vector<double>(static_cast<std::size_t>(d)));
  for (std::size_t k = 0; k < list.size(); ++k) list[k][k] = 1;
  return list;
}

double loss_with(const TokenRun& run, std::vector<double> theta, const LossPrecision& precision,
                 ThreadPool& pool) {
  Transformer transformer = run.transformer;
  transformer.theta = std::move(theta);
  const TokenTask& task = run.experiment.task;
  return token_loss(task, predictor(task, transformer), precision.prompts, kSeed, pool,
                    run.experiment.train.loss.prediction)
      .mean();
}

// Attention of one layer: softmax over the keys of x_i^T B x_j, with B = Q K^T [d, d].
class Attention {
 public:
  Attention(const TokenRun& run, const std::vector<double>& theta)
      : d_(static_cast<std::size_t>(run.experiment.task.d())), product_(d_ * d_) {
    const Place q = place_of(run.transformer, kParameters[0]),
                k = place_of(run.transformer, kParameters[1]);
    const auto size = static_cast<std::size_t>(q.columns);
    for (std::size_t i = 0; i < d_; ++i) {
      for (std::size_t j = 0; j < d_; ++j) {
        for (std::size_t s = 0; s < size; ++s)
          product_[i * d_ + j] += theta[q.first + i * size + s] * theta[k.first + j * size + s];
      }
    }
  }

  // tokens: [n, d]. The mass on the first `relevant` of them, a mean over all.
  double mass(const std::vector<double>& tokens, std::size_t relevant) {
    const std::size_t n = tokens.size() / d_;
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<double> query(d_);
      for (std::size_t a = 0; a < d_; ++a) {
        for (std::size_t b = 0; b < d_; ++b) query[b] += tokens[i * d_ + a] * product_[a * d_ + b];
      }
      double head = 0, all = 0;
      for (std::size_t j = 0; j < n; ++j) {
        double score = 0;
        for (std::size_t b = 0; b < d_; ++b) score += query[b] * tokens[j * d_ + b];
        const double weight = std::exp(score);
        all += weight;
        if (j < relevant) head += weight;
      }
      sum += head / all;
    }
    return sum / static_cast<double>(n);
  }

 private:
  std::size_t d_;
  std::vector<double> product_;
};

}  // namespace

RankNumbers measure_rank(const TokenRun& run, int relevant) {
  const std::vector<double> start = start_of(run);
  const int d = run.experiment.task.d();
  RankNumbers numbers{.seed = static_cast<int>(run.experiment.train.seed)};
  for (std::size_t k = 0; k < kMatrices.size(); ++k) {
    const SingularValues update = update_of(run, start, place_of(run.transformer, kParameters[k]));
    UpdateNumbers& at = numbers.updates[k];
    at = {.sigma = update.sigma,
          .energy = update.energy(relevant),
          .energy_of_one = update.energy(1),
          .gap = update.gap(relevant),
          .rank = update.rank_above(kRankThreshold)};
    if (k < 3) {
      const std::span top(update.left.data(), static_cast<std::size_t>(relevant));
      at.angle = largest_angle(top, patterns(relevant, d)) * 180 / std::numbers::pi;
    }
    if (k != 2) continue;
    for (int j = 0; j < d; ++j) {
      double squares = 0;
      for (std::size_t i = 0; i < update.sigma.size(); ++i) {
        const double part = update.sigma[i] * update.left[i][static_cast<std::size_t>(j)];
        squares += part * part;
      }
      numbers.response.push_back(std::sqrt(squares));
    }
  }
  return numbers;
}

TruncationNumbers measure_truncation(const TokenRun& run, int ranks, const LossPrecision& precision,
                                     ThreadPool& pool) {
  const std::vector<double> start = start_of(run);
  TruncationNumbers numbers{.start = loss_with(run, start, precision, pool),
                            .trained = loss_with(run, run.transformer.theta, precision, pool)};
  std::vector<std::pair<Place, SingularValues>> updates;
  for (std::size_t k = 0; k < 3; ++k) {
    const Place place = place_of(run.transformer, kParameters[k]);
    updates.emplace_back(place, update_of(run, start, place));
  }
  for (int rank = 0; rank <= ranks; ++rank) {
    std::vector<double> theta = run.transformer.theta;
    for (const auto& [place, update] : updates) {
      const std::vector<double> part = update.truncated(rank);
      for (std::size_t i = 0; i < part.size(); ++i)
        theta[place.first + i] = start[place.first + i] + part[i];
    }
    numbers.truncated.push_back(loss_with(run, std::move(theta), precision, pool));
  }
  return numbers;
}

PruningNumbers measure_pruning(const TokenRun& run, const LossPrecision& precision,
                               ThreadPool& pool) {
  const Place place = place_of(run.transformer, kParameters[3]);
  const std::vector<double>& theta = run.transformer.theta;
  const auto neurons = columns_as_units(place.first, place.rows, place.columns);
  const auto loss_of_order = [&](PruningOrder order, std::uint64_t seed, double share) {
    return loss_with(run, pruned(theta, neurons, pruning_order(theta, neurons, order, seed), share),
                     precision, pool);
  };
  PruningNumbers numbers{.norms = unit_norms(theta, neurons)};
  std::ranges::sort(numbers.norms);
  for (const double share : kPrunedShares) {
    numbers.small_first.push_back(loss_of_order(PruningOrder::small_first, 0, share));
    numbers.large_first.push_back(loss_of_order(PruningOrder::large_first, 0, share));
    double sum = 0;
    for (int order = 0; order < precision.random_orders; ++order)
      sum += loss_of_order(PruningOrder::random, static_cast<std::uint64_t>(order), share);
    numbers.random.push_back(sum / precision.random_orders);
  }
  return numbers;
}

AttentionNumbers measure_attention(const TokenRun& run, int relevant_tokens,
                                   std::uint64_t prompts) {
  const TokenTask& task = run.experiment.task;
  Attention start(run, start_of(run)), trained(run, run.transformer.theta);
  TokenSampler<double> sampler(task);
  TokenBlock<double> block;
  std::vector<double> tokens(static_cast<std::size_t>(task.tokens() * task.width()));
  AttentionNumbers numbers;
  for_blocks({.seed = kSeed, .count = prompts}, [&](const SeriesBlock& b) {
    sampler.sample(b.address, b.count, block);
    for (std::size_t p = 0; p < static_cast<std::size_t>(b.count); ++p) {
      lane_view(block.tokens).copy_out(p, tokens.data());
      const auto relevant = static_cast<std::size_t>(relevant_tokens);
      numbers.start += start.mass(tokens, relevant) / static_cast<double>(prompts);
      numbers.trained += trained.mass(tokens, relevant) / static_cast<double>(prompts);
    }
  });
  return numbers;
}

}  // namespace gramian::low_rank
