// A transformer on tokens: its description (transformer/spec.h), its recorded operations
// (transformer/record.h) and its weights.
//
//   const TransformerSpec spec{.stem = {.tokens = 11, .width = 2, .embedding = 40}};
//   const Transformer network = GRAMIAN_TRY(Transformer::initial(spec, 0.05, seed));
//   TapeRun<double> run(network.recorded().tape);                        // tape/tape_run.h
//   fill(run.values(network.recorded().tokens));
//   run.forward(network.theta.data());
//   read(run.values(network.recorded().output));
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gramian/models/transformer/record.h"
#include "gramian/models/transformer/spec.h"
#include "gramian/models/weight_matrix.h"

namespace gramian {

// How a transformer begins: N(0, 1 / rows) for matrices; of Q, K, V and P `noise` times that, to
// which Q and K add `query_key` times the identity and V `value` times it; zeros for biases and the
// maps of skips; ones for gains and steps. The maps of gates begin like P, with biases that give a
// decay of 0.98 and a strength of 1/2; convolutions as the token itself; ridges as 1 (spec.h).
struct TransformerStart {
  double noise = 0.01;
  double query_key = 0, value = 0;
};

// Copies share what is recorded, which happens once.
class Transformer {
 public:
  // With these weights, or with zeros for an empty theta. Errors: config, for a description that
  // cannot be recorded, and for another number of weights than it has.
  static Expected<Transformer> create(const TransformerSpec& spec, std::vector<double> theta = {});

  // The same seed gives the same weights. Errors: config, for a description that cannot be
  // recorded.
  static Expected<Transformer> initial(const TransformerSpec& spec, const TransformerStart& start,
                                       std::uint64_t seed);
  static Expected<Transformer> initial(const TransformerSpec& spec, double noise,
                                       std::uint64_t seed) {
    return initial(spec, TransformerStart{.noise = noise}, seed);
  }

  const TransformerSpec& spec() const { return recorded_->spec; }
  const RecordedTransformer& recorded() const { return *recorded_; }
  std::shared_ptr<const RecordedTransformer> shared_recording() const { return recorded_; }

  // [rows, columns] of the parameter of this name. Requires that there is one (asserted).
  std::span<double> weights(std::string_view name);

  // The parameters that are matrices, with their names, in the order of theta; no biases, gains or
  // steps, which are a row or a column.
  std::vector<WeightMatrix> matrices() const;

  std::vector<double> theta;  // [recorded().tape.parameters()], in the order of parameters

 private:
  explicit Transformer(RecordedTransformer recorded);
  std::shared_ptr<const RecordedTransformer> recorded_;
};

}  // namespace gramian
