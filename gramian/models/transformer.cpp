#include "gramian/models/transformer.h"

#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/models/initial.h"

namespace gramian {

namespace {

double begin_as(const Parameter& parameter, double noise, std::uint64_t seed, std::size_t index) {
  switch (parameter.law) {
    case InitialLaw::zero:
      return 0;
    case InitialLaw::one:
      return 1;
    case InitialLaw::normal:
      return initial_normal(seed, index) / std::sqrt(parameter.rows);
    case InitialLaw::noisy:
      return initial_normal(seed, index) / std::sqrt(parameter.rows) * noise;
  }
  return 0;
}

}  // namespace

Transformer::Transformer(RecordedTransformer recorded)
    : theta(recorded.tape.parameters()),
      recorded_(std::make_shared<const RecordedTransformer>(std::move(recorded))) {}

Expected<Transformer> Transformer::create(const TransformerSpec& spec, std::vector<double> theta) {
  auto recorded = GRAMIAN_TRY(record(spec));
  Transformer transformer(std::move(recorded));
  if (theta.empty()) return transformer;
  if (theta.size() != transformer.theta.size()) {
    return fail(ErrorKind::config, "the transformer has {} weights, got {}",
                transformer.theta.size(), theta.size());
  }
  transformer.theta = std::move(theta);
  return transformer;
}

Expected<Transformer> Transformer::initial(const TransformerSpec& spec, double noise,
                                           std::uint64_t seed) {
  auto transformer = GRAMIAN_TRY(create(spec));
  std::size_t index = 0;
  for (const Parameter& parameter : transformer.recorded().parameters) {
    for (int i = 0; i < parameter.rows * parameter.columns; ++i, ++index)
      transformer.theta[index] = begin_as(parameter, noise, seed, index);
  }
  return transformer;
}

std::span<double> Transformer::weights(std::string_view name) {
  std::size_t first = 0;
  for (const Parameter& parameter : recorded_->parameters) {
    const auto size =
        static_cast<std::size_t>(parameter.rows) * static_cast<std::size_t>(parameter.columns);
    if (parameter.name == name) return std::span(theta).subspan(first, size);
    first += size;
  }
  GRAMIAN_ASSERT(!"a parameter of this name");
  return {};
}

}  // namespace gramian
