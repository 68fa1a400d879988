#include "gramian/tasks/recall_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <vector>

#include "gramian/base/words.h"
#include "gramian/lanes/view.h"
#include "gramian/random/uniforms.h"
#include "gramian/tasks/token_families.h"

namespace gramian {

namespace {

constexpr std::size_t kBlank = 0, kMarker = 1, kFirstContent = 2;  // of copying
constexpr int kLeastVocabulary = 8;

constexpr auto kRecallKinds = words<RecallKind>({{RecallKind::associative, "associative"},
                                                 {RecallKind::noisy, "noisy"},
                                                 {RecallKind::copying, "copying"}});

// One prompt: symbols, and at the places that ask the symbol that answers.
struct Symbols {
  std::vector<std::size_t> seen, answer;
  std::vector<bool> asks;

  explicit Symbols(std::size_t tokens) : seen(tokens), answer(tokens), asks(tokens) {}
  void ask(std::size_t place, std::size_t symbol) {
    answer[place] = symbol;
    asks[place] = true;
  }
};

// `count` different numbers of [first, end), in random order.
std::vector<std::size_t> some_of(std::size_t first, std::size_t end, std::size_t count,
                                 Uniforms& uniforms) {
  std::vector<std::size_t> all(end - first);
  std::iota(all.begin(), all.end(), first);
  uniforms.shuffle(all);
  all.resize(count);
  return all;
}

class Recall {
 public:
  explicit Recall(const RecallSpec& spec)
      : kind_(spec.kind),
        tokens_(static_cast<std::size_t>(spec.tokens)),
        vocabulary_(static_cast<std::size_t>(spec.vocabulary)),
        items_(static_cast<std::size_t>(spec.items)),
        noise_(spec.noise) {}

  Symbols draw(Uniforms& uniforms) const {
    switch (kind_) {
      case RecallKind::associative:
        return associative(uniforms);
      case RecallKind::noisy:
        return noisy(uniforms);
      case RecallKind::copying:
        return copying(uniforms);
    }
    return Symbols(tokens_);
  }

 private:
  std::size_t any_value(Uniforms& uniforms) const {
    return vocabulary_ / 2 + uniforms.below(vocabulary_ / 2);
  }

  Symbols associative(Uniforms& uniforms) const {
    Symbols prompt(tokens_);
    const auto keys = some_of(0, vocabulary_ / 2, items_, uniforms);
    for (std::size_t i = 0; i < items_; ++i) {
      prompt.seen[2 * i] = keys[i];
      prompt.seen[2 * i + 1] = any_value(uniforms);
    }
    for (std::size_t t = 2 * items_; t < tokens_; ++t) prompt.seen[t] = any_value(uniforms);
    const auto places = some_of(2 * items_, tokens_, items_, uniforms);
    for (std::size_t i = 0; i < items_; ++i) {
      prompt.seen[places[i]] = keys[i];
      prompt.ask(places[i], prompt.seen[2 * i + 1]);
    }
    return prompt;
  }

  Symbols noisy(Uniforms& uniforms) const {
    Symbols prompt(tokens_);
    const auto keys = some_of(vocabulary_ / 4, vocabulary_ / 2, items_, uniforms);
    std::vector<std::size_t> values(items_);
    for (std::size_t& value : values) value = any_value(uniforms);
    std::vector<bool> known(items_);
    for (std::size_t t = 0; t < tokens_;) {
      if (t + 1 == tokens_ || uniforms.next() < noise_) {
        prompt.seen[t++] = uniforms.below(vocabulary_ / 4);
        continue;
      }
      const std::size_t i = uniforms.below(items_);
      prompt.seen[t] = keys[i];
      if (known[i]) prompt.ask(t, values[i]);
      known[i] = true;
      prompt.seen[t + 1] = values[i];
      t += 2;
    }
    return prompt;
  }

  Symbols copying(Uniforms& uniforms) const {
    Symbols prompt(tokens_);
    std::ranges::fill(prompt.seen, kBlank);
    const std::size_t markers = tokens_ - items_;
    auto places = some_of(0, markers, items_, uniforms);
    std::ranges::sort(places);
    for (std::size_t i = 0; i < items_; ++i) {
      const std::size_t symbol = kFirstContent + uniforms.below(vocabulary_ - kFirstContent);
      prompt.seen[places[i]] = symbol;
      prompt.seen[markers + i] = kMarker;
      prompt.ask(markers + i, symbol);
    }
    return prompt;
  }

  RecallKind kind_;
  std::size_t tokens_, vocabulary_, items_;
  double noise_;
};

template <class T>
class RecallBlocks final : public BlockSampler<T> {
 public:
  explicit RecallBlocks(const RecallSpec& spec) : recall_(spec) {}

  void sample(const PhiloxAddress& address, int count, TokenBlock<T>& block) override {
    for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
      Uniforms uniforms(address, p);
      const Symbols prompt = recall_.draw(uniforms);
      for (std::size_t t = 0; t < prompt.seen.size(); ++t) {
        const std::size_t at = t * kLanes + p;
        block.tokens[at] = static_cast<T>(prompt.seen[t]);
        block.target[at] = static_cast<T>(prompt.answer[t]);
        block.weights[at] = prompt.asks[t] ? T(1) : T(0);
      }
    }
  }

