// Runs exported files as their users would, and says what the project itself predicts.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "gramian/exporting/exporter.h"
#include "gramian/models/reference.h"
#include "tests/cli/process.h"

namespace gramian::test {

// A context and queries, and its text for run_export.py and run_export.cpp.
struct ExportPrompt {
  ExportPrompt(int inputs, int context, int queries) : d(inputs), n(context), m(queries) {
    for (int i = 0; i < n * (d + 1); ++i) examples.push_back(std::sin(1.0 + 1.7 * i));
    for (int i = 0; i < m * d; ++i) query.push_back(std::cos(0.3 + 2.3 * i));
  }
  std::string text() const {
    std::string text = fmt::format("{} {} {}\n", d, n, m);
    for (const double x : examples) text += fmt::format("{}\n", x);
    for (const double x : query) text += fmt::format("{}\n", x);
    return text;
  }
  // The token-by-token reference, one query after the other: [m].
  std::vector<double> reference(const Network& network) const {
    std::vector<double> predictions;
    for (int k = 0; k < m; ++k) {
      std::vector<double> tokens = examples;
      tokens.insert(tokens.end(), query.begin() + k * d, query.begin() + (k + 1) * d);
      tokens.push_back(0.0);
      predictions.push_back(token_predictions(network, tokens).back());
    }
    return predictions;
  }

  int d, n, m;
  std::vector<double> examples;  // [n, d + 1]
  std::vector<double> query;     // [m, d]
};

inline constexpr int kNoRuntime = 77;

// `how`: numpy, c++, onnx (an evaluator of our own) or onnxruntime; `file` is the export, `prompt`
// a file.
inline Outcome run_export(const std::string& how, const std::string& file,
                          const std::string& prompt) {
  const std::string here = GRAMIAN_SOURCE_DIR "/tests/exporting";
  if (how != "c++") {
    const char* other = std::getenv("GRAMIAN_ONNXRUNTIME_PYTHON");
    const std::string python = how == "onnxruntime" && other != nullptr ? other : GRAMIAN_PYTHON;
    return Process({python, "-B", here + "/run_export.py", how, file, prompt}).wait();
  }
  const TemporaryFolder folder;
  std::filesystem::copy_file(file, folder / "learned.h");
  const Outcome compiled =
      Process({GRAMIAN_CXX, "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow",
               "-Wconversion", "-Wno-sign-conversion", "-Werror", "-O0", "-I" + folder.path(),
               here + "/run_export.cpp", "-o", folder / "run_export"})
          .wait();
  if (compiled.exit_code != 0 || !compiled.err.empty()) return compiled;
  return Process({folder / "run_export", prompt}).wait();
}

// Passes if the lines of `outcome` are these numbers, each to `tolerance` of the largest.
inline testing::AssertionResult predicts(const Outcome& outcome, const std::vector<double>& want,
                                         double tolerance) {
  if (testing::AssertionResult ok = succeeds(outcome); !ok) return ok;
  double largest = 0;
  for (const double w : want) largest = std::max(largest, std::abs(w));
  if (!(largest > 1e-3)) return testing::AssertionFailure() << "nothing to compare: " << largest;
  std::size_t begin = 0;
  for (const double w : want) {
    const std::size_t end = outcome.out.find('\n', begin);
    if (end == std::string::npos)
      return testing::AssertionFailure() << "too few predictions: " << outcome.out;
    const double got = std::stod(outcome.out.substr(begin, end - begin));
    if (!(std::abs(got - w) <= tolerance * largest)) {
      return testing::AssertionFailure()
             << fmt::format("predicts {}, not {}: off by {:.1e}", got, w, got - w);
    }
    begin = end + 1;
  }
  if (begin != outcome.out.size())
    return testing::AssertionFailure() << "too many predictions: " << outcome.out;
  return testing::AssertionSuccess();
}

}  // namespace gramian::test
