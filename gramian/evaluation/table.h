// Results for people (a table on the terminal) and for programs (JSON).
#pragma once

#include <span>
#include <string>

#include "gramian/evaluation/evaluate.h"
#include "gramian/evaluation/hand_made.h"

namespace gramian {

// {"prompts": N,
//  "adjusted": {"model": {"mean": .., "se": ..}, "oracle": {..}, "constrr": .., ..},
//  "loss": {the same keys},
//  "query", "tuning_prompts", "constants": {"constrr": {"sigma2": ..}, ..}, "undefined": {"adarr":
//    why, ..},
//  "layers": [{"layer": 1, "adjusted": {..}, "loss": {..}}, ..], "model_minus_bayes": {..},
//  "blowups": {"count", "per_million", "interval": [lo, hi] (95%, per million), "threshold",
//    "adjusted_without"},
//  "profile": [{"sigma": .., "adjusted": {..}, "loss": {..}, "layers": [..]}, ..]}
//
// Keys that speak of a model are there only with one, "profile" only with points. JSON has
// no infinities: such a number is null, and a "note" beside it says why.
std::string to_json(const EvalResult& result, std::span<const ProfilePoint> profile = {});

// Aligned columns, means with +- one standard error, adjusted loss first.
std::string to_table(const EvalResult& result, std::span<const ProfilePoint> profile = {});

// {"prompts": N, "tuning_prompts": N,
//  "references": {"oracle": {"mean": .., "se": ..}, "constrr": {..}, ..},
//  "steps": [{"steps": 1, "adjusted": {"gd": {..}, "gdpp": {..}, "momentum": {..}, "cg": {..},
//    "cg_ridge": {..},
//             "model": {..}}, "constants": {"gd": {"step_size": ..}, ..}}, ..]}
//
// Adjusted losses; "model" only where there is one. Numbers as above.
std::string to_json(const HandMadeComparison& comparison);

// Adjusted loss, one row for each number of steps, the best hand-made one marked.
std::string to_table(const HandMadeComparison& comparison);

}  // namespace gramian
