#include "gramian/explain/text.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "gramian/explain/page_parts.h"
#include "gramian/explain/words.h"

namespace gramian {

namespace {

// Words broken into lines of 110 columns, the second and further ones indented.
std::string wrapped(const std::string& sentence) {
  constexpr std::size_t kWidth = 110;
  std::string text;
  std::size_t column = 0, from = 0;
  while (from < sentence.size()) {
    const std::size_t space = sentence.find(' ', from), end = std::min(space, sentence.size());
    if (column > 0 && column + 1 + end - from > kWidth) {
      text += "\n   ";
      column = 3;
    }
    text += (column > 0 ? " " : "") + sentence.substr(from, end - from);
    column += 1 + end - from;
    from = end + 1;
  }
  return text + "\n";
}

std::string cell(const std::optional<Quantiles>& q) {
  return q ? fmt::format("{:8.3f} ({:7.3f} {:7.3f})", q->median, q->low, q->high)
           : fmt::format("{:>26}", "-");
}

std::string mean_cell(const RunningMean& mean) {
  return std::isfinite(mean.mean())
             ? fmt::format("{:10.4g} +- {:<9.2g}", mean.mean(), mean.standard_error())
             : fmt::format("{:>23}", "infinite");
}

std::string weights(const Explanation& e) {
  const bool full = e.network.kind == Parametrisation::full;
  std::string text = full ? "\nWeights for G/n: the nearest diagonal layer; its share of the layer "
                            "in the rows of x and y\n"
                          : "\nWeights for G/n\n";
  text += fmt::format("layer {:>10} {:>10} {:>10} {:>10}{}\n", "omega_xx", "omega_xy", "omega_yx",
                      "omega_yy",
                      full ? "   share x  share y   heads: share of P, Q on their diagonals" : "");
  for (std::size_t l = 0; l < e.layers.size(); ++l) {
    const LayerSummary& layer = e.layers[l];
    const Omega& o = layer.omega;
    text += fmt::format("{:5} {:10.4f} {:10.4f} {:10.4f} {:10.4f}", l + 1, o.xx, o.xy, o.yx, o.yy);
    if (full) {
      text += fmt::format("   {:7.3f}  {:7.3f}  ", layer.diagonal_x, layer.diagonal_y);
      for (const HeadWeights& head : layer.heads)
        text += fmt::format(" {:.3f}, {:.3f};", head.p_diagonal, head.q_diagonal);
      text.pop_back();
    }
    text += '\n';
  }
  return text +
         "In the last layer omega_xx and omega_xy have no effect: nothing reads x after it.\n";
}

std::string readings(const Explanation& e) {
  std::string text = "\nWhat a layer does to w, by noise level: median (10%, 90%) over prompts\n";
  text += fmt::format("layer {:>6} {:>26} {:>26} {:>8} {:>7} {:>7} {:>6} {:>6} {:>8}\n", "sigma",
                      "step", "shrinkage", "momentum", "|w'|/|w|", "a", "R^2", "plain", "gradient");
  const auto median = [](const std::optional<Quantiles>& q, int width) {
    return q ? fmt::format(" {:{}.3f}", q->median, width) : fmt::format(" {:>{}}", "-", width);
  };
  for (std::size_t l = 0; l < e.readings.size(); ++l) {
    for (const Reading& r : e.readings[l]) {
      text += fmt::format("{:5} {:6.3g} {} {}", l + 1, r.sigma, cell(r.step), cell(r.shrinkage));
      text += median(r.momentum_share, 8) + median(r.size, 8) + median(r.left, 7) +
              median(r.r2, 6) + median(r.plain_r2, 6) + median(r.gradient_r2, 8) + "\n";
    }
  }
  const bool exact = e.network.kind != Parametrisation::full;
  return text +
         fmt::format(
             "Momentum: share of the movement along u. a: what is left of y. R^2 of the move along "
             "M^T "
             "alpha and w{}, of plain\nstep, momentum and shrinkage, and of the gradient alone.\n",
             exact ? " (exact)" : "");
}

std::string probes(const Explanation& e) {
  if (!e.noise_probe) return "";
  std::string text =
      "\nNoise level that a linear probe reads from what a layer sees: R^2, error of sigma\n";
  for (std::size_t l = 0; l < e.noise_probe->layers.size(); ++l) {
    const NoiseProbe& probe = e.noise_probe->layers[l];
    text += fmt::format("{:5} {:8.3f} +- {:<6.1g} {:8.3f}\n", l + 1, probe.r2, probe.r2_error,
                        probe.error);
  }
  const NoiseProbe& rss = e.noise_probe->residuals;
  return text + fmt::format("  rss {:8.3f} +- {:<6.1g} {:8.3f}   (residuals of least squares)\n",
                            rss.r2, rss.r2_error, rss.error);
}

std::string parts(const Explanation& e) {
  std::string text = fmt::format("\nAdjusted loss without parts{:42} {:>23} {:>23}\n", "",
                                 "cut out", "best network found");
  for (const Ablation& part : e.ablations) {
    text += fmt::format("  {:67} {} ", part.name, mean_cell(part.before));
    text += part.after ? mean_cell(*part.after)
                       : fmt::format("{:>23}", part.failure.empty() ? "-" : "diverged");
    if (part.after) text += "  " + page::origin(part);
    text += '\n';
  }
  return text;
}

std::string similarity(const Explanation& e) {
  std::string text =
      "\nDistance of w after each layer to known algorithms, * the match: E|w - v|^2 / E|w|^2\n";
  for (std::size_t f = 0; f < e.similarity.families.size(); ++f) {
    const AlgorithmFamily& family = e.similarity.families[f];
    if (family.columns.empty()) continue;
    text += fmt::format("{}{}{}\nlayer", family.title, family.column.empty() ? "" : ", ",
                        family.column);
    for (const std::string& column : family.columns) text += fmt::format(" {:>9}", column);
    text += '\n';
    for (std::size_t l = 0; l < family.distance.size(); ++l) {
      text += fmt::format("{:5}", l + 1);
      const Match& match = e.similarity.matches[l];
      for (std::size_t c = 0; c < family.columns.size(); ++c) {
        const bool is_match = match.family == f && match.column == c;
        text += fmt::format(" {:8.2g}{}", family.distance[l][c], is_match ? '*' : ' ');
      }
      while (text.ends_with(' ')) text.pop_back();
      text += '\n';
    }
  }
  return text;
}

// "Adjusted loss"
std::string capital(std::string words) {
  words.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(words.front())));
  return words;
}

