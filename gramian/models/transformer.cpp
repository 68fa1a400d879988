#include "gramian/models/transformer.h"

#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/models/initial.h"

namespace gramian {

namespace {

// Entry number i of a parameter, by rows; `normal` is N(0, 1).
double begin_as(const Parameter& parameter, const TransformerStart& start, int i, double normal) {
  const bool diagonal = i / parameter.columns == i % parameter.columns;
  switch (parameter.law) {
    case InitialLaw::zero:
      return 0;
    case InitialLaw::one:
      return 1;
    case InitialLaw::start:
      return parameter.start;
    case InitialLaw::first_row:
      return i < parameter.columns ? 1 : 0;
    case InitialLaw::normal:
      return normal / std::sqrt(parameter.rows);
    case InitialLaw::noisy:
      return normal / std::sqrt(parameter.rows) * start.noise;
    case InitialLaw::noisy_key:
      return normal / std::sqrt(parameter.rows) * start.noise + (diagonal ? start.query_key : 0);
    case InitialLaw::noisy_value:
      return normal / std::sqrt(parameter.rows) * start.noise + (diagonal ? start.value : 0);
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

Expected<Transformer> Transformer::initial(const TransformerSpec& spec,
                                           const TransformerStart& start, std::uint64_t seed) {
  auto transformer = GRAMIAN_TRY(create(spec));
  std::size_t index = 0;
  for (const Parameter& parameter : transformer.recorded().parameters) {
    for (int i = 0; i < parameter.rows * parameter.columns; ++i, ++index) {
      transformer.theta[index] = begin_as(parameter, start, i, initial_normal(seed, index));
    }
  }
  return transformer;
}

std::span<double> Transformer::weights(std::string_view name) {
  std::size_t first = 0;
  for (const Parameter& parameter : recorded_->parameters) {
    if (parameter.name == name) return std::span(theta).subspan(first, parameter.size());
    first += parameter.size();
  }
  GRAMIAN_ASSERT(!"a parameter of this name");
  return {};
}

std::vector<WeightMatrix> Transformer::matrices() const {
  std::vector<WeightMatrix> list;
  std::size_t first = 0;
  for (const Parameter& parameter : recorded_->parameters) {
    const WeightMatrix matrix{parameter.name, first, parameter.rows, parameter.columns};
    if (matrix.rows > 1 && matrix.columns > 1) list.push_back(matrix);
    first += matrix.size();
  }
  return list;
}

}  // namespace gramian
