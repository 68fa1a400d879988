// The explanation as a JSON file, which is also a section of the report.
//
// The file is the result of a study (figures/result.h: tables and figures that `gramian report`
// draws) with one more key, which has the numbers themselves:
//
//   "explanation": {
//     "network": {"kind", "layers", "heads", "d", "n", "tied"},
//     "noise": "uniform [0, 5]",
//     "sigmas": [..],
//     "words": [sentence, ..],
//     "adjusted": [estimate, ..],      // after each layer
//     "bayes": estimate,
//     "layers": [layer, ..],
//     "similarity": {"prompts", "left_out",
//                    "families": [{"name", "title", "column", "columns": [..],
//                                  "distance": [[..], ..]}, ..]},
//     "noise_probe": null or {"layers": [{"r2", "error"}, ..], "residuals": {"r2", "error"}},
//     "parts": [{"name", "before": estimate, "after": estimate or null, "failure"}, ..],
//     "changes": {"loss_name", "trained": estimate,                                  // changes.h
//                 "updates": [{"name", "sigma": [..], "size", "rank_99"}, ..],
//                 "truncations": [{"rank", "loss": estimate}, ..],
//                 "pruning": [{"share", "at_random", "before": estimate,
//                              "after": estimate or null, "failure"}, ..]},
//     "stability": {"blowups": null or {"prompts", "count",
//                                       "interval": [low, high] per million, "threshold"},
//                   "limit", "limit_found",
//                   "eigenvalue": {"median", "p99", "most", "prompts"}}}
//
//   estimate: {"mean", "se"}
//   layer:    {"omega": {"xx", "xy", "yx", "yy"}, "diagonal_x", "diagonal_y",
//              "heads": [{"p": [D*D], "q": [D*D], "p_diagonal", "q_diagonal"}, ..],   // weights.h
//              "readings": [reading, ..],                                // one a sigma: dynamics.h
//              "match": {"algorithm", "column", "distance", "constants": {name: value}}}
//   reading:  {"sigma", "prompts"}, and each of these as [10%, 50%, 90%] or null: "step",
//             "shrinkage", "momentum_share", "r2", "plain_step", "plain_momentum",
//             "plain_shrinkage", "plain_r2", "gradient_r2", "size", "left"
//
// Of a system of which nothing but the changes is explained, it has "changes" alone. Numbers that
// are not finite are null.
#pragma once

#include <string>

#include "gramian/explain/explain.h"
#include "gramian/figures/result.h"

namespace gramian {

// `name`: of the run; letters other than those of an identifier become "-". The study is
// "explain-<name>".
StudyResult to_study(const Explanation& explanation, const std::string& name);

StudyResult to_study(const Changes& changes, const std::string& name,
                     const std::string& description);

std::string to_json(const Explanation& explanation, const StudyResult& section);
std::string to_json(const Changes& changes, const StudyResult& section);

}  // namespace gramian
