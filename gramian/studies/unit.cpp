#include "gramian/studies/unit.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "gramian/base/hash.h"
#include "gramian/io/json.h"
#include "gramian/runs/family.h"
#include "gramian/runs/naming.h"

namespace gramian {

namespace {

std::string unit_name(const Cell& cell, int seed, const std::vector<Config>& all_starts) {
  std::string all;
  for (const Config& start : all_starts) all += naming_text(start);
  return fmt::format("{}-s{}-{}", cell.name, seed, short_hash(all));
}

Expected<Unit> make_unit(const Cell& cell, int seed, const StudyOptions& options) {
  Unit unit{.cell = cell,
            .seed = seed,
            .starts = cell.starts(seed, options.effort),
            .examination = cell.examination(options.effort)};
  for (const Config& start : unit.starts) {
    const std::string text = naming_text(start);
    unit.directories.push_back(
        fmt::format("{}/runs/{}-{}", options.directory, cell.name, short_hash(text)));
    const auto experiment = GRAMIAN_TRY(cell.make(start));
    unit.training_cost += experiment->cost();
  }
  unit.name = unit_name(cell, seed, unit.starts);
  unit.record = fmt::format("{}/cells/{}.json", options.directory, unit.name);
  unit.lock = fmt::format("{}/locks/{}", options.directory, unit.name);
  const Examination& how = unit.examination;
  std::string text = fmt::format("{} {} {} {}", how.prompts, how.single_query_prompts,
                                 how.profile_prompts, fmt::join(how.sigmas, " "));
  // Names of evaluations that are on the common prompts are older than the choice of others.
  if (how.seed != kEvaluationSeed) text += fmt::format(" seed {}", how.seed);
  if (how.network_prompts > 0) text += fmt::format(" alone {}", how.network_prompts);
  if (how.sample_prompts > 0) text += fmt::format(" by {}", how.sample_prompts);
  unit.eval_name = fmt::format("eval-{}.json", short_hash(text));
  return unit;
}

}  // namespace

int seeds_of(const Cell& cell, const StudyOptions& options) {
  return options.seeds > 0 ? options.seeds : cell.seeds;
}

Expected<std::vector<Unit>> units_of(const std::vector<Cell>& cells, const StudyOptions& options) {
  std::vector<Unit> units;
  for (const Cell& cell : cells) {
    for (int seed = 0; seed < seeds_of(cell, options); ++seed)
      units.push_back(GRAMIAN_TRY(make_unit(cell, seed, options)));
  }
  return units;
}

std::vector<Unit> without_repetitions(std::vector<Unit> units) {
  std::set<std::string> seen;
  std::erase_if(units, [&](const Unit& unit) { return !seen.insert(unit.identity()).second; });
  return units;
}

Expected<Trained> load_trained(const Unit& unit, const std::string& study_directory) {
  const auto json = GRAMIAN_TRY(read_json(unit.record));
  try {
    Trained trained{.cell = unit.cell, .seed = unit.seed};
    trained.steps = json.at("steps").get<std::int64_t>();
    trained.seconds = json.at("seconds").get<double>();
    trained.dropped = json.at("dropped").get<std::int64_t>();
    trained.failed_starts = json.at("failed_starts").get<int>();
    if (json.at("directory").is_null()) return trained;  // no start came to an end
    trained.directory = json.at("directory").get<std::string>();
    trained.selection = json.at("selection").get<double>();
    auto scores = GRAMIAN_TRY(
        load_scores(fmt::format("{}/{}/{}", study_directory, trained.directory, unit.eval_name)));
    trained.scores = std::move(scores);
    return trained;
  } catch (const nlohmann::json::exception& error) {
    return fail(ErrorKind::format, "{}: not the record of a trained cell: {}", unit.record,
                error.what());
  }
}

bool is_done(const Unit& unit, const std::string& study_directory) {
  std::error_code ignored;
  if (!std::filesystem::exists(unit.record, ignored)) return false;
  const auto trained = load_trained(unit, study_directory);
  if (!trained) return false;
  if (trained->directory.empty()) return true;
  const std::string model =
      fmt::format("{}/{}/model.safetensors", study_directory, trained->directory);
  return std::filesystem::exists(model, ignored);
}

bool is_pattern(std::string_view only) { return only.find_first_of("*?[") != only.npos; }

bool is_selected(const Cell& cell, const std::string& only) {
  if (!is_pattern(only)) return cell.name.find(only) != std::string::npos;
  return ::fnmatch(only.c_str(), cell.name.c_str(), 0) == 0;
}

std::vector<Cell> selected_cells(const std::vector<Cell>& cells, const std::string& only) {
  std::vector<Cell> selected;
  for (const Cell& cell : cells) {
    if (is_selected(cell, only)) selected.push_back(cell);
  }
  return selected;
}

std::string unit_name(const Cell& cell, int seed, const Effort& effort) {
  return unit_name(cell, seed, cell.starts(seed, effort));
}

std::string short_hash(std::string_view text) { return fmt::format("{:016x}", hash_bytes(text)); }

}  // namespace gramian
