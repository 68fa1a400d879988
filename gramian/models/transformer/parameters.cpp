#include "gramian/models/transformer/parameters.h"

#include "gramian/models/transformer/mixers.h"

namespace gramian {

namespace {

std::vector<Parameter> skip_parameters(const Skip& skip, int width, const std::string& name) {
  if (skip.kind != SkipKind::linear) return {};
  return {{name, width, width, InitialLaw::zero}};
}

std::vector<Parameter> mlp_parameters(const Mlp& mlp, int width, const std::string& prefix) {
  if (mlp.kind == MlpKind::none || mlp.hidden == 0) return {};
  std::vector<Parameter> list;
  if (mlp.kind == MlpKind::swiglu) {
    list.push_back({prefix + "mlp.gate", width, mlp.hidden});
    if (mlp.bias) list.push_back({prefix + "mlp.gate_bias", 1, mlp.hidden, InitialLaw::zero});
  }
  list.push_back({prefix + "mlp.in", width, mlp.hidden});
  if (mlp.bias) list.push_back({prefix + "mlp.in_bias", 1, mlp.hidden, InitialLaw::zero});
  list.push_back({prefix + "mlp.out", mlp.hidden, width});
  if (mlp.bias) list.push_back({prefix + "mlp.out_bias", 1, width, InitialLaw::zero});
  return list;
}

}  // namespace

std::vector<Parameter> norm_parameters(const Norm& norm, int width, const std::string& name) {
  switch (norm.kind) {
    case NormKind::none:
    case NormKind::frobenius:
    case NormKind::columns:
      return {};
    case NormKind::layer:
      return {{name + ".gain", 1, width, InitialLaw::one},
              {name + ".bias", 1, width, InitialLaw::zero}};
    case NormKind::rms:
      return {{name + ".gain", 1, width, InitialLaw::one}};
  }
  return {};
}

BlockParameters block_parameters(const Block& block, int width, const std::string& prefix) {
  const int after = block.width_after(width);
  const int mlp_width = block.mlp.place == MlpPlace::after ? after : width;
  BlockParameters parameters{
      .mlp = mlp_parameters(block.mlp, mlp_width, prefix),
      .mixer = mixer_entry(block.mixer.kind).parameters(block.mixer, width),
      .before_mixer = norm_parameters(block.before_mixer, width, prefix + "before_mixer"),
      .after_mixer = norm_parameters(block.after_mixer, after, prefix + "after_mixer"),
      .before_mlp = norm_parameters(block.before_mlp, mlp_width, prefix + "before_mlp"),
      .after_mlp = norm_parameters(block.after_mlp, mlp_width, prefix + "after_mlp"),
      .mixer_skip = skip_parameters(block.mixer_skip, width, prefix + "mixer_skip"),
      .mlp_skip = skip_parameters(block.mlp_skip, mlp_width, prefix + "mlp_skip")};
  for (Parameter& parameter : parameters.mixer) parameter.name.insert(0, prefix);
  return parameters;
}

}  // namespace gramian
