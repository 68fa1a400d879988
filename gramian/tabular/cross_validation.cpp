#include "gramian/tabular/cross_validation.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "gramian/random/philox.h"

namespace gramian {

namespace {

constexpr std::uint32_t kSplitStream =
    16;  // of Philox: apart from those of training and evaluation

double uniform(std::uint64_t seed, std::uint32_t repeat, std::uint32_t draw) {
  const auto words =
      philox({static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
             {draw, 0, repeat, kSplitStream});
  return std::ldexp(static_cast<double>((std::uint64_t{words[0]} << 32 | words[1]) >> 11), -53);
}

Status check(const CrossValidationSpec& spec, std::size_t rows) {
  if (spec.folds < 2 || static_cast<std::size_t>(spec.folds) > rows) {
    return fail(ErrorKind::usage,
                "the folds must be 2 or more and at most the {} rows with a target, got {}", rows,
                spec.folds);
  }
  const std::size_t largest_fold = (rows + static_cast<std::size_t>(spec.folds) - 1) / spec.folds;
  if (rows - largest_fold < 2) {
    return fail(ErrorKind::usage,
                "{} folds of {} rows leave {} to learn from: there must be 2 or more", spec.folds,
                rows, rows - largest_fold);
  }
  if (spec.repeats < 1)
    return fail(ErrorKind::usage, "the repeats must be 1 or more, got {}", spec.repeats);
  if (spec.context != 0 && spec.context < 2) {
    return fail(ErrorKind::usage, "the context must be 2 rows or more, got {}", spec.context);
  }
  return {};
}

struct Split {
  TableRows context;
  std::vector<std::size_t> test;
};

Split make_split(const TableRows& rows, const CrossValidationSpec& spec,
                 const std::vector<std::size_t>& order, int fold) {
  Split split{{rows.d, {}, {}}, {}};
  const std::size_t most = spec.context == 0 ? rows.size() : static_cast<std::size_t>(spec.context);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i % static_cast<std::size_t>(spec.folds) == static_cast<std::size_t>(fold)) {
      split.test.push_back(order[i]);
    } else if (split.context.size() < most) {
      split.context.add(rows.input(order[i]), rows.y[order[i]]);
    }
  }
  return split;
}

double variance_of(const std::vector<double>& y) {
  const double mean = std::accumulate(y.begin(), y.end(), 0.0) / static_cast<double>(y.size());
  double sum = 0;
  for (const double value : y) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(y.size());
}

}  // namespace

// Fisher and Yates.
std::vector<std::size_t> permutation(std::size_t size, std::uint64_t seed, std::uint32_t repeat) {
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = size; i-- > 1;) {
    const double place =
        uniform(seed, repeat, static_cast<std::uint32_t>(i)) * static_cast<double>(i + 1);
    std::swap(order[i], order[static_cast<std::size_t>(place)]);
  }
  return order;
}

Expected<CrossValidation> cross_validate(
    const TableRows& rows, const std::vector<const Regressor*>& regressors,
    const CrossValidationSpec& spec,
    const std::function<bool(std::int64_t, std::int64_t)>& progress) {
  GRAMIAN_TRY(check(spec, rows.size()));
  CrossValidation result{.spec = spec,
                         .rows = rows.size(),
                         .d = rows.d,
                         .splits = std::int64_t{spec.folds} * spec.repeats,
                         .variance = variance_of(rows.y),
                         .scores = {}};
  for (const Regressor* regressor : regressors)
    result.scores.emplace_back().name = regressor->name();
  std::vector<std::vector<double>> errors(regressors.size(), std::vector<double>(rows.size()));

  std::int64_t done = 0;
  for (int repeat = 0; repeat < spec.repeats; ++repeat) {
    const auto order = permutation(rows.size(), spec.seed, static_cast<std::uint32_t>(repeat));
    for (int fold = 0; fold < spec.folds; ++fold) {
      const Split split = make_split(rows, spec, order, fold);
      for (std::size_t r = 0; r < regressors.size(); ++r) {
        RegressorScore& score = result.scores[r];
        if (!score.undefined.empty()) continue;
        const auto fit = regressors[r]->fit(split.context);
        if (!fit) {
          score.undefined = fit.error().message;
          continue;
        }
        score.exploded += fit->exploded ? 1 : 0;
        for (const std::size_t row : split.test) {
          const double error = fit->model.predict(rows.input(row)) - rows.y[row];
          errors[r][row] += error * error / spec.repeats;
        }
      }
      ++done;
      if (progress && !progress(done, result.splits)) {
        return fail(ErrorKind::interrupted, "stopped after {} of {} splits", done, result.splits);
      }
    }
  }
  const bool first = result.scores.empty() || result.scores[0].undefined.empty();
  for (std::size_t r = 0; r < regressors.size(); ++r) {
    RegressorScore& score = result.scores[r];
    if (!score.undefined.empty()) continue;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      score.error.add(errors[r][row]);
      if (first) score.minus_first.add(errors[r][row] - errors[0][row]);
    }
  }
  return result;
}

std::string to_table(const CrossValidation& result) {
  std::string text = fmt::format(
      "{:<10} {:>10} {:>18} {:>26}\n", "", "rmse", "error +- se",
      fmt::format("minus {} +- se", result.scores.empty() ? "" : result.scores[0].name));
  for (const RegressorScore& score : result.scores) {
    text += fmt::format("{:<10} ", score.name);
    if (!score.undefined.empty()) {
      text += fmt::format("{:>10}   {}\n", "-", score.undefined);
      continue;
    }
    const auto share = [&](double value) { return value / result.variance; };
    text += fmt::format("{:>10.4g} {:>9.4f} +- {:.4f}", std::sqrt(score.error.mean()),
                        share(score.error.mean()), share(score.error.standard_error()));
    if (&score != result.scores.data() && score.minus_first.count() > 0) {
      text += fmt::format("       {:>+9.4f} +- {:.4f}", share(score.minus_first.mean()),
                          share(score.minus_first.standard_error()));
    }
    text += "\n";
  }
  text += "error: mean squared error over the variance of the target; 1 minus it is R^2\n";
  for (const RegressorScore& score : result.scores) {
    if (score.exploded == 0) continue;
    text += fmt::format("{} exploded on {} of {} splits and was replaced by the mean there\n",
                        score.name, score.exploded, result.splits);
  }
  return text;
}

std::string to_json(const CrossValidation& result) {
  using Json = nlohmann::ordered_json;
  const auto estimate = [](const RunningMean& mean) {
    return Json{{"mean", mean.mean()}, {"se", mean.standard_error()}};
  };
  Json json = {{"rows", result.rows},
               {"d", result.d},
               {"folds", result.spec.folds},
               {"repeats", result.spec.repeats},
               {"seed", result.spec.seed},
               {"context", result.spec.context == 0 ? Json(nullptr) : Json(result.spec.context)},
               {"target_variance", result.variance}};
  Json& scores = json["squared_error"] = Json::object();
  for (const RegressorScore& score : result.scores) {
    Json entry = Json::object();
    if (score.undefined.empty()) {
      entry = estimate(score.error);
      if (score.minus_first.count() > 0) entry["minus_model"] = estimate(score.minus_first);
      entry["exploded"] = score.exploded;
    } else {
      entry["note"] = "undefined: " + score.undefined;
    }
    scores[score.name] = std::move(entry);
  }
  return json.dump(2) + "\n";
}

}  // namespace gramian
