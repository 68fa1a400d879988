// How an export writes the layers of a network: the one place that looks at the parametrisation.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gramian/models/network.h"

namespace gramian {

enum class LayerForm {
  matrices,     // P_h and Q_h of every head, [D, D]
  four_omegas,  // omega_xx, omega_xy, omega_yx, omega_yy
  two_omegas,   // omega_xx, omega_yx; the other two are zero
};

LayerForm layer_form(const NetworkSpec& spec);

// The numbers that a form writes for a layer, in this order. None for matrices.
struct OmegaEntry {
  const char* name;  // "xx"
  double Omega::*value;
};
std::span<const OmegaEntry> omega_entries(LayerForm form);
std::string omega_names(LayerForm form, const char* prefix);  // "xx, yx", each behind the prefix
std::vector<double> omega_values(LayerForm form, const Omega& omega);

}  // namespace gramian
