#include "gramian/explain/words.h"

#include <algorithm>
#include <cmath>

namespace gramian {

namespace {

std::string mean_text(const RunningMean& mean) {
  return std::isfinite(mean.mean()) ? fmt::format("{:.4f} +- {:.4f}", mean.mean(), mean.standard_error()) : "infinite";
}

std::string percent(double share) { return fmt::format("{:.0f}%", 100 * share); }

std::string whole(const Explanation& e) {
  const NetworkSpec& spec = e.network;
  std::string text = fmt::format(
      "A network of kind {}, {} {}{}, on contexts of n = {} and d = {} with sigma {}. Its adjusted loss is {}; the "
      "least that any predictor can have (Bayes) is {}.",
      name_of(spec.kind), spec.layers, spec.layers == 1 ? "layer" : "layers", spec.tied ? " of one set of weights" : "",
      e.n, spec.d, e.noise, mean_text(e.adjusted.back()), mean_text(e.bayes));
  return text;
}

std::string parts(const Explanation& e) {
  const bool retrained = e.parts.front().after.has_value();
  const auto loss = [&](const PartWorth& part) -> const RunningMean* {
    if (!retrained) return &part.before;
    return part.after ? &*part.after : nullptr;
  };
  const RunningMean& all = *loss(e.parts.front());
  std::string needed, idle;
  for (std::size_t k = 1; k < e.parts.size(); ++k) {
    const RunningMean* without = loss(e.parts[k]);
    if (without == nullptr) continue;
    const double error = std::hypot(all.standard_error(), without->standard_error());
    const bool is_needed = !(without->mean() <= words::kNeeded * all.mean() + 3 * error);
    std::string& list = is_needed ? needed : idle;
    list += fmt::format("{}{} {:.4g}", list.empty() ? "" : ", ", e.parts[k].name, without->mean());
  }
  std::string text = fmt::format("What parts are worth, by the adjusted loss {} ({:.4g} as trained): ",
                                 retrained ? fmt::format("after {} steps of retraining without them", e.retrain_steps)
                                           : "without them, nothing retrained",
                                 all.mean());
  if (!needed.empty()) text += "worse " + needed;
  if (!idle.empty()) text += fmt::format("{}about as good or better {}", needed.empty() ? "" : "; ", idle);
  return text + ".";
}

std::string noise(const Explanation& e) {
  if (!e.noise_probe) return "All prompts have one noise level: there is none to read.";
  const auto& layers = e.noise_probe->layers;
  std::string list;
  for (const NoiseProbe& probe : layers) list += fmt::format("{}{:.2f}", list.empty() ? "" : ", ", probe.r2);
  return fmt::format(
      "A linear probe reads sigma from what layers 1 to {} see with R^2 = {}; from the residuals of least squares it "
      "would be {:.2f}.",
      layers.size(), list, e.noise_probe->residuals.r2);
}

std::string stability(const Explanation& e) {
  const Stability& s = e.stability;
  std::string text;
  if (s.blowups) {
    const auto [low, high] = poisson_interval(s.blowups->count);
    const double million = 1e6 / static_cast<double>(s.blowups->prompts);
    text = fmt::format("It explodes on {} of {} fresh prompts ({:.2g} to {:.2g} in a million, 95%). ", s.blowups->count,
                       s.blowups->prompts, low * million, high * million);
  }
  text +=
      s.limit_found
          ? fmt::format("An eigenvalue of G/n may grow to {:.3g} before the network is worse there than zero", s.limit)
          : fmt::format("No eigenvalue of G/n up to {:.3g} makes the network worse than zero", s.limit);
  text += fmt::format("; the largest of a prompt is {:.3g} in the median, {:.3g} in 1 of 100, {:.3g} in 1 of {}.",
                      s.eigenvalue_median, s.eigenvalue_99, s.eigenvalue_most, s.eigenvalue_prompts);
  return text;
}

std::string range(const Quantiles& q) { return fmt::format("{:.3g} ({:.3g} to {:.3g})", q.median, q.low, q.high); }

// The readings of a layer that have something to say.
std::vector<const Reading*> of_layer(const std::vector<Reading>& readings) {
  std::vector<const Reading*> list;
  for (const Reading& r : readings) {
    if (r.best_step()) list.push_back(&r);
  }
  return list;
}

double least_r2(const std::vector<const Reading*>& list, std::optional<Quantiles> Reading::*which) {
  double least = 1;
  for (const Reading* r : list) {
    if (r->*which) least = std::min(least, (r->*which)->median);
  }
  return least;
}

std::string step_text(const Explanation& e, const std::vector<const Reading*>& list, std::size_t layer) {
  const bool exact = e.network.kind != Parametrisation::full;
  const double alone = least_r2(list, &Reading::r2_step), fitted = least_r2(list, &Reading::r2);
  const Quantiles first = *list.front()->best_step(), last = *list.back()->best_step();
  double most = 0;
  for (const Reading* r : list) most = std::max(most, std::abs(r->best_step()->median));
  if (exact && most == 0) return "no gradient step";
  std::string text;
  if (alone >= words::kExplained) {
    text = "a gradient step";
  } else if (exact) {
    const double omega = std::abs(e.layers[layer].omega.yx);
    if (omega < 1e-9) return "no gradient step";
    text = "a preconditioned gradient step";
  } else if (fitted >= words::kExplained) {
    text = "a gradient step together with what follows";
  } else {
    text = fmt::format("not a step of this kind (R^2 {:.2f} at worst); nearest is one", fitted);
  }
  const bool depends = first.median * last.median < 0 ||
                       std::max(std::abs(first.median), std::abs(last.median)) >=
                           words::kStepFactor * std::min(std::abs(first.median), std::abs(last.median));
  if (list.size() > 1 && depends) {
    return text + fmt::format(" of size {} at sigma = {:.3g} and {} at sigma = {:.3g}", range(first),
                              list.front()->sigma, range(last), list.back()->sigma);
  }
  const Reading* middle = list[list.size() / 2];
  return text + fmt::format(" of size {} at sigma = {:.3g}", range(*middle->best_step()), middle->sigma);
}

std::string shrink_text(const std::vector<const Reading*>& list) {
  if (!list.front()->best_shrinkage()) return "";
  const double first = list.front()->best_shrinkage()->median, last = list.back()->best_shrinkage()->median;
  if (std::max({std::abs(first), std::abs(last), std::abs(first - last)}) < words::kShrinkage) return "";
  const auto say = [](double s) { return s >= 0 ? "shrunk by " + percent(s) : "enlarged by " + percent(-s); };
  if (list.size() == 1) return fmt::format(", what was there {}", say(first));
  return fmt::format(", what was there {} at sigma = {:.3g} and {} at sigma = {:.3g}", say(first), list.front()->sigma,
                     say(last), list.back()->sigma);
}

std::string momentum_text(const std::vector<const Reading*>& list, bool exact) {
  const auto which = exact ? &Reading::momentum_share : &Reading::momentum;
  const Reading* most = nullptr;
  for (const Reading* r : list) {
    if (!(r->*which)) continue;
    if (most == nullptr || std::abs((r->*which)->median) > std::abs((most->*which)->median)) most = r;
  }
  if (most == nullptr || std::abs((most->*which)->median) < words::kMomentum) return "";
  return exact ? fmt::format(", with up to {} of its movement along the momentum u (at sigma = {:.3g})",
                             percent((most->*which)->median), most->sigma)
               : fmt::format(", with momentum up to {:.2f} in size (at sigma = {:.3g})", (most->*which)->median,
                             most->sigma);
}

std::string match_text(const Explanation& e, std::size_t layer) {
  const Match& match = e.similarity.matches[layer];
  const char* how = match.distance <= words::kSame    ? "w is the same as of"
                    : match.distance <= words::kClose ? "w is close to"
                                                      : "w is nearest to, but not close to,";
  return fmt::format("{} {} (distance {:.2g})", how, name_of(e.similarity.families[match.family], match.column),
                     match.distance);
}

std::string layer_text(const Explanation& e, std::size_t l) {
  const auto list = of_layer(e.readings[l]);
  std::string text = fmt::format("Layer {}: ", l + 1);
  if (list.empty()) {
    text += "leaves w as it is";
  } else {
    text += step_text(e, list, l) + shrink_text(list) + momentum_text(list, e.network.kind != Parametrisation::full);
  }
  const LayerSummary& layer = e.layers[l];
  if (e.network.kind == Parametrisation::full) {
    text += l + 1 == e.layers.size() ? fmt::format("; DIAG has {} of it", percent(layer.diagonal_y))
                                     : fmt::format("; DIAG has {} (rows of x) and {} (row of y) of it",
                                                   percent(layer.diagonal_x), percent(layer.diagonal_y));
  }
  return text + fmt::format(". After it {}; adjusted loss {:.4g}.", match_text(e, l), e.adjusted[l].mean());
}

}  // namespace

std::string name_of(const AlgorithmFamily& family, std::size_t column) {
  const std::string& label = family.columns[column];
  if (family.column == "steps") return fmt::format("{}, step {}", family.title, label);
  if (family.column == "penalty") return fmt::format("{}, penalty {}", family.title, label);
  return fmt::format("{} ({})", family.title, label);
}

std::vector<std::string> in_words(const Explanation& e) {
  std::vector<std::string> list{whole(e), parts(e), noise(e), stability(e)};
  for (std::size_t l = 0; l < e.layers.size(); ++l) list.push_back(layer_text(e, l));
  return list;
}

}  // namespace gramian
