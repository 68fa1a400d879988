// The list of networks that is run as correctness and as gradient.
#pragma once

#include <string>
#include <vector>

#include "gramian/models/network.h"

namespace gramian::test {

struct NetworkCase {
  NetworkSpec spec;
  int n;

  std::string name() const {
    const char* kinds[] = {"full", "diag", "gdpp"};
    return fmt::format("{} d={} n={} L={} H={}{}{}{}", kinds[static_cast<int>(spec.kind)], spec.d, n, spec.layers,
                       spec.heads, spec.tied ? " tied" : "", spec.context_scale == ContextScale::sum ? " sum" : "",
                       spec.query_in_keys ? " query-in-keys" : "");
  }
};

// Sizes around the register tiles (1, 3, 4, 5, 11), n below and above d, H in {1, 2, 3},
// L in 1..7, and each option on its own.
inline std::vector<NetworkCase> network_cases() {
  std::vector<NetworkCase> cases;
  for (Parametrisation kind : {Parametrisation::full, Parametrisation::diag, Parametrisation::gdpp}) {
    for (int layers = 1; layers <= 7; ++layers) {
      for (int heads = 1; heads <= (kind == Parametrisation::full ? 3 : 1); ++heads) {
        cases.push_back({{.kind = kind, .d = 4, .layers = layers, .heads = heads}, layers % 2 == 0 ? 3 : 9});
      }
    }
    for (int d : {1, 2, 3, 5, 7, 10}) {
      for (int n : {1, d, d + 1, 2 * d + 3}) cases.push_back({{.kind = kind, .d = d, .layers = 3}, n});
    }
    cases.push_back({{.kind = kind, .d = 4, .layers = 4, .tied = true}, 7});
    cases.push_back({{.kind = kind, .d = 4, .layers = 3, .context_scale = ContextScale::sum}, 7});
    cases.push_back({{.kind = kind, .d = 4, .layers = 3, .query_in_keys = true}, 7});
  }
  return cases;
}

// Random weights around gradient descent: every parameter is random and matters, and seven
// layers stay of order one.
inline Network random_network(const NetworkCase& c, std::uint64_t seed) {
  const double noise = c.spec.kind == Parametrisation::full ? 0.1 / (c.spec.d + 1) : 0.01;
  return Network::initial(c.spec, {.near_gd = true, .step = 0.1, .curvature = 0.01, .noise = noise}, c.n, seed);
}

}  // namespace gramian::test
