#include "gramian/studies/scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "gramian/evaluation/table.h"
#include "gramian/io/json.h"
#include "gramian/runs/collection.h"

namespace gramian {

namespace {

using Object = nlohmann::json;  // keys in any order

double number(const Object& json, double missing) {
  return json.is_number() ? json.get<double>() : missing;
}

Estimate estimate(const Object& json) {
  const bool undefined =
      json.contains("note") && json["note"].get<std::string>().starts_with("undefined");
  const double missing = undefined ? std::numeric_limits<double>::quiet_NaN()
                                   : std::numeric_limits<double>::infinity();
  return {number(json.at("mean"), missing), number(json.at("se"), missing)};
}

std::map<std::string, Estimate> estimates(const Object& json) {
  std::map<std::string, Estimate> all;
  for (const auto& [name, value] : json.items()) all[name] = estimate(value);
  return all;
}

std::vector<Estimate> layers(const Object& json) {
  std::vector<Estimate> list;
  for (const Object& layer : json) list.push_back(estimate(layer.at("adjusted")));
  return list;
}

Covariances covariances(const Object& json) {
  Covariances all{.names = json.at("of").get<std::vector<std::string>>()};
  for (const Object& row : json.at("adjusted")) {
    for (const Object& value : row)
      all.values.push_back(number(value, std::numeric_limits<double>::quiet_NaN()));
  }
  if (all.values.size() != all.names.size() * all.names.size())
    throw Object::other_error::create(
        0, fmt::format("{} covariances of {} losses", all.values.size(), all.names.size()), &json);
  return all;
}

Expected<Scores> scores_from(const Object& json, const std::string& path) {
  try {
    Scores scores;
    scores.prompts = json.at("prompts").get<std::uint64_t>();
    scores.adjusted = estimates(json.at("adjusted"));
    scores.loss = estimates(json.at("loss"));
    if (json.contains("positions")) {
      for (const auto& [name, list] : json["positions"].items()) {
        for (const Object& at : list) scores.positions[name].push_back(estimate(at));
      }
    }
    if (json.contains("right")) scores.right = estimates(json["right"]);
    if (json.contains("single_query")) {
      scores.single_query = estimate(json["single_query"].at("adjusted"));
      // Files of before 2026-12-01 do not have it.
      if (json["single_query"].contains("covariance"))
        scores.single_query_covariances = covariances(json["single_query"]["covariance"]);
    }
    if (json.contains("network")) {
      for (const Object& pair : json["network"].at("quantiles")) {
        scores.quantiles.emplace_back(pair.at(0).get<double>(),
                                      number(pair.at(1), std::numeric_limits<double>::infinity()));
      }
      if (json["network"].contains("samples")) {
        for (const Object& mean : json["network"]["samples"].at("means"))
          scores.sample_means.push_back(number(mean, std::numeric_limits<double>::infinity()));
      }
      if (json["network"].contains("exact")) {
        const Object& exact = json["network"]["exact"];
        scores.exact = number(exact.at("loss"), std::numeric_limits<double>::infinity());
        scores.exact_without_rare =
            number(exact.at("without_rare"), std::numeric_limits<double>::infinity());
      }
    }
    if (json.contains("layers")) {
      scores.layers = layers(json["layers"]);
      scores.model_minus_bayes = estimate(json.at("model_minus_bayes"));
      scores.blowups = json.at("blowups").at("count").get<std::uint64_t>();
      scores.blowup_threshold =
          number(json["blowups"].at("threshold"), std::numeric_limits<double>::infinity());
      scores.adjusted_without = estimate(json["blowups"].at("adjusted_without"));
    }
    if (json.contains("profile")) {
      for (const Object& point : json["profile"]) {
        scores.profile.push_back({.sigma = point.at("sigma").get<double>(),
                                  .adjusted = estimates(point.at("adjusted")),
                                  .loss = estimates(point.at("loss")),
                                  .layers = point.contains("layers") ? layers(point["layers"])
                                                                     : std::vector<Estimate>{}});
      }
    }
    return scores;
  } catch (const Object::exception& error) {
    return fail(ErrorKind::format, "{}: not the result of an evaluation: {}", path, error.what());
  }
}

}  // namespace

Estimate estimate_of(const RunningMean& mean) { return {mean.mean(), mean.standard_error()}; }

std::optional<double> Covariances::of(std::string_view one, std::string_view other) const {
  const auto row = std::ranges::find(names, one), column = std::ranges::find(names, other);
  if (row == names.end() || column == names.end()) return std::nullopt;
  return values[static_cast<std::size_t>(row - names.begin()) * names.size() +
                static_cast<std::size_t>(column - names.begin())];
}

Expected<Scores> load_scores(const std::string& path) {
  const auto json = GRAMIAN_TRY(read_json(path));
  return scores_from(json, path);
}

Status take_collected(const std::string& directory, Scores& scores) {
  std::error_code ignored;
  const std::string folder = CollectedRows::folder_of(directory);
  if (!std::filesystem::exists(folder, ignored)) return {};
  const auto run_directory = GRAMIAN_TRY(RunDirectory::open(directory));
  const auto found = GRAMIAN_TRY(collected_evaluation(run_directory));
  if (!found || found->prompts <= scores.prompts) return {};
  const auto json = GRAMIAN_TRY(parse_json(to_json(*found)));
  auto more = GRAMIAN_TRY(scores_from(json, folder));
  constexpr const char* kDescent = "gd";
  for (auto* const losses : {&more.adjusted, &more.loss}) losses->erase(kDescent);
  more.adjusted.merge(scores.adjusted);
  more.loss.merge(scores.loss);
  scores.prompts = more.prompts;
  scores.adjusted = std::move(more.adjusted);
  scores.loss = std::move(more.loss);
  scores.layers = std::move(more.layers);
  scores.model_minus_bayes = more.model_minus_bayes;
  scores.blowups = more.blowups;
  scores.blowup_threshold = more.blowup_threshold;
  scores.adjusted_without = more.adjusted_without;
  return {};
}

Expected<HandMadeScores> load_hand_made(const std::string& path) {
  const auto json = GRAMIAN_TRY(read_json(path));
  try {
    HandMadeScores scores{.references = estimates(json.at("references")), .steps = {}};
    for (const Object& row : json.at("steps"))
      scores.steps.push_back(estimates(row.at("adjusted")));
    return scores;
  } catch (const Object::exception& error) {
    return fail(ErrorKind::format, "{}: not a comparison with hand-made algorithms: {}", path,
                error.what());
  }
}

}  // namespace gramian
