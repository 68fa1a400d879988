#include "gramian/exporting/layer_form.h"

#include <fmt/format.h>

namespace gramian {

LayerForm layer_form(const NetworkSpec& spec) {
  if (spec.is_dense()) return LayerForm::matrices;
  return spec.kind == Parametrisation::gdpp ? LayerForm::two_omegas : LayerForm::four_omegas;
}

// The switch has no default, so that the compiler names a form that is missing.
std::span<const OmegaEntry> omega_entries(LayerForm form) {
  static constexpr OmegaEntry kFour[] = {
      {"xx", &Omega::xx}, {"xy", &Omega::xy}, {"yx", &Omega::yx}, {"yy", &Omega::yy}};
  static constexpr OmegaEntry kTwo[] = {{"xx", &Omega::xx}, {"yx", &Omega::yx}};
  switch (form) {
    case LayerForm::matrices:
      return {};
    case LayerForm::four_omegas:
      return kFour;
    case LayerForm::two_omegas:
      return kTwo;
  }
  return {};
}

std::string omega_names(LayerForm form, const char* prefix) {
  std::string text;
  for (const OmegaEntry& entry : omega_entries(form))
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", prefix, entry.name);
  return text;
}

std::vector<double> omega_values(LayerForm form, const Omega& omega) {
  std::vector<double> values;
  for (const OmegaEntry& entry : omega_entries(form)) values.push_back(omega.*entry.value);
  return values;
}

}  // namespace gramian
