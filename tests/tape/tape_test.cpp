// Recording: shapes, and what is said about mistakes.
#include "gramian/tape/tape.h"

#include <gtest/gtest.h>

#include "tests/support/errors.h"

namespace gramian {
namespace {

using test::is_error;

TEST(Recorder, KnowsShapesAndPlacesOfParameters) {
  Recorder r;
  const Value e = r.input("tokens", 5, 3);
  const Value q = r.parameter("Q", 3, 4);
  const Value k = r.parameter("K", 3, 4);
  const Value scores = r.product(r.product(e, q), r.transposed(r.product(r.rows(e, 0, 4), k)));
  EXPECT_EQ(r.rows_of(scores), 5);
  EXPECT_EQ(r.columns_of(scores), 4);
  EXPECT_EQ(r.columns_of(r.beside(scores, e)), 7);
  EXPECT_EQ(r.rows_of(r.above(e, r.columns(r.product(e, q), 1, 3))), 10);
  const auto tape = r.finish(scores);
  ASSERT_TRUE(tape);
  EXPECT_EQ(tape->parameters(), 24u);
  EXPECT_EQ(tape->node(k).offset, 12u);
  EXPECT_EQ(tape->node(k).name, "K");
  // E Q: 5 x 3 x 4; context K: 4 x 3 x 4; scores: 5 x 4 x 4. The tokens need no gradient.
  EXPECT_EQ(tape->cost().forward, 60 + 48 + 80 + 60);
  EXPECT_EQ(tape->cost().backward, 60 + 48 + 2 * 80 + 60);
}

// What a recording says that makes one mistake.
template <class Body>
Expected<Tape> record(Body body) {
  Recorder r;
  const Value e = r.input("tokens", 5, 3);
  body(r, e, r.parameter("W", 3, 2));
  return r.finish(e);
}

TEST(Recorder, RefusesWhatDoesNotFitAndNamesIt) {
  EXPECT_TRUE(is_error(record([](Recorder& r, Value e, Value w) { r.product(e, r.transposed(w)); }),
                       ErrorKind::config, {"product", "[5, 3]", "[3, 2]^T"}));
  EXPECT_TRUE(is_error(record([](Recorder& r, Value, Value w) { r.product(r.transposed(w), w); }),
                       ErrorKind::config, {"product", "shared by all prompts"}));
  EXPECT_TRUE(is_error(record([](Recorder& r, Value e, Value w) { r.sum(e, w); }),
                       ErrorKind::config, {"sum", "[5, 3]", "[3, 2]"}));
  EXPECT_TRUE(is_error(record([](Recorder& r, Value e, Value) { r.rows(e, 3, 3); }),
                       ErrorKind::config, {"rows 3 to 5", "there are 5"}));
  EXPECT_TRUE(is_error(record([](Recorder& r, Value e, Value) { r.columns(e, -1, 2); }),
                       ErrorKind::config, {"columns -1 to 0"}));
  EXPECT_TRUE(is_error(record([](Recorder& r, Value e, Value w) { r.beside(e, w); }),
                       ErrorKind::config, {"beside"}));
  EXPECT_TRUE(is_error(record([](Recorder& r, Value e, Value w) { r.above(e, w); }),
                       ErrorKind::config, {"above"}));
  EXPECT_TRUE(is_error(record([](Recorder& r, Value, Value w) { r.gelu(w); }), ErrorKind::config,
                       {"gelu", "[3, 2]"}));
  EXPECT_TRUE(is_error(record([](Recorder& r, Value e, Value) { r.clip(e, 1, 1); }),
                       ErrorKind::config, {"clip"}));
  EXPECT_TRUE(is_error(record([](Recorder& r, Value e, Value) { r.normalise(e, 0); }),
                       ErrorKind::config, {"normalise", "0"}));
  EXPECT_TRUE(is_error(
      record([](Recorder& r, Value e, Value) { r.half_squared_error(e, r.rows(e, 0, 1)); }),
      ErrorKind::config, {"half_squared_error", "[5, 3]", "[1, 3]"}));
  EXPECT_TRUE(is_error(record([](Recorder& r, Value, Value) { r.input("none", 0, 3); }),
                       ErrorKind::config, {"input none", "[0, 3]"}));
  EXPECT_TRUE(
      is_error(record([](Recorder& r, Value, Value) { r.constant(1, 2, std::vector{1.0}); }),
               ErrorKind::config, {"constant [1, 2]", "2 entries", "got 1"}));
  const auto masked = [](std::vector<double> mask) {
    return record([&](Recorder& r, Value e, Value) { r.softmax(r.rows(e, 0, 1), mask); });
  };
  EXPECT_TRUE(masked({1, 0, 1}));
  EXPECT_TRUE(is_error(masked({1, 0}), ErrorKind::config, {"3 entries", "got 2"}));
  EXPECT_TRUE(is_error(masked({0, 0, 0}), ErrorKind::config, {"row 0"}));
  EXPECT_TRUE(is_error(masked({0, 0.5, 1}), ErrorKind::config, {"row 0"}));
}

TEST(Recorder, KeepsTheFirstMistake) {
  const auto tape = record([](Recorder& r, Value e, Value w) {
    const Value wrong = r.sum(e, w);
    r.gelu(wrong);
    r.product(wrong, wrong);
    EXPECT_EQ(r.rows_of(wrong), 0);
  });
  EXPECT_TRUE(is_error(tape, ErrorKind::config, {"sum"}));
  Recorder r;
  EXPECT_TRUE(is_error(r.finish({}), ErrorKind::config, {"not recorded here"}));
}

}  // namespace
}  // namespace gramian
