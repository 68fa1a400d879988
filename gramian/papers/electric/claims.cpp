#include "gramian/papers/electric/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "gramian/papers/electric/published.h"
#include "gramian/studies/judge.h"

namespace gramian::electric {

namespace {

std::string short_name(const Setting& setting) {
  return fmt::format("{}, {}, L = {}", kGraphForms.word(setting.form), setting.problem(),
                     setting.layers);
}

// Every seed of a deeper network of at most `most` layers below every seed of the shallower one,
// for each problem.
Claim deeper_is_better(const std::vector<SettingErrors>& networks, int most, std::string text) {
  Cases deeper(std::move(text));
  for (const SettingErrors& at : networks) {
    if (at.seeds.empty() || at.setting.layers != kDepths[0]) continue;
    std::string how;
    bool good = true;
    double before = std::numeric_limits<double>::infinity();
    for (const int layers : kDepths) {
      const SettingErrors* found = with_layers(networks, at.setting, layers);
      if (found == nullptr || layers > most) continue;
      good = good && found->worst_log() < before;
      before = std::ranges::min(found->seeds, {}, &Estimate::mean).mean;
      before = std::log(before);
      how += fmt::format(" {:.2f}", found->mean_log());
    }
    deeper.add_plainly(good, fmt::format("{}, {}:{}", kGraphForms.word(at.setting.form),
                                         at.setting.problem(), how));
  }
  return deeper.claim();
}

}  // namespace

std::vector<Claim> constructed_claims(const std::vector<ConstructedRow>& rows) {
  Cases same(
      "Every construction is its algorithm after every layer, to 1e-13 kappa "
      "relatively (1e-9 where terms cancel: Taylor, and the fast one)");
  Cases twice(
      "Its error is at most twice that of the algorithm in plain matrices plus "
      "1e-13 kappa, on each of twenty graphs");
  Cases bound("and within its bound, as a share of it");
  for (const ConstructedRow& row : rows) {
    const std::string at = fmt::format("{}, {} layers", row.name, row.layers);
    const bool cancels = row.name == "heat, Taylor" || row.name == "fast electric";
    const double rounding = cancels ? 1e-9 : 1e-13 * row.kappa;
    same.add_plainly(row.deviation <= rounding, fmt::format("{}: {:.1e}", at, row.deviation));
    twice.add_plainly(row.error <= 2 * row.algorithm + 1e-13 * row.kappa,
                      fmt::format("{}: {:.2g} and {:.2g}", at, row.error, row.algorithm));
    if (row.share > 0) bound.add_plainly(row.share <= 1, fmt::format("{}: {:.3f}", at, row.share));
  }
  return {same.claim(), twice.claim(), bound.claim()};
}

std::vector<Claim> depth_claims(const std::vector<SettingErrors>& networks,
                                const std::vector<Estimate>& descent) {
  Cases four("Potentials with five layers: a log loss of at most -4 on every seed");
  Cases nats("and at least 1.5 nats below the best constant steps of gradient descent");
  Cases gd(
      "The efficient form, with 8 numbers a layer, is below gradient descent of as "
      "many layers at every depth");
  Cases published(
      "With demands that are not centred, as the printed runs had them, every "
      "seed of the efficient form is below the printed log loss at five and at nine layers");
  Cases published_full("and every seed of full weights");
  for (const SettingErrors& at : networks) {
    if (at.seeds.empty() || at.setting.question != GraphQuestion::potential ||
        at.setting.graph != GraphKind::csl) {
      continue;
    }
    const auto depth = static_cast<std::size_t>(std::ranges::find(kDepths, at.setting.layers) -
                                                std::begin(kDepths));
    const std::string how = fmt::format("{}: {:.2f}", short_name(at.setting), at.worst_log());
    if (!at.setting.centred) {
      const double theirs = kPublishedPotential[depth];
      if (at.setting.layers == 5 || at.setting.layers == 9) {
        Cases& cases = at.setting.form == GraphForm::full ? published_full : published;
        cases.add_plainly(at.worst_log() < theirs, fmt::format("{} against {:.2f}", how, theirs));
      }
      continue;
    }
    if (depth >= descent.size()) continue;
    const double log_descent = std::log(descent[depth].mean);
    if (at.setting.layers == 5) {
      four.add_plainly(at.worst_log() <= -4, how);
      nats.add_plainly(at.worst_log() <= log_descent - 1.5,
                       fmt::format("{} against {:.2f}", how, log_descent));
    }
    if (at.setting.form == GraphForm::efficient)
      gd.add_plainly(at.worst_log() < log_descent,
                     fmt::format("{} against {:.2f}", how, log_descent));
  }
  return {deeper_is_better(networks, 5,
                           "Up to five layers the loss falls with depth for every objective and "
                           "graph: every seed of a deeper network is below every seed of a "
                           "shallower one"),
          deeper_is_better(networks, kDepths[std::size(kDepths) - 1], "and up to nine layers"),
          four.claim(),
          nats.claim(),
          gd.claim(),
          published.claim(),
          published_full.claim()};
}

std::vector<Claim> eigenvector_claims(const std::vector<SettingErrors>& networks) {
  Cases half("Nine layers leave less than a quarter of a unit a vector, on every seed");
  for (const SettingErrors& at : networks) {
    if (at.seeds.empty() || at.setting.layers != 9) continue;
    half.add_plainly(std::exp(at.worst_log()) < kVectors / 4.0,
                     fmt::format("{}: {:.2f}", short_name(at.setting), std::exp(at.worst_log())));
  }
  return {deeper_is_better(networks, kDepths[std::size(kDepths) - 1],
                           "The loss of eigenvectors falls with depth: every seed of a deeper "
                           "network is below every seed of a shallower one"),
          half.claim()};
}

std::vector<Claim> general_claims(const std::vector<GeneralNumbers>& graphs,
                                  const std::vector<EdgeDeviations>& full) {
  Cases same_size(
      "Networks of five layers that were trained on circular skip links are "
      "below five of the best constant steps of gradient descent on every other "
      "kind of graph of ten nodes, on every seed");
  Cases larger("and on graphs of 20 and 40 nodes");
  for (const GeneralNumbers& at : graphs) {
    if (at.seeds.empty()) continue;
    const auto worst = std::ranges::max_element(at.seeds, {}, &Estimate::mean);
    const std::string how =
        fmt::format("{}: {:.2g} against {:.2g}", at.graph, worst->mean, at.descent.mean);
    (at.nodes == kNodes ? same_size : larger)
        .add_plainly(worst->mean + 2 * worst->se < at.descent.mean, how);
  }
  Cases rotation(
      "Full weights of five layers have learned to treat edges alike: exchanging, "
      "turning or rotating edges changes less than 10% of their answers");
  for (const EdgeDeviations& at : full) {
    rotation.add_plainly(std::max({at.permuted, at.turned, at.rotated}) < 0.1,
                         fmt::format("exchanged {:.2g}, turned {:.2g}, rotated {:.2g}", at.permuted,
                                     at.turned, at.rotated));
  }
  return {same_size.claim(), larger.claim(), rotation.claim()};
}

std::vector<Claim> rewriting_claims(const std::vector<RewritingNumbers>& networks,
                                    const std::vector<double>& chebyshev) {
  Cases falls(
      "Trained networks rewrite B so that its condition number falls: before the "
      "last layer that of G is less than half of that of the graph, on every seed");
  Cases near_one("and below 2");
  Cases better(
      "Their error is less than a tenth of that of Chebyshev's steps of as many "
      "layers, the best that reads B as it is, on every seed");
  for (const RewritingNumbers& at : networks) {
    if (at.condition.size() < 2) continue;
    // The last layer's B is read by nobody.
    const double last = at.condition[at.condition.size() - 2];
    const std::string seed =
        fmt::format("{}, seed {}", kGraphQuestions.word(at.setting.question), at.seed);
    falls.add_plainly(last < at.condition.front() / 2,
                      fmt::format("{}: {:.1f} to {:.2f}", seed, at.condition.front(), last));
    near_one.add_plainly(last < 2, fmt::format("{}: {:.2f}", seed, last));
    if (at.setting.question == GraphQuestion::potential && chebyshev.size() == at.errors.size()) {
      better.add_plainly(
          at.errors.back() < chebyshev.back() / 10,
          fmt::format("{}: {:.1e} against {:.1e}", seed, at.errors.back(), chebyshev.back()));
    }
  }
  return {falls.claim(), near_one.claim(), better.claim()};
}

}  // namespace gramian::electric
