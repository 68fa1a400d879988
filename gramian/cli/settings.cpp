#include "gramian/cli/settings.h"

#include <string_view>

#include "gramian/runs/keys.h"

namespace gramian::cli {

Status refuse_settings_of_training(const std::vector<std::string>& settings,
                                   const std::string& run) {
  for (const std::string& setting : settings) {
    const Key* key = key_table().find(std::string_view(setting).substr(0, setting.find('=')));
    const bool fixed = key != nullptr && key->affects == Affects::weights;
    if (fixed) {
      return fail(ErrorKind::usage,
                  "'{}': the model of {} is trained already; only task.*, eval.* and train.threads "
                  "can be changed",
                  setting, run);
    }
  }
  return {};
}

}  // namespace gramian::cli
