#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "gramian/base/assert.h"
#include "gramian/io/safetensors.h"
#include "gramian/runs/family.h"
#include "gramian/runs/gram_family.h"
#include "gramian/runs/graph_family.h"
#include "gramian/runs/transformer_family.h"

namespace gramian {

namespace {

constexpr const Family* kFamilies[] = {
    &gram_family,
    &transformer_family,
    &graph_family,
};

const Family* find_family(std::string_view name) {
  const auto found = std::ranges::find(kFamilies, name, &Family::name);
  return found == std::end(kFamilies) ? nullptr : *found;
}

// A key that other families have must be at its default.
Status refuse_foreign_keys(const Config& config, const Family& family) {
  const Config usual = Config::defaults(config.table());
  for (const Key& key : config.table().keys()) {
    if (key.only.empty() || key.only == family.name || config.same(key, usual)) continue;
    if (!key.changes_weights()) continue;  // of an evaluation: not read, and harmless
    const Family* owner = find_family(key.only);
    GRAMIAN_ASSERT(owner != nullptr);
    return fail(ErrorKind::config, "[{}] is for [model.kind] {}, not for {} ({})", key.name,
                fmt::join(owner->kinds, ", "), config.text("model.kind"), config.where(key.name));
  }
  return {};
}

}  // namespace

std::span<const Family* const> families() { return kFamilies; }

const Family& family_of(const Config& config) {
  const std::string& kind = config.text("model.kind");
  const auto found = std::ranges::find_if(
      kFamilies, [&](const Family* family) { return std::ranges::count(family->kinds, kind) > 0; });
  if (found == std::end(kFamilies)) {
    fmt::print(stderr, "bug: [model.kind] {} belongs to no family\n", kind);
    std::abort();
  }
  return **found;
}

Expected<std::unique_ptr<Experiment>> make_experiment(const Config& config) {
  const Family& family = family_of(config);
  GRAMIAN_TRY(refuse_foreign_keys(config, family));
  return family.make(config);
}

Expected<std::unique_ptr<Model>> load_any(const std::string& path) {
  const auto file = GRAMIAN_TRY(read_safetensors(path));
  const auto named = file.metadata.find("family");
  if (named == file.metadata.end()) return gram_family.load(path);
  const Family* family = find_family(named->second);
  if (family == nullptr) {
    return fail(ErrorKind::format,
                "{}: a model of the family '{}', which this version does not know", path,
                named->second);
  }
  return family->load(path);
}

Expected<double> time_training(TrainingLoop& loop) {
  const auto begin = std::chrono::steady_clock::now();
  while (!loop.done()) {
    GRAMIAN_TRY(loop.step());
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Expected<const GramExperiment*> require_gram(const Experiment& experiment, std::string_view what) {
  if (const GramExperiment* gram = experiment.as_gram()) return gram;
  const Family& family = experiment.family();
  return fail(ErrorKind::usage,
              "{} is {} ([model.kind] {}); this is for {} ([model.kind] {}); gramian train, "
              "eval and explain take both",
              what, family.title, fmt::join(family.kinds, ", "), gram_family.title,
              fmt::join(gram_family.kinds, ", "));
}

}  // namespace gramian