 private:
  Recall recall_;
};

class RecallTokens final : public TokenSource {
 public:
  explicit RecallTokens(const RecallSpec& spec) : spec_(spec) {}

  int tokens() const override { return spec_.tokens; }
  int width() const override { return 1; }
  int vocabulary() const override { return spec_.vocabulary; }
  Answers answers() const override {
    return {.kind = AnswerKind::classes, .positions = spec_.tokens, .outputs = spec_.vocabulary};
  }
  int truth() const override { return 0; }
  std::string describe() const override { return spec_.describe(); }
  std::unique_ptr<BlockSampler<float>> sampler(float) const override {
    return std::make_unique<RecallBlocks<float>>(spec_);
  }
  std::unique_ptr<BlockSampler<double>> sampler(double) const override {
    return std::make_unique<RecallBlocks<double>>(spec_);
  }

 private:
  RecallSpec spec_;
};

constexpr auto kRecallKeys = key::all_affect(
    Affects::prompts,
    std::array{
        key::only(
            "transformer",
            key::choice(
                "task.recall", "associative", kRecallKinds.list(),
                "recall: pairs of a key and a value, and then these keys again, each of which asks "
                "for "
                "its value (associative); a stream of such pairs with symbols without a meaning "
                "between them, where every key that was seen before asks (noisy); or symbols among "
                "blanks that are to be repeated in their order (copying)")),
        key::only("transformer",
                  key::integer("task.vocabulary", "64", kLeastVocabulary, kMaxVocabulary,
                               "recall: symbols V, a multiple of 4")),
        key::only("transformer",
                  key::integer("task.items", "8", 1, kMaxVocabulary,
                               "recall: different keys of a prompt, or symbols to copy")),
        key::only("transformer",
                  key::number("task.noise_share", "0.2", key::closed(0, 1),
                              "recall, noisy: share of the places between pairs that holds "
                              "a symbol without a meaning")),
    });

constexpr std::array<std::string_view, 1> kSharedByRecall{"task.tokens"};
constexpr std::array<UnusedKey, 9> kUnusedByRecall{{
    {"task.d", "its tokens are symbols, task.vocabulary of them"},
    {"task.n", "its length is task.tokens"},
    {"task.layout", "a token is a symbol"},
    {"task.noise", "its noise is task.noise_share"},
    {"task.sigma", "its noise is task.noise_share"},
    {"task.covariance", "a token is a symbol"},
    {"task.inputs", "a token is a symbol"},
    {"task.weights", "what is asked is task.recall"},
    {"task.pool", "what is asked is task.recall"},
}};

Expected<std::shared_ptr<const TokenSource>> make_recall(const Settings& settings) {
  return recall_tokens({.kind = kRecallKinds.value(settings.text("task.recall")),
                        .tokens = static_cast<int>(settings.integer("task.tokens")),
                        .vocabulary = static_cast<int>(settings.integer("task.vocabulary")),
                        .items = static_cast<int>(settings.integer("task.items")),
                        .noise = settings.number("task.noise_share")});
}

}  // namespace

extern const TokenFamily recall_token_family;
constinit const TokenFamily recall_token_family{.name = "recall",
                                                .keys = kRecallKeys,
                                                .shares = kSharedByRecall,
                                                .unused = kUnusedByRecall,
                                                .make_source = make_recall};

std::string RecallSpec::describe() const {
  static constexpr const char* kNames[] = {"associative recall", "noisy recall",
                                           "selective copying"};
  return fmt::format("{}, {} items, vocabulary of {}", kNames[static_cast<std::size_t>(kind)],
                     items, vocabulary);
}

Status RecallSpec::check() const {
  if (vocabulary < kLeastVocabulary || vocabulary > kMaxVocabulary || vocabulary % 4 != 0) {
    return fail(ErrorKind::config, "[task.vocabulary] must be a multiple of 4 in [{}, {}], got {}",
                kLeastVocabulary, kMaxVocabulary, vocabulary);
  }
  if (tokens < 2 || tokens > kMaxRecallTokens) {
    return fail(ErrorKind::config, "[task.tokens] must be in [2, {}], got {}", kMaxRecallTokens,
                tokens);
  }
  if (!(noise >= 0 && noise < 1)) {
    return fail(ErrorKind::config,
                "[task.noise_share] must be at least 0 and below 1, where no pair is left, got {}",
                noise);
  }
  // Symbols that there are, and places for all items.
  const bool is_copying = kind == RecallKind::copying;
  const int most =
      is_copying ? kMaxVocabulary : vocabulary / (kind == RecallKind::associative ? 2 : 4);
  if (items < 1 || items > most) {
    return fail(ErrorKind::config, "[task.items] must be in [1, {}] for a vocabulary of {}, got {}",
                most, vocabulary, items);
  }
  const int least = kind == RecallKind::associative ? 3 * items : is_copying ? 2 * items : 4;
  if (tokens < least) {
    return fail(ErrorKind::config, "[task.tokens] must be at least {} for {} items, got {}", least,
                items, tokens);
  }
  return {};
}

Expected<std::shared_ptr<const TokenSource>> recall_tokens(const RecallSpec& spec) {
  GRAMIAN_TRY(spec.check());
  return std::make_shared<RecallTokens>(spec);
}

}  // namespace gramian
