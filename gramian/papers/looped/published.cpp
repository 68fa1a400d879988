#include "gramian/papers/looped/published.h"

#include <fmt/format.h>

#include "gramian/base/assert.h"
#include "gramian/papers/looped/setting.h"
#include "gramian/studies/draw.h"
#include "gramian/theory/looped.h"

namespace gramian::looped {

namespace {

constexpr std::uint64_t kPublishedSeed = 3;

}  // namespace

Table published_training(std::span<const FullNumbers> networks, bool quick) {
  Table table = comparison_table(
      "looped-fig2-published", "Losses after training against Fig. 2",
      {"The curves of the paper cannot be of the model (A, u) that its theorems are about: at d = "
       "5, n = 20 its best losses, in the last column, are far above them for two loops and more. "
       "Ours are of P and Q without restriction. d and n of the figure are not given; d = 5, n = "
       "20 fit it."});
  table.columns.emplace_back("best (A, u)");
  const LoopedContexts contexts(5, 20, quick ? 500 : 20'000, kPublishedSeed);
  for (const FullNumbers& c : networks) {
    std::string why = "What can be read off a logarithmic axis is rough.";
    if (c.layers == 1) {
      why = fmt::format("The best layer is at {:.3f} for this d and n; theirs may be others.",
                        c.best.mean);
    } else if (!c.tied && c.loss.mean < c.published) {
      why = "Ours is trained further down: layers of their own go on falling for long";
      why += c.layers == 10 ? ", and the published curve stops at 4,000 steps." : ".";
    }
    add_comparison(table, c.name, {.value = c.loss.mean, .se = c.loss.se, .paper = c.published},
                   "read off the figure, where the curve levels out", why);
    const LoopedOptimum best = contexts.optimum(c.layers);
    table.rows.back().emplace_back(TableCell{.value = best.loss.mean, .se = best.loss.se});
  }
  return table;
}

Table published_loops(std::span<const ExtraLoopsNumbers> networks) {
  Table table = comparison_table(
      "looped-fig3-published", "More and fewer loops than in training against Fig. 3",
      {"A restricted model (A, u) has a* < 1: trained for five loops, after one it would be below "
       "the loss d = 5 of predicting zero. The figure has about 30, as the full model here.",
       "Means: a few prompts with large eigenvalues carry them; the median is what a "
       "typical prompt sees."});
  table.columns.insert(table.columns.begin() + 2, "median here");
  for (const ExtraLoopsNumbers& network : networks) {
    GRAMIAN_ASSERT(network.mean.size() >= network.published.size());
    GRAMIAN_ASSERT(network.median.size() >= network.published.size());
    for (std::size_t k = 0; k < network.published.size(); ++k) {
      const int loops = kExtraLoops[k];
      std::string why;
      if (network.other_covariance && loops > 1) {
        why = "Their other covariance is not given; ours, diag(1, 1, 1/2, 1/4, 1), is a guess.";
      } else if (loops >= 20 && network.mean[k] > network.published[k]) {
        why =
            "Ours levels out: entries of P and Q that should be zero and are about 1e-3 give loops "
            "a fixed point beside the truth.";
      }
      table.rows.push_back(
          {fmt::format("trained for {}, {}, {} loops", network.trained,
                       network.other_covariance ? "other S" : "S = I", loops),
           TableCell{.value = network.mean[k],
                     .se = network.mean_se.empty() ? std::optional<double>() : network.mean_se[k],
                     .paper = network.published[k]},
           network.median[k], std::string("read off the figure"), std::move(why)});
    }
  }
  return table;
}

}  // namespace gramian::looped
