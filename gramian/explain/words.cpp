#include "gramian/explain/words.h"

#include <algorithm>
#include <cmath>

namespace gramian {

namespace {

std::string mean_text(const RunningMean& mean) {
  return std::isfinite(mean.mean())
             ? fmt::format("{:.3g} +- {:.1g}", mean.mean(), mean.standard_error())
             : "infinite";
}

std::string percent(double share) { return fmt::format("{:.0f}%", 100 * share); }

std::string whole(const Explanation& e) {
  const NetworkSpec& spec = e.network;
  std::string text = fmt::format(
      "A network of kind {}, {} {}{}, on contexts of n = {} and d = {} with sigma {}. Its adjusted "
      "loss is {}; the "
      "least that any predictor can have (Bayes) is {}.",
      name_of(spec.kind), spec.layers, spec.layers == 1 ? "layer" : "layers",
      spec.tied ? " of one set of weights" : "", e.n, spec.d, e.noise, mean_text(e.adjusted.back()),
      mean_text(e.bayes));
  return text;
}

std::string how_retrained(const Explanation& e) {
  if (!e.ablations.front().after) return "Adjusted loss with parts cut out, nothing retrained";
  return fmt::format(
      "Adjusted loss of the best network found without a part, an upper bound on what such "
      "networks "
      "can do ({} {} of {} steps, the best trained on until that gains less than 2%)",
      e.retraining.starts, e.retraining.starts == 1 ? "start" : "starts", e.retraining.steps);
}

std::string ablation(const Explanation& e) {
  const bool retrained = e.ablations.front().after.has_value();
  const auto loss = [&](const Ablation& part) -> const RunningMean* {
    if (!retrained) return &part.before;
    return part.after ? &*part.after : nullptr;
  };
  const RunningMean& all = *loss(e.ablations.front());
  std::string worse, same, exploding;
  const auto add = [](std::string& list, const std::string& item) {
    list += (list.empty() ? "" : ", ") + item;
  };
  for (std::size_t k = 1; k < e.ablations.size(); ++k) {
    const RunningMean* without = loss(e.ablations[k]);
    if (without == nullptr) {
      add(exploding, e.ablations[k].name);
      continue;
    }
    const double error = std::hypot(all.standard_error(), without->standard_error());
    const bool carried = !std::isfinite(without->mean()) ||
                         without->standard_error() > wording::kCarried * without->mean();
    const bool is_worse =
        without->mean() > wording::kNeeded * all.mean() && without->mean() > all.mean() + 3 * error;
    add(carried    ? exploding
        : is_worse ? worse
                   : same,
        fmt::format("{} {}{}", e.ablations[k].name, mean_text(*without),
                    retrained && !e.ablations[k].converged ? " (still falling)" : ""));
  }
  std::string text = fmt::format("{}: {} with all", how_retrained(e), mean_text(all));
  if (!worse.empty()) text += "; higher: " + worse;
  if (!same.empty()) text += "; no higher: " + same;
  if (!exploding.empty()) text += "; carried by a few prompts on which it explodes: " + exploding;
  return text + ".";
}

std::string noise(const Explanation& e) {
  if (!e.noise_probe) return "All prompts have one noise level: there is none to read.";
  const auto& layers = e.noise_probe->layers;
  std::string list;
  for (const NoiseProbe& probe : layers)
    list += fmt::format("{}{:.3f} +- {:.1g}", list.empty() ? "" : ", ", probe.r2, probe.r2_error);
  return fmt::format(
      "A linear probe of five numbers reads sigma from what layers 1 to {} see with R^2 = {}; one "
      "of "
      "two, from the residuals of least squares, with {:.3f} +- {:.1g}. It shows what can be read "
      "there, not what the network uses.",
      layers.size(), list, e.noise_probe->residuals.r2, e.noise_probe->residuals.r2_error);
}

std::string stability(const Explanation& e) {
  const Stability& s = e.stability;
  std::string text;
  if (s.blowups) {
    const auto [low, high] = poisson_interval(s.blowups->count);
    const double million = 1e6 / static_cast<double>(s.blowups->prompts);
    text =
        fmt::format("It explodes on {} of {} fresh prompts ({:.3g} to {:.3g} in a million, 95%). ",
                    s.blowups->count, s.blowups->prompts, low * million, high * million);
  }
  text += s.limit_found
              ? fmt::format(
                    "An eigenvalue of G/n may grow to {:.3g} before the network is worse there "
                    "than zero",
                    s.limit)
              : fmt::format("No eigenvalue of G/n up to {:.3g} makes the network worse than zero",
                            s.limit);
  text += fmt::format(
      "; the largest of a prompt is {:.3g} in the median, {:.3g} in 1 of 100, {:.3g} in 1 of {}.",
      s.eigenvalue_median, s.eigenvalue_99, s.eigenvalue_most, s.eigenvalue_prompts);
  return text;
}

std::string range(const Quantiles& q) {
  return fmt::format("{:.3g} ({:.3g} to {:.3g})", q.median, q.low, q.high);
}

// The readings of a layer that have something to say.
std::vector<const Reading*> of_layer(const std::vector<Reading>& readings) {
  std::vector<const Reading*> list;
  for (const Reading& r : readings) {
    if (r.step && r.r2 && r.gradient_r2) list.push_back(&r);
  }
  return list;
}

using Readings = std::vector<const Reading*>;

double least(const Readings& list, std::optional<Quantiles> Reading::*which) {
  double value = 1;
  for (const Reading* r : list) value = std::min(value, (r->*which)->median);
  return value;
}

std::string step_text(const Readings& list) {
  double most = 0;
  for (const Reading* r : list) most = std::max(most, std::abs(r->step->median));
  if (most < 1e-9) return "no gradient step";
  const double explained = least(list, &Reading::r2);
  std::string text = "a gradient step";
  if (least(list, &Reading::gradient_r2) < wording::kExplained) {
    text = explained >= wording::kExplained
               ? "a preconditioned gradient step"
               : fmt::format("roughly a preconditioned gradient step (R^2 {:.2f} at worst)",
                             explained);
  }
  const Quantiles first = *list.front()->step, last = *list.back()->step;
  const double small = std::min(std::abs(first.median), std::abs(last.median));
  const double large = std::max(std::abs(first.median), std::abs(last.median));
  if (list.size() > 1 &&
      (first.median * last.median < 0 || large >= wording::kStepFactor * small)) {
    return text + fmt::format(" of size {} at sigma = {:.3g} and {} at sigma = {:.3g}",
                              range(first), list.front()->sigma, range(last), list.back()->sigma);
  }
  const Reading* middle = list[list.size() / 2];
  return text + fmt::format(" of size {} at sigma = {:.3g}", range(*middle->step), middle->sigma);
}

std::string shrink_text(const Readings& list) {
  if (!list.front()->shrinkage || !list.back()->shrinkage) return "";
  const double first = list.front()->shrinkage->median, last = list.back()->shrinkage->median;
  if (std::max(std::abs(first), std::abs(last)) < wording::kShrinkage) return "";
  const auto say = [](double s) -> std::string {
    if (std::abs(s) < 0.005) return "kept";
    return s >= 0 ? "shrunk by " + percent(s) : "enlarged by " + percent(-s);
  };
  if (list.size() == 1) return fmt::format(", from a w that is {}", say(first));
  return fmt::format(", from a w that is {} at sigma = {:.3g} and {} at sigma = {:.3g}", say(first),
                     list.front()->sigma, say(last), list.back()->sigma);
}

std::string momentum_text(const Readings& list) {
  const Reading* most = nullptr;
  for (const Reading* r : list) {
    if (r->momentum_share &&
        (most == nullptr || r->momentum_share->median > most->momentum_share->median))
      most = r;
  }
  if (most == nullptr || most->momentum_share->median < wording::kMomentum) return "";
  return fmt::format(", with {} of its movement along the momentum u at sigma = {:.3g}",
                     percent(most->momentum_share->median), most->sigma);
}

std::string size_text(const Readings& list) {
  if (!list.front()->size || !list.back()->size) return "";
  if (list.size() == 1)
    return fmt::format(". In all |w| is multiplied by {:.2f}", list.front()->size->median);
  return fmt::format(
      ". In all |w| is multiplied by {:.2f} at sigma = {:.3g} and by {:.2f} at sigma = {:.3g}",
      list.front()->size->median, list.front()->sigma, list.back()->size->median,
      list.back()->sigma);
}

std::string match_text(const Explanation& e, std::size_t layer) {
  const Match& match = e.similarity.matches[layer];
  if (!std::isfinite(match.distance)) return "w is near to no known algorithm: it explodes";
  const char* how = match.distance <= wording::kSame ? "w is the same as of"
                                                     : "of the known algorithms w is nearest to";
  return fmt::format("{} {} (distance {:.2g} +- {:.1g})", how,
                     name_of(e.similarity.families[match.family], match.column), match.distance,
                     match.error);
}

std::string layer_text(const Explanation& e, std::size_t l) {
  const Readings list = of_layer(e.readings[l]);
  std::string text = fmt::format("Layer {}: ", l + 1);
  if (list.empty()) {
    text += "leaves w as it is";
  } else if (least(list, &Reading::r2) < wording::kRoughly) {
    text +=
        fmt::format("no gradient step with shrinkage and momentum (they explain {} of it at worst)",
                    percent(least(list, &Reading::r2)));
  } else {
    text += step_text(list) + shrink_text(list) + momentum_text(list);
  }
  text += size_text(list.empty() ? Readings{&e.readings[l].front()} : list);
  if (e.network.kind == Parametrisation::full) {
    const LayerSummary& layer = e.layers[l];
    const std::string y = fmt::format("{:.1f}%", 100 * layer.diagonal_y);
    text += l + 1 == e.layers.size()
                ? fmt::format(". A diagonal layer has {} of its row of y", y)
                : fmt::format(". A diagonal layer has {} of its row of y and {:.1f}% of those of x",
                              y, 100 * layer.diagonal_x);
  }
  return text + fmt::format(". After it {}; adjusted loss {}.", match_text(e, l),
                            mean_text(e.adjusted[l]));
}

}  // namespace

std::string name_of(const AlgorithmFamily& family, std::size_t column) {
  const std::string& label = family.columns[column];
  if (family.column == "steps") return fmt::format("{}, step {}", family.title, label);
  if (family.column == "penalty") return fmt::format("{}, penalty {}", family.title, label);
  return fmt::format("{} ({})", family.title, label);
}

std::vector<std::string> in_words(const Explanation& e) {
  std::vector<std::string> list{whole(e), ablation(e), noise(e), stability(e)};
  for (std::size_t l = 0; l < e.layers.size(); ++l) list.push_back(layer_text(e, l));
  return list;
}

}  // namespace gramian
