#include "gramian/runs/kept_baselines.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "gramian/base/hash.h"
#include "gramian/io/files.h"
#include "gramian/io/json.h"
#include "gramian/io/lock.h"

namespace gramian {

namespace {

using KeptJson = nlohmann::json;

// Gives the solvers their constants. False if these are not the constants of these solvers, by name
// and number, or if a solver does not take them.
bool give_constants(const KeptJson& solvers, Baselines& baselines) {
  if (solvers.size() != baselines.list.size()) return false;
  for (std::size_t s = 0; s < solvers.size(); ++s) {
    Solver* const solver = baselines.list[s].solver.get();
    const KeptJson& kept = solvers[s];
    if (kept.at("name") != solver->name()) return false;
    std::vector<double> values;
    for (const KeptJson& constant : kept.at("constants"))
      values.push_back(constant.at("value").get<double>());
    const auto names = solver->constants();
    if (names.size() != values.size()) return false;
    solver->set_constants(values);
    const auto now = solver->constants();
    for (std::size_t c = 0; c < values.size(); ++c) {
      if (kept["constants"][c].at("name") != now[c].name || now[c].value != values[c]) return false;
    }
  }
  return true;
}

std::optional<Baselines> read_kept(const std::string& path, const std::string& what,
                                   const RegressionTask& task, const EvalSpec& spec) {
  const auto text = read_file(path);
  return text ? from_kept(*text, what, task, spec) : std::nullopt;
}

}  // namespace

std::string to_kept(const std::string& what, const Baselines& baselines) {
  KeptJson json = {{"tuned_to", what},
                   {"tuning_prompts", baselines.tuning_prompts},
                   {"blowup_threshold", baselines.blowup_threshold},
                   {"solvers", KeptJson::array()}};
  for (const auto& [solver, ignored] : baselines.list) {
    KeptJson constants = KeptJson::array();
    for (const auto& [name, value] : solver->constants())
      constants.push_back({{"name", name}, {"value", value}});
    json["solvers"].push_back({{"name", solver->name()}, {"constants", std::move(constants)}});
  }
  return json.dump(2) + "\n";
}

std::optional<Baselines> from_kept(std::string_view text, const std::string& what,
                                   const RegressionTask& task, const EvalSpec& spec) {
  const auto json = parse_json(text);
  if (!json) return std::nullopt;
  try {
    if (json->at("tuned_to") != what || !json->at("tuning_prompts").is_number_unsigned())
      return std::nullopt;
    Baselines baselines;
    baselines.tuning_prompts = json->at("tuning_prompts").get<std::uint64_t>();
    baselines.blowup_threshold = json->at("blowup_threshold").get<double>();
    for (auto& solver : make_solvers(task.spec().noise, task.n(), spec.gd_steps)) {
      const Status status = solver->applicable(task.n(), task.d());
      baselines.list.push_back({std::move(solver), status ? "" : status.error().message});
    }
    if (!give_constants(json->at("solvers"), baselines)) return std::nullopt;
    return baselines;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

// Numbers have 17 digits, which tell every double.
std::string exact_text(const RegressionTask& task) {
  const TaskSpec& of = task.spec();
  std::string text = fmt::format("d {}, n {}, inputs {}, weights {}, sampler {}, noise", of.d, of.n,
                                 static_cast<int>(of.inputs), static_cast<int>(of.weights),
                                 static_cast<int>(of.sampler));
  for (const auto& [low, high, weight] : of.noise.components())
    text += fmt::format(" [{:.17g} {:.17g}] {:.17g}", low, high, weight);
  text += ", covariance";
  for (const double s : of.covariance) text += fmt::format(" {:.17g}", s);
  if (of.pool > 0) text += fmt::format(", pool of {}, seed {}", of.pool, of.pool_seed);
  return text;
}

std::string tuned_to(const RegressionTask& task, const EvalSpec& spec) {
  return exact_text(task) + fmt::format(", seed {}, {} prompts, {} steps", spec.seed,
                                        spec.tuning_prompts, spec.gd_steps);
}

Expected<Baselines> kept_baselines(const RegressionTask& task, const EvalSpec& spec,
                                   const std::string& folder, ThreadPool& pool,
                                   const std::function<bool()>& stopped) {
  if (folder.empty()) return tune_baselines(task, task.spec().noise, spec, pool);
  const std::string what = tuned_to(task, spec);
  const std::string base = fmt::format("{}/{:016x}", folder, hash_bytes(what));
  if (auto kept = read_kept(base + ".json", what, task, spec)) return *std::move(kept);

  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorKind::io, "cannot create {}: {}", folder, error.message());
  const Lock lock = GRAMIAN_TRY(Lock::take(base, stopped));
  if (auto kept = read_kept(base + ".json", what, task, spec)) return *std::move(kept);
  Baselines baselines = tune_baselines(task, task.spec().noise, spec, pool);
  GRAMIAN_TRY(write_file_atomically(base + ".json", to_kept(what, baselines)));
  return baselines;
}

}  // namespace gramian