std::string updates(const Changes& changes) {
  if (changes.updates.empty()) return {};
  std::string text =
      "\nRank of what training changed: |change| / |start|, directions that hold 99% of the "
      "squares, singular values / largest\n";
  for (const MatrixUpdate& update : changes.updates) {
    text += fmt::format("  {:22} {:8.3g} {:3} of {:2}  ", update.name, update.size, update.rank_99,
                        update.sigma.size());
    constexpr std::size_t kShown = 6;
    for (std::size_t k = 0; k < std::min(kShown, update.sigma.size()); ++k)
      text += fmt::format(" {:.3f}",
                          update.sigma.front() > 0 ? update.sigma[k] / update.sigma.front() : 0.0);
    text += '\n';
  }
  text += capital(changes.loss_name) + " with the change of each matrix at rank\n";
  for (const TruncationCost& cost : changes.truncations)
    text += fmt::format("{:5} {}\n", cost.rank, mean_cell(cost.loss));
  return text;
}

std::string pruning(const Changes& changes) {
  std::string text = fmt::format("\n{:69} {:>23} {:>23}\n",
                                 capital(changes.loss_name) + " without a share of the weights",
                                 "before", "after retraining");
  for (const PruningCost& cost : changes.pruning) {
    text += fmt::format("  {:3.0f}%, {:61} {} ", 100 * cost.share, cost.order(),
                        mean_cell(cost.before));
    text += cost.after ? mean_cell(*cost.after)
                       : fmt::format("{:>23}", cost.failure.empty() ? "-" : "diverged");
    text += '\n';
  }
  return text;
}

}  // namespace

std::string to_text(const Changes& changes) {
  return fmt::format("{} {}\n", capital(changes.loss_name), mean_cell(changes.trained)) +
         updates(changes) + pruning(changes);
}

std::string to_text(const Explanation& e) {
  std::string text;
  for (const std::string& sentence : in_words(e)) text += wrapped(sentence);
  return text + weights(e) + readings(e) + probes(e) + parts(e) + updates(e.changes) +
         pruning(e.changes) + similarity(e);
}

}  // namespace gramian
