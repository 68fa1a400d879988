#include "gramian/tasks/token_task.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

constexpr int kMaxTokenContext = 2047;

// Draws of the sine task: the first is amplitude and phase, the others are four inputs each, the
// query the last input.
constexpr std::uint32_t kLawDraw = 0, kInputDraws = 1;

double unit(std::uint32_t word) { return (word + 0.5) / 4294967296.0; }

}  // namespace

Expected<TokenTask> TokenTask::create(RegressionTask regression, TaskFamily family,
                                      TokenLayout layout, SineSpec sine) {
  if (regression.n() > kMaxTokenContext) {
    return fail(ErrorKind::config,
                "[task.n] must be at most {} for a network that reads tokens, got {}",
                kMaxTokenContext, regression.n());
  }
  if (!(sine.low >= 0 && sine.low <= sine.high && std::isfinite(sine.high))) {
    return fail(ErrorKind::config,
                "[task.amplitude] must be [low, high] with 0 <= low <= high, got [{}, {}]",
                sine.low, sine.high);
  }
  TokenTask task(std::move(regression));
  task.family_ = family;
  task.layout_ = layout;
  task.sine_ = sine;
  return task;
}

template <class T>
TokenSampler<T>::TokenSampler(const TokenTask& task)
    : task_(&task), sampler_(task.regression()), prompts_(task.regression().d()) {}

template <class T>
std::size_t TokenSampler<T>::place_of_x(std::size_t j) const {
  return static_cast<std::size_t>(task_->row_of_x(static_cast<int>(j)) * task_->width()) * kLanes;
}

template <class T>
std::size_t TokenSampler<T>::place_of_y(std::size_t j) const {
  return static_cast<std::size_t>((task_->row_of_y(static_cast<int>(j)) + 1) * task_->width() - 1) *
         kLanes;
}

template <class T>
void TokenSampler<T>::sample(const PhiloxAddress& address, int count, TokenBlock<T>& block) {
  GRAMIAN_ASSERT(count >= 0 && count <= kLanes);
  const auto size =
      static_cast<std::size_t>(task_->tokens()) * static_cast<std::size_t>(task_->width()) * kLanes;
  const std::size_t truth =
      (task_->family() == TaskFamily::sine ? 2 : static_cast<std::size_t>(task_->d())) * kLanes;
  if (block.tokens.size() != size) block.tokens = AlignedArray<T>(size);
  if (block.target.size() != kLanes) block.target = AlignedArray<T>(kLanes);
  if (block.truth.size() != truth) block.truth = AlignedArray<T>(truth);
  block.tokens.zero();
  block.target.zero();
  block.truth.zero();
  if (task_->family() == TaskFamily::sine) {
    sample_sine(address, count, block);
  } else {
    sample_linear(address, count, block);
  }
}

template <class T>
void TokenSampler<T>::sample_linear(const PhiloxAddress& address, int count, TokenBlock<T>& block) {
  sampler_.sample_tokens(address, count, prompts_, pairs_);
  const auto n = static_cast<std::size_t>(task_->n()), d = static_cast<std::size_t>(task_->d());
  for (std::size_t j = 0; j < n; ++j) {
    const T* pair = pairs_.data() + j * (d + 1) * kLanes;
    std::copy_n(pair, d * kLanes, block.tokens.data() + place_of_x(j));
    std::copy_n(pair + d * kLanes, kLanes, block.tokens.data() + place_of_y(j));
  }
  std::copy_n(prompts_.query.data(), d * kLanes, block.tokens.data() + place_of_x(n));
  std::copy_n(prompts_.truth.data(), d * kLanes, block.truth.data());
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t p = 0; p < kLanes; ++p) {
      block.target[p] += prompts_.truth[i * kLanes + p] * prompts_.query[i * kLanes + p];
    }
  }
}

template <class T>
void TokenSampler<T>::sample_sine(const PhiloxAddress& address, int count, TokenBlock<T>& block) {
  const auto n = static_cast<std::size_t>(task_->n());
  const std::array<std::uint32_t, 2> key{static_cast<std::uint32_t>(address.seed),
                                         static_cast<std::uint32_t>(address.seed >> 32)};
  for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
    const auto words = [&](std::size_t draw) {
      return philox(
          key, {static_cast<std::uint32_t>(draw), address.first + static_cast<std::uint32_t>(p),
                address.step, address.stream});
    };
    const auto law = words(kLawDraw);
    const SineSpec& sine = task_->sine();
    const double amplitude = sine.low + (sine.high - sine.low) * unit(law[0]);
    const double phase = std::numbers::pi * unit(sine.correlated ? law[0] : law[1]);
    block.truth[p] = static_cast<T>(amplitude);
    block.truth[kLanes + p] = static_cast<T>(phase);
    auto draw = law;
    for (std::size_t j = 0; j <= n; ++j) {
      if (j % 4 == 0) draw = words(kInputDraws + j / 4);
      const double x = kSineRange * (2 * unit(draw[j % 4]) - 1);
      const double y = amplitude * std::sin(x + phase);
      block.tokens[place_of_x(j) + p] = static_cast<T>(x);
      (j < n ? block.tokens[place_of_y(j) + p] : block.target[p]) = static_cast<T>(y);
    }
  }
}

template class TokenSampler<float>;
template class TokenSampler<double>;

}  // namespace gramian
