#include "gramian/papers/versatile/problem.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "gramian/base/assert.h"

namespace gramian::versatile {

namespace {

constexpr std::size_t kProblems = 10;

// As printed, so that the rounding is known; one row for each depth.
using Row = std::array<std::string_view, kProblems>;
using Depths = std::array<Row, kTableLayers>;

constexpr Depths kGdppLosses{{
    {"1.768", "1.639", "1.396", "1.175", "1.015", "0.907", "0.841", "0.806", "1.007", "0.819"},
    {"0.341", "0.295", "0.243", "0.265", "0.347", "0.366", "0.440", "0.530", "0.305", "0.427"},
    {"0.019", "0.021", "0.071", "0.161", "0.259", "0.344", "0.454", "0.530", "0.222", "0.422"},
    {"9.91e-05", "0.014", "0.066", "0.160", "0.258", "0.344", "0.454", "0.530", "0.222", "0.422"},
    {"1.14e-07", "0.014", "0.066", "0.161", "0.265", "0.344", "0.454", "0.530", "0.222", "0.422"},
    {"2.37e-10", "0.009", "0.066", "0.161", "0.265", "0.344", "0.454", "0.530", "0.222", "0.422"},
    {"2.65e-12", "0.009", "0.066", "0.161", "0.265", "0.344", "0.454", "0.530", "0.222", "0.422"},
}};

constexpr Depths kDiagLosses{{
    {"1.767", "1.639", "1.396", "1.175", "1.015", "0.906", "0.841", "0.806", "1.007", "0.819"},
    {"0.265", "0.214", "0.173", "0.188", "0.219", "0.242", "0.254", "0.259", "0.201", "0.246"},
    {"0.013", "0.015", "0.048", "0.087", "0.109", "0.118", "0.121", "0.123", "0.098", "0.119"},
    {"1.19e-04", "0.006", "0.024", "0.041", "0.050", "0.059", "0.065", "0.073", "0.043", "0.062"},
    {"1.81e-07", "0.004", "0.016", "0.029", "0.041", "0.051", "0.058", "0.062", "0.026", "0.051"},
    {"2.57e-10", "0.003", "0.014", "0.028", "0.040", "0.048", "0.054", "0.059", "0.020", "0.047"},
    {"2.50e-12", "0.002", "0.014", "0.027", "0.040", "0.047", "0.052", "0.059", "0.018", "0.046"},
}};

constexpr Depths kFullLosses{{
    {"1.768", "1.640", "1.397", "1.176", "1.016", "0.907", "0.842", "0.806", "1.008", "0.820"},
    {"0.264", "0.215", "0.173", "0.188", "0.220", "0.245", "0.259", "0.263", "0.202", "0.276"},
    {"0.012", "0.015", "0.049", "0.075", "0.101", "0.117", "0.124", "0.127", "0.076", "0.113"},
    {"1.63e-04", "0.005", "0.021", "0.038", "0.052", "0.065", "0.068", "0.076", "0.032", "0.061"},
    {"1.79e-07", "0.002", "0.015", "0.026", "0.038", "0.048", "0.059", "0.065", "0.016", "0.048"},
    {"2.71e-10", "0.002", "0.014", "0.025", "0.036", "0.044", "0.052", "0.059", "0.011", "0.043"},
    {"2.50e-12", "0.002", "0.010", "0.025", "0.035", "0.047", "0.050", "0.057", "0.010", "0.035"},
}};

constexpr Row kConstrr{"0",     "0.009", "0.066", "0.161", "0.265",
                       "0.365", "0.454", "0.530", "0.222", "0.422"};
constexpr Row kAdarr{"0",     "0.003", "0.016", "0.034", "0.053",
                     "0.068", "0.081", "0.092", "0.051", "0.084"};
constexpr Row kTunedrr{"0",     "0.002", "0.010", "0.023", "0.037",
                       "0.049", "0.060", "0.068", "0.021", "0.054"};

// "0.341" -> 0.341 and 0.0005; "9.91e-05" -> 9.91e-05 and 5e-08.
Published parse(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  const std::size_t e = std::min(text.find('e'), text.size());
  int exponent = 0;
  if (e < text.size()) exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  const std::size_t dot = text.find('.');
  const int digits = dot == text.npos ? 0 : static_cast<int>(e - dot - 1);
  return {value, value == 0 ? 0 : 0.5 * std::pow(10.0, exponent - digits)};
}

}  // namespace

std::span<const Problem> problems() {
  static const std::array<Problem, kProblems> list{{
      {"uniform-0", "no noise", "0", "uniform", "[0, 0]", 0, 0},
      {"uniform-1", "sigma ~ U(0, 1)", "1", "uniform", "[0, 1]", 1, 1},
      {"uniform-2", "sigma ~ U(0, 2)", "2", "uniform", "[0, 2]", 2, 2},
      {"uniform-3", "sigma ~ U(0, 3)", "3", "uniform", "[0, 3]", 3, 3},
      {"uniform-4", "sigma ~ U(0, 4)", "4", "uniform", "[0, 4]", 4, 4},
      {"uniform-5", "sigma ~ U(0, 5)", "5", "uniform", "[0, 5]", 5, 5},
      {"uniform-6", "sigma ~ U(0, 6)", "6", "uniform", "[0, 6]", 6, 6},
      {"uniform-7", "sigma ~ U(0, 7)", "7", "uniform", "[0, 7]", 7, 7},
      {"categorical-13", "sigma in {1, 3}", "{1,3}", "categorical", "[1, 3]", 3, 8},
      {"categorical-135", "sigma in {1, 3, 5}", "{1,3,5}", "categorical", "[1, 3, 5]", 5, 9},
  }};
  return list;
}

const Problem& problem_named(std::string_view id) {
  const auto found = std::ranges::find(problems(), id, &Problem::id);
  GRAMIAN_ASSERT(found != problems().end());
  return *found;
}

const Problem& main_problem() { return problem_named("uniform-5"); }

Published published(Parametrisation kind, int layers, const Problem& problem) {
  GRAMIAN_ASSERT(layers >= 1 && layers <= kTableLayers && problem.column < kProblems);
  GRAMIAN_ASSERT(std::ranges::find(kKinds, kind) != std::end(kKinds));
  const Depths& depths = kind == Parametrisation::full   ? kFullLosses
                         : kind == Parametrisation::diag ? kDiagLosses
                                                         : kGdppLosses;
  return parse(depths[static_cast<std::size_t>(layers - 1)][problem.column]);
}

Published published(std::string_view solver, const Problem& problem) {
  GRAMIAN_ASSERT(solver == "constrr" || solver == "adarr" || solver == "tunedrr");
  return parse((solver == "constrr" ? kConstrr
                : solver == "adarr" ? kAdarr
                                    : kTunedrr)[problem.column]);
}

}  // namespace gramian::versatile
