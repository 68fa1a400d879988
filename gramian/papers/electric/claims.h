// The claims of Cheng, Carin and Sra (2024), and of what is built after them, from numbers alone. A
// claim over numbers of which none is there is not judged.
#pragma once

#include <vector>

#include "gramian/figures/result.h"
#include "gramian/papers/electric/measure.h"

namespace gramian::electric {

std::vector<Claim> constructed_claims(const std::vector<ConstructedRow>& rows);

// `descent`: r^2 of the best constant steps of as many layers, in the order of kDepths.
std::vector<Claim> depth_claims(const std::vector<SettingErrors>& networks,
                                const std::vector<Estimate>& descent);

std::vector<Claim> eigenvector_claims(const std::vector<SettingErrors>& networks);

// r^2 of a network that was trained on graphs with circular skip links of ten nodes.
struct GeneralNumbers {
  std::string graph = {};  // "grid, 40 nodes"
  int nodes = 10;
  std::vector<Estimate> seeds = {};  // of the trained networks
  Estimate descent = {};             // as many of the best constant steps
};
std::vector<Claim> general_claims(const std::vector<GeneralNumbers>& graphs,
                                  const std::vector<EdgeDeviations>& full);

std::vector<Claim> rewriting_claims(const std::vector<RewritingNumbers>& networks,
                                    const std::vector<double>& chebyshev);

}  // namespace gramian::electric
