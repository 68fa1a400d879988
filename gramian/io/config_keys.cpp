#include "gramian/io/config_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gramian/models/network.h"
#include "gramian/models/transformer.h"
#include "gramian/tasks/task.h"

namespace gramian {

namespace {

constexpr double kLargestSeed =
    9007199254740991.0;  // 2^53 - 1: larger integers are not exact in JSON

constexpr Range closed(double low, double high) { return {low, high, false, false}; }
constexpr Range above(double low, double high) { return {low, high, true, false}; }  // (low, high]
constexpr Range below(double low, double high) { return {low, high, false, true}; }  // [low, high)
constexpr Range at_least(double low) { return below(low, std::numeric_limits<double>::infinity()); }

constexpr Key integer(std::string_view name, std::string_view fallback, double low, double high,
                      std::string_view help) {
  return {name, KeyType::integer, fallback, help, closed(low, high), ""};
}
constexpr Key number(std::string_view name, std::string_view fallback, Range range,
                     std::string_view help) {
  return {name, KeyType::number, fallback, help, range, ""};
}
constexpr Key boolean(std::string_view name, std::string_view fallback, std::string_view help) {
  return {name, KeyType::boolean, fallback, help, {}, ""};
}
constexpr Key choice(std::string_view name, std::string_view fallback, std::string_view choices,
                     std::string_view help) {
  return {name, KeyType::choice, fallback, help, {}, choices};
}
constexpr Key numbers(std::string_view name, std::string_view fallback, Range range,
                      std::string_view help) {
  return {name, KeyType::numbers, fallback, help, range, ""};
}
constexpr Key matrix(std::string_view name, std::string_view fallback, std::string_view help) {
  return {name, KeyType::matrix, fallback, help, {}, ""};
}

constexpr Key later(Key key) {
  key.later = true;
  return key;
}

constexpr std::array kSections{
    Section{"task", "In-context linear regression: where prompts come from."},
    Section{"model", "The linear transformer and its initial weights."},
    Section{"train", "The loss, the optimiser and the run."},
    Section{"eval", "The comparison with the solvers on fresh prompts."},
};

constexpr std::array kKeys{
    integer("task.d", "10", 1, kMaxDimension, "input dimension d"),
    integer("task.n", "20", 1, kMaxContext, "context length n: examples in a prompt"),
    choice("task.noise", "uniform", "uniform|categorical|constant",
           "prior of the noise level sigma, drawn once a prompt"),
    numbers("task.sigma", "[0, 5]", at_least(0),
            "noise levels sigma (standard deviation of the targets): low and high for uniform, one "
            "or more equally "
            "likely levels for categorical, one for constant"),
    matrix("task.covariance", "[]",
           "covariance S of the inputs, d x d, symmetric and positive definite"),
    choice("task.inputs", "gaussian", "gaussian|uniform",
           "law of the inputs x = C z, C C^T = S: entries of z normal, or uniform of variance 1"),
    choice("task.weights", "isotropic", "isotropic|inverse_covariance",
           "law of the true weights: w ~ N(0, I), or N(0, S^-1)"),
    choice("task.sampler", "automatic", "automatic|tokens|gram",
           "draw n tokens, or their Gram matrix directly (gaussian inputs only; any n at one "
           "cost); automatic "
           "prefers gram"),

    later(choice("task.family", "linear", "linear|sine",
                 "what is regressed: linear functions, or a sin(x + phase) with x ~ U(-5, 5) and "
                 "phase ~ U(0, pi), of which "
                 "task.n is the only other setting (sine needs model.kind transformer)")),
    later(choice("task.layout", "joined", "joined|interleaved",
                 "tokens (x, y), or x and then (0, y) in a token of its own (interleaved needs "
                 "model.kind transformer)")),
    later(numbers("task.amplitude", "[0.1, 0.5]", at_least(0),
                  "low and high of the uniform amplitude a of sine")),
    later(boolean("task.correlated", "false", "sine: amplitude and phase from one uniform number")),

    choice("model.kind", "diag", "full|diag|gdpp|preconditioned|transformer",
           "parametrisation of a layer: full P and Q, four numbers (diag), two (gdpp, GD++), or "
           "the matrix A and the "
           "vector u of preconditioned gradient descent; or a transformer on tokens, with Q, K, V "
           "and P and perhaps an "
           "MLP, "
           "softmax and positions"),
    integer("model.layers", "4", 1, kMaxLayers, "layers L"),
    integer("model.heads", "1", 1, kMaxHeads,
            "heads H of kind full or transformer; 1 for all others (the omegas of diag and gdpp "
            "already cover every "
            "number of heads)"),
    boolean("model.tied", "false",
            "one set of weights used by all L layers (a looped transformer)"),
    choice("model.context_scale", "mean", "mean|sum",
           "attention reads G/n (mean) or G (sum), G the sum over the context of e e^T"),
    boolean("model.query_in_keys", "false", "let tokens attend to the query too"),
    choice("model.init", "gd", "gd|random|gdpp|gdpp_optimum",
           "initial layers: a step of gradient descent plus noise; the noise alone; or, for kinds "
           "full and diag, a GD++ "
           "network trained first with the same settings (in DIR/gdpp), written as P and Q or as "
           "four omegas; or, for "
           "kind gdpp too, the GD++ network of least expected loss, computed from the exact law of "
           "the eigenvalues of "
           "a prompt; a transformer always begins at random"),
    number("model.init_step", "0.5", above(0, 10),
           "step size of the initial gradient descent, for G/n"),
    number("model.init_curvature", "0.05", closed(0, 10),
           "its curvature correction (-omega_xx), for G/n"),
    number("model.init_growth", "1", closed(1, 10),
           "factor on both from layer to layer; 2.25 begins like the second-order method of "
           "Theorem 5.1"),
    number("model.init_noise", "0.01", closed(0, 10),
           "standard deviation of the random part of the initial weights; of a transformer, of Q, "
           "K, V and P times the "
           "root of "
           "their rows (embedding and MLP begin with 1 over that root)"),
    later(number("model.init_rare", "0", closed(0, 0.1),
                 "gdpp_optimum: the largest eigenvalues, of which a prompt has this many on "
                 "average, do not count")),
    later(integer("model.positions", "0", 0, kMaxWidth,
                  "transformer: width of the sinusoidal encoding beside each token")),
    later(integer("model.embedding", "0", 0, kMaxWidth,
                  "transformer: width of a linear embedding of the tokens; 0: none")),
    later(integer("model.hidden", "0", 0, kMaxWidth,
                  "transformer: hidden width of the MLP (GELU, residual) before the attention of "
                  "each layer; 0: none")),
    later(integer("model.key_size", "0", 0, kMaxWidth,
                  "transformer: size of queries, keys and values; 0: as wide as a token")),
    later(integer("model.softmax_layers", "0", 0, kMaxLayers,
                  "transformer: how many layers, the first, have softmax attention")),
    later(choice("model.attention", "trained", "trained|gradient_descent",
                 "transformer: trained, or a fixed step of gradient descent on what embedding and "
                 "MLP make of the tokens")),
    later(number("model.clip", "0", closed(0, 1e6),
                 "transformer: bound on the numbers of a token after each layer; 0: none")),

    integer("train.seed", "0", 0, kLargestSeed,
            "seed of the initial weights and of all training prompts"),
    integer("train.steps", "4000", 0, 1e9, "optimiser steps; 0: the initial weights are the model"),
    integer("train.batch", "2048", 1, 1e6, "prompts a step"),
    choice("train.precision", "float", "float|double",
           "arithmetic of the forward and backward pass"),
    choice("train.query", "integrated", "integrated|sampled",
           "loss over the query in closed form, or on one sampled query a prompt (a transformer: "
           "always sampled)"),
    number("train.robust", "100", closed(0, 1e12),
           "scale c of the robust loss c/2 log(1 + r^2/c) of a residual r; 0 is the plain squared "
           "error"),
    number("train.robust_final", "10000", closed(0, 1e12),
           "c at the last step, approached geometrically; 0 = it stays as it begins"),
    integer("train.guards", "0", 0, 15,
            "of every sixteen prompts, how many are guards: their Gram matrix is stretched, and "
            "they teach only not to "
            "explode (networks of four layers and more)"),
    number("train.stretch", "2", above(1, 100), "factor on the Gram matrix of guards"),
    choice("train.optimiser", "automatic", "automatic|adam|soap|gauss_newton",
           "Adam; SOAP, which is Adam in the eigenbasis of Shampoo, for full; or Adam for a first "
           "share of the steps "
           "and then Gauss-Newton, for models of at most 512 parameters; automatic: gauss_newton "
           "for diag and gdpp, "
           "adam for full and transformer"),
    number("train.learning_rate", "0.01", above(0, 10), "peak learning rate of Adam"),
    number("train.final_learning_rate", "0.01", closed(0, 1),
           "learning rate at the end, as a fraction of the peak"),
    choice("train.schedule", "cosine", "cosine|linear|constant",
           "decay of the learning rate after the warm-up"),
    number("train.warmup", "0.05", closed(0, 1), "linear warm-up, as a fraction of the steps"),
    number("train.beta1", "0.9", below(0, 1), "Adam's decay of the mean gradient"),
    number("train.beta2", "0.99", below(0, 1), "Adam's decay of the mean squared gradient"),
    number("train.epsilon", "1e-8", above(0, 1), "Adam's epsilon"),
    number("train.weight_decay", "0", closed(0, 1), "decoupled weight decay (AdamW)"),
    number("train.newton_after", "0.3", closed(0, 1),
           "share of the steps that are Adam's before those of Gauss-Newton"),
    number("train.newton_rate", "0.3", above(0, 1), "share of a Gauss-Newton step that is taken"),
    number("train.newton_trust", "0.1", above(0, 10),
           "bound on what a Gauss-Newton step changes in the predictions, as a fraction of their "
           "error"),
    number("train.newton_damping", "1e-4", closed(0, 1),
           "damping, relative to the diagonal of the curvature"),
    number("train.newton_memory", "0.95", below(0, 1), "decay of the mean curvature"),
    number("train.clip_norm", "10", closed(0, 1e12),
           "largest norm of the gradient; longer ones are scaled; 0 = off"),
    integer("train.threads", "0", 0, 1024,
            "threads; 0 = one for each core; results do not depend on it"),
    integer("train.checkpoint_every", "1000", 1, 1e9, "steps between checkpoints"),
    integer("train.log_every", "50", 1, 1e9, "steps between lines of metrics.jsonl"),
    later(integer("train.snapshots", "0", 0, 10000,
                  "models kept along the way in DIR/snapshots, the first before and the last after "
                  "training, denser where "
                  "training is young")),

    integer("eval.prompts", "100000", 1, 4e9, "prompts of the comparison"),
    integer("eval.seed", "1", 0, kLargestSeed, "seed of the evaluation prompts"),
    choice("eval.query", "integrated", "integrated|sampled",
           "loss over the query in closed form, or on one sampled query a prompt"),
    integer("eval.tuning_prompts", "100000", 100, 1e7,
            "prompts on which the solvers' constants are tuned"),
    numbers("eval.profile", "[]", at_least(0), "noise levels sigma at which to print a profile"),
    integer("eval.gd_steps", "0", 0, 10000,
            "steps of the gradient descent solver; 0 = as many as the model has layers"),
};

// Changes of one letter, and swaps of two neighbours, between two words.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min(
          {cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

constexpr std::size_t kLongestName = 64;  // keeps a hostile file from buying quadratic work

// Near enough to be a slip of the hand: a third of the letters may differ.
bool is_near(std::string_view written, std::string_view meant, std::size_t distance) {
  return distance <= std::max(written.size(), meant.size()) / 3;
}

}  // namespace

bool Range::contains(double value) const {
  return (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
}

std::string Range::describe() const {
  return fmt::format("{}{}, {}{}", low_open ? '(' : '[', low, high, high_open ? ')' : ']');
}

std::vector<std::string_view> Key::choice_list() const {
  std::vector<std::string_view> list;
  for (std::string_view rest = choices; !rest.empty();) {
    const std::size_t end = std::min(rest.find('|'), rest.size());
    list.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return list;
}

std::string Key::rule() const {
  switch (type) {
    case KeyType::integer:
      return fmt::format("an integer in {}", range.describe());
    case KeyType::number:
      return fmt::format("a number in {}", range.describe());
    case KeyType::boolean:
      return "true or false";
    case KeyType::choice:
      return fmt::format("one of {}", fmt::join(choice_list(), ", "));
    case KeyType::numbers:
      return fmt::format("a number or an array of at most {}, each in {}", kMaxNumbers,
                         range.describe());
    case KeyType::matrix:
      return fmt::format(
          "[] (the identity), [v1, v2, ..] (a diagonal) or [[..], [..], ..] (rows), finite, at "
          "most {0} x {0}",
          kMaxDimension);
  }
  return "";
}

std::span<const Key> config_keys() { return kKeys; }
std::span<const Section> config_sections() { return kSections; }

const Key* find_key(std::string_view name) {
  const auto found = std::ranges::find(kKeys, name, &Key::name);
  return found == kKeys.end() ? nullptr : &*found;
}

std::string suggest_key(std::string_view name) {
  if (name.size() > kLongestName) return "";
  const std::size_t dot = name.find('.');
  const std::string_view section = dot == name.npos ? "" : name.substr(0, dot);
  const std::string_view last = dot == name.npos ? name : name.substr(dot + 1);
  const Key* best = nullptr;
  std::pair<std::size_t, std::size_t> best_distance;
  for (const Key& key : kKeys) {
    // The last name must be near; the section only decides between equals.
    const std::pair distance(edit_distance(last, key.last_name()),
                             edit_distance(section, key.section()));
    if (!is_near(last, key.last_name(), distance.first)) continue;
    if (best == nullptr || distance < best_distance) {
      best = &key;
      best_distance = distance;
    }
  }
  return best == nullptr ? "" : fmt::format("; did you mean '{}'?", best->name);
}

std::string suggest_section(std::string_view name) {
  if (name.size() > kLongestName) return "";
  const auto distance = [&](const Section& section) { return edit_distance(name, section.name); };
  const auto best = std::ranges::min_element(kSections, {}, distance);
  return is_near(name, best->name, distance(*best))
             ? fmt::format("; did you mean [{}]?", best->name)
             : "";
}

std::string help_text() {
  std::string text;
  for (const Section& section : kSections) {
    text += fmt::format("{}[{}] {}\n", text.empty() ? "" : "\n", section.name, section.help);
    for (const Key& key : kKeys) {
      if (key.section() != section.name) continue;
      text += fmt::format("  {} = {}\n      {}\n      {}\n", key.name, key.fallback, key.help,
                          key.rule());
    }
  }
  return text;
}

std::string reference_markdown() {
  std::string text =
      "# Configuration reference\n\n"
      "Generated from the table of keys in `gramian/io/config_keys.cpp`; do not edit by hand.\n\n"
      "A configuration is a TOML file. Every key has a default, so an empty file is valid. A key "
      "can also be set on\n"
      "the command line, which wins over the file: `task.d=5`, `task.noise=constant`, "
      "`'task.sigma=[0, 1]'`.\n"
      "An integer may be written as `1e6`. Unknown keys are errors.\n";
  for (const Section& section : kSections) {
    text += fmt::format("\n## [{}]\n\n{}\n\n", section.name, section.help);
    text += "| key | default | meaning | must be |\n| --- | --- | --- | --- |\n";
    for (const Key& key : kKeys) {
      if (key.section() != section.name) continue;
      text +=
          fmt::format("| `{}` | `{}` | {} | {} |\n", key.name, key.fallback, key.help, key.rule());
    }
  }
  return text;
}

}  // namespace gramian
