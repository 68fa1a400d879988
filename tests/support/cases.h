// The list of networks that is run as correctness and as gradient; the bench runs it as speed.
#pragma once

#include "gramian/bench/cases.h"

namespace gramian::test {

using gramian::network_cases;
using gramian::NetworkCase;
using gramian::random_network;

}  // namespace gramian::test
