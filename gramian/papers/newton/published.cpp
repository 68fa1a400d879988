#include "gramian/papers/newton/published.h"

#include <fmt/format.h>

#include "gramian/papers/newton/measure.h"
#include "gramian/studies/draw.h"

namespace gramian::newton {

namespace {

// After 0, 1, .. steps, from an independent run with the start alpha = 1 / (l_max^2 + l_min^2).
struct PublishedIteration {
  int order;
  double errors[5];
};
constexpr PublishedIteration kPublished[] = {
    {2, {0.52, 0.37, 0.23, 0.12, 0.048}},
    {3, {0.52, 0.28, 0.10, 0.019, 8.9e-4}},
    {4, {0.52, 0.23, 0.048, 0.002, 2.4e-6}},
};

// That start is half of the best one.
constexpr double kShareOfBest = 0.5;

}  // namespace

Table published_iterations(std::uint64_t prompts) {
  Table table = comparison_table("newton-fig2-published",
                                 "Errors of the iterations on the problem of the publication: d = "
                                 "10, n = 50, kappa = 1");
  const ConditionedSpec spec{.d = 10, .n = 50};
  const auto iterations = iteration_errors(
      TokenTask::create(conditioned_pairs(spec).value(), TokenLayout::joined).value(), 4, prompts,
      kShareOfBest);
  for (const PublishedIteration& published : kPublished) {
    for (const StepErrors& ours : iterations) {
      if (ours.order != published.order) continue;
      for (std::size_t t = 0; t < 5; ++t) {
        TableCell cell{.value = ours.steps[t].mean, .se = ours.steps[t].se};
        cell.paper = published.errors[t];
        add_comparison(table, fmt::format("order {}, {} steps", published.order, t), cell,
                       "an independent run", "");
      }
    }
  }
  return table;
}

}  // namespace gramian::newton
