// The one list of networks. Tests compare the kernels with the reference and with central
// differences on each of them and on every instruction set; `gramian bench --target` times them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gramian/models/network.h"

namespace gramian {

struct NetworkCase {
  NetworkSpec spec;
  int n;

  std::string name() const;
};

// Sizes around the register tiles (1, 3, 4, 5, 11) and far above, n below and above d,
// H in {1, 2, 3}, L in 1..7, and each option on its own.
std::vector<NetworkCase> network_cases();

// Random weights around gradient descent: every parameter is random and matters, and seven
// layers stay of order one.
Network random_network(const NetworkCase& c, std::uint64_t seed);

// The kernels accept any scale of G. This one keeps short contexts (n < d) from exploding, where
// neither differences nor float nor times would mean anything.
inline double tame_factor(const NetworkCase& c) { return 1.0 / (c.n + 2 * c.spec.d); }

}  // namespace gramian
