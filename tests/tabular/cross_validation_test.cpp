#include "gramian/tabular/cross_validation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/files.h"
#include "tests/tabular/rows.h"

namespace gramian {
namespace {

using test::is_error;
using test::linear_rows;

// Predicts a constant, and remembers the contexts that it was given.
class Recorder final : public Regressor {
 public:
  explicit Recorder(double value, bool defined = true) : value_(value), defined_(defined) {}
  std::string name() const override { return "recorder"; }
  Expected<Fit> fit(const TableRows& rows) const override {
    if (!defined_) return fail(ErrorKind::config, "never defined");
    contexts.push_back(rows.y);
    return Fit{{value_, std::vector<double>(rows.d)}, contexts.size() == 2};
  }
  mutable std::vector<std::vector<double>> contexts;

 private:
  double value_;
  bool defined_;
};

TableRows numbered(std::size_t n) {
  TableRows rows{1, {}, {}};
  for (std::size_t i = 0; i < n; ++i) rows.add(std::vector<double>{0.0}, static_cast<double>(i));
  return rows;
}

TEST(CrossValidation, PermutationsAreSuchAndDependOnSeedAndRepeat) {
  auto order = permutation(100, 7, 0);
  EXPECT_EQ(order, permutation(100, 7, 0));
  EXPECT_NE(order, permutation(100, 8, 0));
  EXPECT_NE(order, permutation(100, 7, 1));
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
  EXPECT_TRUE(permutation(0, 1, 0).empty());
}

// The place of item 0 is uniform: 6,000 draws of 6 places, 5 degrees of freedom.
TEST(CrossValidation, PermutationsAreUniform) {
  std::vector<int> count(6);
  for (std::uint32_t repeat = 0; repeat < 6000; ++repeat) {
    const auto order = permutation(6, 3, repeat);
    ++count[static_cast<std::size_t>(std::find(order.begin(), order.end(), 0u) - order.begin())];
  }
  double chi2 = 0;
  for (const int c : count) chi2 += std::pow(c - 1000.0, 2) / 1000;
  EXPECT_LT(chi2, 20.5);  // exceeded once in a thousand
}

TEST(CrossValidation, EveryRowIsLeftOutOnceARepeat) {
  const Recorder recorder(0), other(0);
  const auto result =
      cross_validate(numbered(11), {&recorder, &other}, {.folds = 4, .repeats = 3, .seed = 5});
  ASSERT_TRUE(result) << test::message_of(result);
  ASSERT_EQ(recorder.contexts.size(), 12u);
  EXPECT_EQ(recorder.contexts, other.contexts);  // the same splits for all
  for (std::size_t repeat = 0; repeat < 3; ++repeat) {
    std::vector<int> seen(11);
    for (std::size_t fold = 0; fold < 4; ++fold) {
      const auto& context = recorder.contexts[4 * repeat + fold];
      EXPECT_TRUE(context.size() == 8 || context.size() == 9);
      for (const double y : context) ++seen[static_cast<std::size_t>(y)];
    }
    for (const int count : seen) EXPECT_EQ(count, 3);
  }
  EXPECT_NE(recorder.contexts[0], recorder.contexts[4]);
}

TEST(CrossValidation, ErrorsAreMeansOverRowsWithStandardErrors) {
  const Recorder zero(0), two(2);
  const auto result = cross_validate(numbered(5), {&zero, &two}, {.folds = 5, .repeats = 2});
  ASSERT_TRUE(result);
  const RegressorScore& first = result->scores[0];
  EXPECT_NEAR(first.error.mean(), (0 + 1 + 4 + 9 + 16) / 5.0, 1e-12);
  EXPECT_NEAR(first.error.standard_error(), std::sqrt((36 + 25 + 4 + 9 + 100) / 4.0 / 5), 1e-12);
  // (i - 2)^2 - i^2 = 4 - 4 i: 4, 0, -4, -8, -12.
  EXPECT_NEAR(result->scores[1].minus_first.mean(), -4, 1e-12);
  EXPECT_NEAR(result->scores[1].minus_first.standard_error(), std::sqrt(160 / 4.0 / 5), 1e-12);
  EXPECT_NEAR(result->variance, 2, 1e-12);
  EXPECT_EQ(result->splits, 10);
  EXPECT_EQ(first.exploded, 1);
}

// Predictions that differ from repeat to repeat: every fold from the definition.
TEST(CrossValidation, ErrorsAreAveragedOverRepeats) {
  const TableRows rows = numbered(7);
  const MeanRegressor mean;
  const auto result = cross_validate(rows, {&mean}, {.folds = 3, .repeats = 2, .seed = 9});
  ASSERT_TRUE(result);
  RunningMean want;
  std::vector<double> errors(7);
  for (const std::uint32_t repeat : {0u, 1u}) {
    const auto order = permutation(7, 9, repeat);
    for (std::size_t place = 0; place < 7; ++place) {
      double sum = 0, count = 0;
      for (std::size_t other = 0; other < 7; ++other) {
        if (other % 3 == place % 3) continue;
        sum += static_cast<double>(order[other]);
        ++count;
      }
      errors[order[place]] += std::pow(sum / count - static_cast<double>(order[place]), 2) / 2;
    }
  }
  for (const double error : errors) want.add(error);
  EXPECT_NEAR(result->scores[0].error.mean(), want.mean(), 1e-12);
  EXPECT_NEAR(result->scores[0].error.standard_error(), want.standard_error(), 1e-12);
}

TEST(CrossValidation, AContextCanBeShort) {
  const Recorder recorder(0);
  ASSERT_TRUE(cross_validate(numbered(40), {&recorder}, {.folds = 4, .context = 6}));
  for (const auto& context : recorder.contexts) EXPECT_EQ(context.size(), 6u);
  EXPECT_NE(recorder.contexts[0], recorder.contexts[1]);
}

TEST(CrossValidation, WhatIsNotDefinedIsSaid) {
  const Recorder zero(0), never(0, false);
  const auto result = cross_validate(numbered(6), {&zero, &never}, {.folds = 2});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->scores[1].undefined, "never defined");
  EXPECT_NE(to_table(*result).find("never defined"), std::string::npos);
  EXPECT_NE(to_table(*result).find("recorder exploded on 1 of 2 splits"), std::string::npos);
  const auto json = nlohmann::json::parse(to_json(*result));
  EXPECT_EQ(json["folds"], 2);
  EXPECT_EQ(json["squared_error"]["recorder"]["note"], "undefined: never defined");
}

TEST(CrossValidation, RefusesFoldsThatLeaveNothing) {
  const Recorder recorder(0);
  const auto refuses = [&](std::size_t rows, CrossValidationSpec spec,
                           std::initializer_list<std::string_view> parts) {
    return is_error(cross_validate(numbered(rows), {&recorder}, spec), ErrorKind::usage, parts);
  };
  EXPECT_TRUE(refuses(10, {.folds = 1}, {"2 or more", "got 1"}));
  EXPECT_TRUE(refuses(10, {.folds = 11}, {"at most the 10 rows", "got 11"}));
  EXPECT_TRUE(refuses(2, {.folds = 2}, {"leave 1 to learn from"}));
  EXPECT_TRUE(refuses(10, {.folds = 2, .repeats = 0}, {"repeats must be 1 or more"}));
  EXPECT_TRUE(refuses(10, {.folds = 2, .context = 1}, {"context must be 2 rows or more"}));
}

TEST(CrossValidation, CanBeStopped) {
  const Recorder recorder(0);
  std::int64_t last = 0;
  const auto result = cross_validate(numbered(10), {&recorder}, {.folds = 5},
                                     [&](std::int64_t done, std::int64_t all) {
                                       EXPECT_EQ(all, 5);
                                       last = done;
                                       return done < 3;
                                     });
  EXPECT_TRUE(is_error(result, ErrorKind::interrupted, {"stopped after 3 of 5 splits"}));
  EXPECT_EQ(last, 3);
}

}  // namespace
}  // namespace gramian
