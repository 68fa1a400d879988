#include "gramian/papers/gd/published.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gramian/papers/gd/setting.h"
#include "gramian/studies/draw.h"

namespace gramian::gd {

namespace {

constexpr std::uint64_t kPublishedSeed = 3;

// gamma of networks of two loops, and the least and the largest eigenvalue of sum x x^T over 10,000
// contexts.
struct PublishedContext {
  int n;
  double gamma, least, largest;
};
constexpr PublishedContext kPublishedContexts[] = {{10, 0.179, 1e-10, 4.6},
                                                   {25, 0.099, 0.097, 7.712},
                                                   {50, 0.056, 0.666, 10.845},
                                                   {100, 0.029, 2.870, 17.196}};
constexpr std::size_t kPublishedTasks = 10'000;

}  // namespace

Table published_one_layer(const OneLayerNumbers& one, const ContextMean& best,
                          std::span<const double> rolled_out) {
  constexpr double kNotebook = 0.20468888;  // the line "GD" of the authors' notebook
  Table table =
      comparison_table("gd-fig2-published", "One layer against the published numbers, n = 10",
                       {"The text of the paper says x ~ U(-1, 1); its numbers are those of "
                        "U(-1/2, 1/2), the range of "
                        "its code: at U(-1, 1) one step has four times this loss."});
  add_comparison(
      table, "one step of gradient descent",
      {.value = best.mean, .se = best.se, .paper = kNotebook}, "code: constant in the notebook",
      "Theirs is a mean over one sample of 10,000 tasks with a step from a scan; the error of such "
      "a mean is above 0.001. The closed form is 0.2062.");
  add_comparison(table, "one trained layer",
                 {.value = one.loss.mean, .se = one.loss.se, .paper = kNotebook},
                 "figure 2: the curve ends on that line",
                 fmt::format("As above. Gradient descent is at {:.4f} here.", best.mean));
  for (const auto& [applications, theirs] : {std::pair{1, 0.22}, {50, 0.045}}) {
    if (rolled_out.size() < static_cast<std::size_t>(applications)) continue;
    const double ours = rolled_out[static_cast<std::size_t>(applications - 1)];
    add_comparison(
        table, fmt::format("the layer applied {} times, damping 0.75", applications),
        {.value = ours, .paper = theirs},
        applications == 1 ? "read off figure 1" : "read off figure 1: 0.04 to 0.05",
        applications == 1 ? "With damping the first application is less than a full step." : "");
  }
  return table;
}

Expected<Table> published_several_layers(std::span<const SeveralLayersNumbers> networks,
                                         bool quick) {
  Table table = comparison_table(
      "gd-fig3-published", "Several layers against the published numbers",
      {"The paper has no numbers for its curves of several layers, only what they are beside."});
  for (const SeveralLayersNumbers& s : networks) {
    if (s.n != 10 || (s.tied && s.layers != 2) || (!s.tied && s.layers != 5)) continue;
    add_comparison(
        table, "loss of " + s.name, {.value = s.loss.mean, .se = s.loss.se},
        s.tied ? "figure 3: below gradient descent, on GD++" : "figure 3, text: close to 0",
        s.tied ? fmt::format("The best GD++ loop is at {:.4f}, gradient descent at {:.4f}.", s.gdpp,
                             s.gd)
               : fmt::format("The best GD++ with a step for each layer is at {:.4f}, with one for "
                             "all at {:.4f}.",
                             s.gdpp, s.gdpp_shared));
  }
  for (const PublishedContext& p : kPublishedContexts) {
    const auto spectra = GRAMIAN_TRY(
        ContextSpectra::draw(task_of(p.n), quick ? 500 : kPublishedTasks, kPublishedSeed));
    const auto found = std::ranges::find_if(networks, [&](const SeveralLayersNumbers& s) {
      return s.n == p.n && s.tied && s.layers == 2;
    });
    const std::string what = fmt::format("gamma of two loops, n = {}", p.n);
    if (found != networks.end()) {
      add_comparison(table, what, {.value = found->gamma, .paper = p.gamma},
                     "text: from the weights of their loop",
                     fmt::format("The best GD++ loop has {:.4f}.", found->best_gamma));
    } else {
      const double best =
          best_gd(spectra, 2, {.curvature = true, .tied = true}).layers[0].curvature / p.n;
      add_comparison(table, what, {.value = best, .paper = p.gamma},
                     "text: from the weights of their loop",
                     "Ours is of the best GD++ loop: no network is trained for this n.");
    }
    const auto& eigenvalues = spectra.eigenvalues();
    const auto [least, largest] = std::ranges::minmax(eigenvalues);
    const std::string rare = "An extreme value over 10,000 contexts: another sample has another.";
    add_comparison(table, fmt::format("least eigenvalue of sum x x^T, n = {}", p.n),
                   {.value = least * p.n, .paper = p.least}, "text", rare);
    add_comparison(table, fmt::format("largest eigenvalue, n = {}", p.n),
                   {.value = largest * p.n, .paper = p.largest}, "text", rare);
  }
  return table;
}

}  // namespace gramian::gd
