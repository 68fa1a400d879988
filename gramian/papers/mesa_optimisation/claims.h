// The claims of von Oswald et al. (2023) from numbers alone. A claim over numbers of which none is
// there is not judged. Losses are means over positions of 1/2 |error|^2.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/papers/mesa_optimisation/measure.h"

namespace gramian::mesa_optimisation {

// "zero", "descent", "steps-1" .. "steps-6" and "least-squares" (evaluation/sequence_baselines.h).
using BaselineLosses = std::map<std::string, Estimate>;

// One trained layer.
struct OneLayerNumbers {
  Estimate loss = {}, descent = {};
  double best_step = 0;  // of gradient descent, tuned
  OneLayerWeights weights = {};
};
std::vector<Claim> one_layer_claims(const std::vector<OneLayerNumbers>& seeds);

// Networks of so many layers, beside baselines on the same prompts.
struct DepthNumbers {
  int layers = 0;
  std::vector<Estimate> seeds = {};
};
std::vector<Claim> depth_claims(const std::vector<DepthNumbers>& networks,
                                const BaselineLosses& baselines);

// Losses of one network with its own products, with the mean of them and block-scalar ones, and
// with block-scalar ones.
struct CompressedNumbers {
  int layers = 0;
  Estimate own = {}, half = {}, whole = {};
};
std::vector<Claim> compressed_claims(const std::vector<CompressedNumbers>& networks,
                                     double zero_loss);

// The same along one training: losses after these steps of the network, with block-scalar products,
// with the mean of its own products and the block-scalar ones of the end of the training.
struct AlongTraining {
  int layers = 0, seed = 0;
  std::vector<std::int64_t> steps = {};
  std::vector<Estimate> own = {}, block_scalar = {}, with_end = {};
  std::vector<std::vector<Estimate>> positions = {};  // of own: the loss at each position
};
// Networks of so many layers that are trained from the same starts with free and with block-scalar
// products, a seed an entry.
struct ScalarTrainings {
  int layers = 0;
  std::vector<Estimate> free = {}, block_scalar = {};
};
std::vector<Claim> interpolation_claims(const std::vector<AlongTraining>& along,
                                        const std::vector<ScalarTrainings>& trained);

// A network of so many layers.
struct LayerProbes {
  int layers = 0;
  ProbeNumbers probes = {};
};
std::vector<Claim> probe_claims(const std::vector<LayerProbes>& networks);

// One layer on contracting systems, as OneLayerNumbers; and networks trained on one system: on it,
// with what least squares loses there, and on systems of their own, with what zero loses there.
struct FixedNumbers {
  int layers = 0;
  Estimate loss = {}, least_squares = {};
  Estimate elsewhere = {}, zero = {};
};
std::vector<Claim> system_claims(const std::vector<OneLayerNumbers>& contracting,
                                 const std::vector<FixedNumbers>& fixed);

// Two layers on observations as they are: one network on one family of systems.
struct RawNumbers {
  std::string network = {}, system = {};
  bool is_hybrid = false;  // softmax, then mesa
  std::vector<Estimate> seeds = {};
};
// One mesa layer on tokens that have s_{t-1} too.
struct MesaLayerNumbers {
  std::vector<Estimate> seeds = {};
  Estimate least_squares = {};
};
// R^2 of a linear probe of s_{t-1} before and after a first layer of softmax, of one seed.
struct CopyNumbers {
  std::string network = {}, system = {};
  bool is_linear = true;  // the family of systems
  double before = 0, after_first = 0;
};
std::vector<Claim> raw_claims(const std::vector<RawNumbers>& networks, const MesaLayerNumbers& one,
                              const std::vector<CopyNumbers>& copies);

// At the sizes of the publication: baselines beside what an independent run of them gave, and the
// losses of two trained layers, which in a log of the public code end at this.
inline constexpr double kPublishedTwoLayers = 0.431;
struct ReferenceNumbers {
  std::string name = {};
  Estimate here = {};
  double there = 0;
};
std::vector<Claim> reference_claims(const std::vector<ReferenceNumbers>& numbers,
                                    const std::vector<Estimate>& two_layers);

// No loss of a trained network is NaN or infinite.
Claim finite_claim(const std::vector<Estimate>& losses);

}  // namespace gramian::mesa_optimisation
