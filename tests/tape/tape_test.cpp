// Recording: shapes, and what is said about mistakes.
#include "gramian/tape/tape.h"

#include <gtest/gtest.h>

#include "gramian/tape/masks.h"
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

TEST(Recorder, SaysWhichRuleIsBroken) {
  const auto one = [](Attributes operation) {
    return record([&](Recorder& r, Value e, Value) { r.apply(operation, {e}); });
  };
  const auto two = [](Attributes operation, int rows, int columns) {
    return record([&](Recorder& r, Value e, Value) {
      r.apply(operation, {e, r.input("other", rows, columns)});
    });
  };
  EXPECT_TRUE(is_error(one(ops::RmsNormalise{.epsilon = 0}), ErrorKind::config,
                       {"rms_normalise of [5, 3]", "epsilon", "got 0"}));
  EXPECT_TRUE(is_error(one(ops::NormaliseBlock{.first = 3, .count = 3}), ErrorKind::config,
                       {"normalise_block of [5, 3]", "rows 3 to 5"}));
  EXPECT_TRUE(is_error(one(ops::Broadcast{.rows = 5, .columns = 4}), ErrorKind::config,
                       {"broadcast of [5, 3]", "[5, 4]"}));
  EXPECT_TRUE(is_error(two(ops::Division{}, 3, 3), ErrorKind::config,
                       {"division of [5, 3] and [3, 3]: the second must"}));
  EXPECT_TRUE(two(ops::Division{}, 5, 1));
  EXPECT_TRUE(is_error(two(ops::Softmax{}, 5, 1), ErrorKind::config,
                       {"softmax of [5, 3] and [5, 1]: the mask"}));
  EXPECT_TRUE(is_error(two(ops::LookUp{}, 5, 2), ErrorKind::config, {"look_up", "one column"}));
  EXPECT_TRUE(
      is_error(two(ops::CrossEntropy{}, 3, 1), ErrorKind::config, {"cross_entropy", "classes"}));
  EXPECT_TRUE(is_error(two(ops::Hinge{}, 5, 1), ErrorKind::config, {"hinge", "one shape"}));
  EXPECT_TRUE(is_error(record([](Recorder& r, Value e, Value) {
                         r.apply(ops::CosineDistance{}, {e, r.parameter("U", 5, 3)});
                       }),
                       ErrorKind::config, {"cosine_distance", "operand 2 is shared"}));
}

TEST(Recorder, KnowsNamesOfOperations) {
  EXPECT_STREQ(name_of(Operation::input), "input");
  EXPECT_STREQ(name_of(Operation::product), "product");
  EXPECT_STREQ(name_of(Operation::hinge), "hinge");
}

TEST(Masks, OfAWindow) {
  EXPECT_EQ(window_mask(3, 2), (std::vector<double>{1, 0, 0, 1, 1, 0, 0, 1, 1}));
  EXPECT_EQ(causal_mask(3), (std::vector<double>{1, 0, 0, 1, 1, 0, 1, 1, 1}));
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
