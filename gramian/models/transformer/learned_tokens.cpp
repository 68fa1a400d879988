#include "gramian/models/transformer/learned_tokens.h"

#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/models/initial.h"

namespace gramian {

namespace {

Status check_additions(const Stem& stem, const LearnedTokens& which) {
  if (which.separator && (stem.embedding == 0 || stem.vocabulary > 0)) {
    return fail(ErrorKind::config,
                "a learned separator is a row of the embedding of numbers; the network has an "
                "embedding of {} and a vocabulary of {}",
                stem.embedding, stem.vocabulary);
  }
  if (stem.prefix > 0)
    return fail(ErrorKind::config, "the network has {} learned tokens in front already",
                stem.prefix);
  return {};
}

}  // namespace

Expected<WithLearnedTokens> with_learned_tokens(const Transformer& trained,
                                                const LearnedTokens& which, std::uint64_t seed) {
  const Stem& before = trained.spec().stem;
  GRAMIAN_TRY(check_additions(before, which));
  TransformerSpec spec = trained.spec();
  spec.stem.width += which.separator ? 1 : 0;
  spec.stem.prefix = which.prefix;
  WithLearnedTokens result{.network = GRAMIAN_TRY(Transformer::create(spec)), .learned = {}};
  std::vector<double>& theta = result.network.theta;
  const auto learn = [&](std::size_t numbers) {
    for (std::size_t i = 0; i < numbers; ++i) {
      const std::size_t at = result.learned.size();
      theta[at] = initial_normal(seed, at);
      result.learned.push_back(true);
    }
  };
  std::size_t from = 0;
  const auto keep = [&](std::size_t numbers) {
    std::copy_n(trained.theta.begin() + static_cast<std::ptrdiff_t>(from), numbers,
                theta.begin() + static_cast<std::ptrdiff_t>(result.learned.size()));
    from += numbers;
    result.learned.insert(result.learned.end(), numbers, false);
  };
  for (const Parameter& parameter : result.network.recorded().parameters) {
    const std::size_t size = parameter.size();
    if (parameter.name == "prefix") {
      learn(size);
    } else if (parameter.name == "embedding" && which.separator) {
      const auto row = static_cast<std::size_t>(parameter.columns);
      const std::size_t above = static_cast<std::size_t>(before.width) * row;
      keep(above);
      learn(row);
      keep(size - above - row);
    } else {
      keep(size);
    }
  }
  GRAMIAN_ASSERT(from == trained.theta.size() && result.learned.size() == theta.size());
  return result;
}

}  // namespace gramian
