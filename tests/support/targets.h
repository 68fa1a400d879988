// Runs a body once for each instruction set that this machine and this build have.
#pragma once

#include <gtest/gtest.h>

#include "gramian/lanes/target.h"

namespace gramian::test {

template <class Body>
void for_each_target(Body body) {
  for (const std::string& name : simd_targets()) {
    with_simd_target(name, [&] {
      SCOPED_TRACE(name);
      body();
    });
  }
}

}  // namespace gramian::test
