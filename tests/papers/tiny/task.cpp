#include "tests/papers/tiny/task.h"

#include <array>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/lanes/block.h"

namespace gramian::tiny {

namespace {

template <class T>
class BentSampler final : public PairSampler<T> {
 public:
  explicit BentSampler(int n) : n_(static_cast<std::size_t>(n)) {}

  void sample(const PhiloxAddress& address, int count, PairPlaces<T>& to) override {
    const std::array<std::uint32_t, 2> key{static_cast<std::uint32_t>(address.seed),
                                           static_cast<std::uint32_t>(address.seed >> 32)};
    for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
      // Number k of the prompt, between -1 and 1: the bend, then the inputs.
      const auto number = [&](std::size_t k) {
        const auto words = philox(
            key, {static_cast<std::uint32_t>(k), address.first + static_cast<std::uint32_t>(p),
                  address.step, address.stream});
        return (words[0] + 0.5) / 2147483648.0 - 1;
      };
      const double bend = number(0);
      to.truth()[p] = static_cast<T>(bend);
      for (std::size_t j = 0; j <= n_; ++j) {
        const double x = number(1 + j);
        to.x(j)[p] = static_cast<T>(x);
        (j < n_ ? to.y(j) : to.target())[p] = static_cast<T>(std::abs(x - bend));
      }
    }
  }

 private:
  std::size_t n_;
};

class BentPairs final : public PairTask {
 public:
  explicit BentPairs(int n) : n_(n) {}

  int n() const override { return n_; }
  int d() const override { return 1; }
  int truth() const override { return 1; }
  std::string describe() const override { return "bent lines"; }
  std::unique_ptr<PairSampler<float>> sampler(float) const override {
    return std::make_unique<BentSampler<float>>(n_);
  }
  std::unique_ptr<PairSampler<double>> sampler(double) const override {
    return std::make_unique<BentSampler<double>>(n_);
  }

 private:
  int n_;
};

}  // namespace

std::shared_ptr<const PairTask> bent_pairs(int n) {
  GRAMIAN_ASSERT(n >= 1);
  return std::make_shared<BentPairs>(n);
}

}  // namespace gramian::tiny
