#include "gramian/bench/cases.h"

namespace gramian {

std::string NetworkCase::name() const {
  return fmt::format("{} d={} n={} L={} H={}{}{}{}", name_of(spec.kind), spec.d, n, spec.layers,
                     spec.heads, spec.tied ? " tied" : "",
                     spec.context_scale == ContextScale::sum ? " sum" : "",
                     spec.query_in_keys ? " query-in-keys" : "");
}

std::vector<NetworkCase> network_cases() {
  std::vector<NetworkCase> cases;
  for (const Parametrisation kind : kParametrisations.values) {
    for (int layers = 1; layers <= 7; ++layers) {
      for (int heads = 1; heads <= (kind == Parametrisation::full ? 3 : 1); ++heads) {
        cases.push_back(
            {{.kind = kind, .d = 4, .layers = layers, .heads = heads}, layers % 2 == 0 ? 3 : 9});
      }
    }
    for (int d : {1, 2, 3, 5, 7, 10}) {
      for (int n : {1, d, d + 1, 2 * d + 3})
        cases.push_back({{.kind = kind, .d = d, .layers = 3}, n});
    }
    for (int d : {20, 40}) cases.push_back({{.kind = kind, .d = d, .layers = 4}, d + 10});
    cases.push_back({{.kind = kind, .d = 80, .layers = 3}, 10});  // more than one panel of k
    cases.push_back({{.kind = kind, .d = 4, .layers = 4, .tied = true}, 7});
    cases.push_back({{.kind = kind, .d = 4, .layers = 3, .context_scale = ContextScale::sum}, 7});
    cases.push_back({{.kind = kind, .d = 4, .layers = 3, .query_in_keys = true}, 7});
  }
  return cases;
}

Network random_network(const NetworkCase& c, std::uint64_t seed) {
  const double noise = c.spec.is_dense() ? 0.1 / (c.spec.d + 1) : 0.01;
  return Network::initial(c.spec, {.near_gd = true, .step = 0.1, .curvature = 0.01, .noise = noise},
                          c.n, seed);
}

}  // namespace gramian
