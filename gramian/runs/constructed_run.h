// A network that is set by formula, written as a model directory (theory/catalogue.h).
//
//   model.safetensors   the weights; its metadata say in words and equations how to run them
//                       ("convention"), what is where in the tokens ("state"), what is computed
//                       ("algorithm") and how exactly ("bound"), and how it was made
//                       ("construction")
//   config.toml         a configuration with prompts that the network reads: gramian eval takes the
//                       directory, and explain and export do where it works on Gram matrices.
//                       Not there where no task has such prompts (an inverse, several outputs)
//   manifest.json       by which program and when
//
// Errors: config and numeric, of the construction; io, where the directory is not empty or cannot
// be written. Cost: that of the construction.
#pragma once

#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/io/key_table.h"
#include "gramian/theory/catalogue.h"

namespace gramian {

// The keys of a construction, for help and for reading settings of them.
KeyTable key_table_of(const NamedConstruction& construction);

// `arguments`: "d=5", the keys without their section.
Expected<Constructed> make_construction(const NamedConstruction& construction,
                                        const std::vector<std::string>& arguments);

struct ConstructedRun {
  std::string model = {};  // the path of model.safetensors
  bool has_configuration = false;
  std::string algorithm = {}, bound = {};  // in words
  std::string size = {};                   // "17 layers, 2 heads, tokens of 22 numbers"
};
Expected<ConstructedRun> write_construction(const NamedConstruction& construction,
                                            const std::vector<std::string>& arguments,
                                            const std::string& directory,
                                            const std::string& command_line);

}  // namespace gramian
