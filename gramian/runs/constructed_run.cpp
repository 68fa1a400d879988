#include "gramian/runs/constructed_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "gramian/io/config.h"
#include "gramian/io/files.h"
#include "gramian/lanes/target.h"
#include "gramian/runs/family.h"
#include "gramian/runs/keys.h"
#include "gramian/runs/manifest.h"
#include "gramian/runs/model_file.h"
#include "gramian/runs/run_directory.h"
#include "gramian/runs/transformer_file.h"

namespace gramian {

namespace {

using Notes = std::map<std::string, std::string>;

std::string size_text(const GramConstruction& made) {
  const NetworkSpec& spec = made.network.spec;
  return fmt::format("{} layers, tokens of {} numbers", spec.layers, spec.rows());
}

std::string size_text(const TokenConstruction& made) {
  const TransformerSpec& spec = made.network.spec();
  int heads = 0, hidden = 0;
  for (const Block& block : spec.blocks) {
    if (block.mixer.kind != MixerKind::none) heads = std::max(heads, block.mixer.heads);
    hidden = std::max(hidden, block.mlp.hidden);
  }
  return fmt::format("{} layers, {} head{}, tokens of {} numbers{}", spec.blocks.size(), heads,
                     heads == 1 ? "" : "s", spec.stem.inner_width(),
                     hidden > 0 ? fmt::format(", up to {} ReLU units", hidden) : "");
}

std::string state_text(const std::vector<StateBlock>& state) {
  std::string text;
  for (const StateBlock& block : state) {
    text += fmt::format("{}columns {} to {}: {}, {}", text.empty() ? "" : "\n", block.columns.first,
                        block.columns.first + block.columns.count - 1, block.name, block.holds);
  }
  return text;
}

Status save_made(const std::string& path, const GramConstruction& made, Notes notes) {
  return save_model(path, made.network, made.n, notes);
}

Status save_made(const std::string& path, const TokenConstruction& made, Notes notes) {
  notes["convention"] = instructions(made.network.spec());
  notes["state"] = state_text(made.state);
  return save_transformer(path, made.network, notes);
}

Expected<RunDirectory> empty_directory(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored) && !std::filesystem::is_empty(path, ignored)) {
    return fail(ErrorKind::io, "{} is not empty: choose another --out", path);
  }
  return RunDirectory::create(path);
}

}  // namespace

KeyTable key_table_of(const NamedConstruction& construction) {
  return KeyTable({{"construct", construction.title}}, {construction.keys});
}

Expected<Constructed> make_construction(const NamedConstruction& construction,
                                        const std::vector<std::string>& arguments) {
  const KeyTable table = key_table_of(construction);
  std::vector<std::string> settings;
  for (const std::string& argument : arguments) settings.push_back("construct." + argument);
  const Config config = GRAMIAN_TRY(Config::parse(table, "", "default", settings));
  return construction.make(config);
}

Expected<ConstructedRun> write_construction(const NamedConstruction& construction,
                                            const std::vector<std::string>& arguments,
                                            const std::string& directory,
                                            const std::string& command_line) {
  const Constructed made = GRAMIAN_TRY(make_construction(construction, arguments));
  std::string configuration;
  if (!made.settings.empty()) {
    const Config config = GRAMIAN_TRY(parse_config("", "construction", made.settings));
    GRAMIAN_TRY(make_experiment(config));
    configuration = config.to_toml();
  }
  const RunDirectory folder = GRAMIAN_TRY(empty_directory(directory));
  Manifest manifest = Manifest::begin(0, command_line, simd_target());
  manifest.finished = manifest.started;
  ConstructedRun run{.model = folder.model(), .has_configuration = !configuration.empty()};
  const auto describe = [&](const auto& network) -> Status {
    run.algorithm = network.algorithm;
    run.bound = network.bound;
    run.size = size_text(network);
    Notes notes{
        {"algorithm", network.algorithm},
        {"bound", network.bound},
        {"construction", fmt::format("{}{}{}", construction.name, arguments.empty() ? "" : " ",
                                     fmt::join(arguments, " "))}};
    return save_made(folder.model(), network, std::move(notes));
  };
  GRAMIAN_TRY(std::visit(describe, made.what));
  if (!configuration.empty()) GRAMIAN_TRY(write_file_atomically(folder.config(), configuration));
  GRAMIAN_TRY(write_manifest(folder.manifest(), manifest));
  return run;
}

}  // namespace gramian
