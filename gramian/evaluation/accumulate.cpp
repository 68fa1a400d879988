#include "gramian/evaluation/accumulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gramian {

namespace {

// Calls f(name, mean) for every mean of a result, in the order of the columns.
template <class Result, class F>
void for_each_mean(Result& result, F&& f) {
  for (auto& solver : result.solvers) {
    if (!solver.undefined.empty()) continue;
    f(solver.name + ".loss", solver.loss);
    f(solver.name + ".adjusted", solver.adjusted);
  }
  for (std::size_t l = 0; l < result.layers.size(); ++l) {
    const bool last = l + 1 == result.layers.size();
    const std::string name = last ? "model" : fmt::format("layer_{}", l + 1);
    f(name + ".loss", result.layers[l].loss);
    f(name + ".adjusted", result.layers[l].adjusted);
  }
  if (!result.has_model()) return;
  f(std::string("model_minus_bayes"), result.model_minus_bayes);
  f(std::string("adjusted_without_blowups"), result.blowups.adjusted_without);
}

class Cells {
 public:
  explicit Cells(std::string_view row) : rest_(row) {}

  template <class Number>
  Expected<Number> next(bool may_be_infinite = false) {
    if (ended_) return fail(ErrorKind::format, "has {} cells, must have more", count_);
    const std::size_t comma = rest_.find(',');
    const std::string_view cell = rest_.substr(0, comma);
    ended_ = comma == rest_.npos;
    rest_.remove_prefix(ended_ ? rest_.size() : comma + 1);
    ++count_;
    Number number{};
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
    if (error != std::errc() || end != cell.data() + cell.size())
      return fail(ErrorKind::format, "cell {} is '{}', must be a number", count_, cell);
    if constexpr (std::is_floating_point_v<Number>) {
      if (!may_be_infinite && !std::isfinite(number))
        return fail(ErrorKind::format, "cell {} is {}, must be finite", count_, cell);
    }
    return number;
  }
  Status end() const {
    if (ended_) return {};
    return fail(ErrorKind::format, "has more than {} cells", count_);
  }

 private:
  std::string_view rest_;
  int count_ = 0;
  bool ended_ = false;
};

Expected<RunningMean> next_mean(Cells& cells, std::uint64_t count) {
  const auto not_finite = GRAMIAN_TRY(cells.next<std::uint64_t>());
  const auto mean = GRAMIAN_TRY(cells.next<double>());
  const auto squares = GRAMIAN_TRY(cells.next<double>());
  if (not_finite > count || squares < 0)
    return fail(ErrorKind::format, "{} of {} values are not finite, with squares {}: cannot be",
                not_finite, count, squares);
  return RunningMean({count, not_finite, mean, squares});
}

}  // namespace

std::string row_header(const EvalResult& shape) {
  std::string text = "first,prompts,blowups";
  for_each_mean(shape, [&](const std::string& name, const RunningMean&) {
    text += fmt::format(",{0}.not_finite,{0}.mean,{0}.squares", name);
  });
  return text;
}

std::string to_row(std::uint64_t first, const EvalResult& result) {
  std::string text = fmt::format("{},{},{}", first, result.prompts, result.blowups.count);
  for_each_mean(result, [&](const std::string&, const RunningMean& mean) {
    const auto [count, not_finite, finite_mean, squares] = mean.state();
    text += fmt::format(",{},{},{}", not_finite, finite_mean, squares);
  });
  return text;
}

Expected<EvalRow> from_row(std::string_view row, const EvalResult& shape) {
  Cells cells(row);
  EvalRow read{GRAMIAN_TRY(cells.next<std::uint64_t>()), shape};
  EvalResult& result = read.result;
  result.prompts = GRAMIAN_TRY(cells.next<std::uint64_t>());
  result.blowups.count = GRAMIAN_TRY(cells.next<std::uint64_t>());
  if (result.blowups.count > result.prompts)
    return fail(ErrorKind::format, "{} blow-ups of {} prompts: cannot be", result.blowups.count,
                result.prompts);
  Status status;
  for_each_mean(result, [&](const std::string& name, RunningMean& mean) {
    if (!status) return;
    const bool without = name == "adjusted_without_blowups";
    const auto next =
        next_mean(cells, without ? result.prompts - result.blowups.count : result.prompts);
    if (next) mean = *next;
    if (!next) status = std::unexpected(next.error());
  });
  GRAMIAN_TRY(status);
  GRAMIAN_TRY(cells.end());
  return read;
}

void add(const EvalResult& more, EvalResult& sum) {
  std::vector<const RunningMean*> means;
  for_each_mean(more, [&](const std::string&, const RunningMean& mean) { means.push_back(&mean); });
  std::size_t next = 0;
  for_each_mean(sum, [&](const std::string&, RunningMean& mean) {
    GRAMIAN_ASSERT(next < means.size());
    mean.merge(*means[next++]);
  });
  GRAMIAN_ASSERT(next == means.size());
  sum.prompts += more.prompts;
  sum.blowups.count += more.blowups.count;
}

std::string blowup_header() {
  return "first,prompts,blowups,largest,loss.not_finite,loss.mean,loss.squares";
}

std::string to_row(std::uint64_t first, const BlowUpCount& count) {
  const auto [prompts, not_finite, mean, squares] = count.loss.state();
  return fmt::format("{},{},{},{},{},{},{}", first, count.prompts, count.count, count.largest,
                     not_finite, mean, squares);
}

Expected<BlowUpRow> blowups_from_row(std::string_view row, double threshold) {
  Cells cells(row);
  BlowUpRow read{GRAMIAN_TRY(cells.next<std::uint64_t>()), {.threshold = threshold}};
  BlowUpCount& count = read.count;
  count.prompts = GRAMIAN_TRY(cells.next<std::uint64_t>());
  count.count = GRAMIAN_TRY(cells.next<std::uint64_t>());
  constexpr bool kMayBeInfinite = true;
  count.largest = GRAMIAN_TRY(cells.next<double>(kMayBeInfinite));
  count.loss = GRAMIAN_TRY(next_mean(cells, count.prompts));
  GRAMIAN_TRY(cells.end());
  const bool exploded = !(count.largest <= threshold);
  if (count.count > count.prompts || !(count.largest >= 0) || exploded != (count.count > 0)) {
    return fail(ErrorKind::format,
                "{} blow-ups of {} prompts with a largest loss of {}, beyond {}: cannot be",
                count.count, count.prompts, count.largest, threshold);
  }
  return read;
}

void add(const BlowUpCount& more, BlowUpCount& sum) {
  sum.prompts += more.prompts;
  sum.count += more.count;
  sum.largest = std::max(sum.largest, more.largest);
  sum.loss.merge(more.loss);
}

}  // namespace gramian
