// The configuration keys of Gramian: those of a training run itself, and the table of the keys of
// all rooms.
//
//   const auto config = GRAMIAN_TRY(load_config("noisy.toml", {"task.d=5"}));
//
// To add a key: declare it in the keys.cpp of the room whose spec it sets, and read it there into
// the spec. Names of runs stay (naming.h), and docs/reference.md follows from the tables.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/base/key.h"
#include "gramian/base/settings.h"
#include "gramian/io/config.h"

namespace gramian {

const KeyTable& key_table();

// As the functions of Config, for this table.
Config default_config();
Expected<Config> load_config(const std::string& path,
                             const std::vector<std::string>& overrides = {});
Expected<Config> parse_config(std::string_view text, const std::string& name,
                              const std::vector<std::string>& overrides = {});

// How a run is carried out.
struct RunSpec {
  int threads = 0;  // 0: one for each core
  std::int64_t checkpoint_every = 1000;
  std::int64_t log_every = 50;
  int snapshots = 0;
};
std::span<const Key> run_keys();
RunSpec run_spec(const Settings& settings);

}  // namespace gramian
