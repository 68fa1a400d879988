// Descriptions of transformers as JSON: there and back, and what is refused.
#include "gramian/runs/transformer_json.h"

#include <gtest/gtest.h>

#include "tests/support/errors.h"
#include "tests/support/transformers.h"

namespace gramian {
namespace {

TEST(TransformerJson, ReadsBackWhatItWrites) {
  for (const test::TransformerCase& c : test::transformer_cases()) {
    SCOPED_TRACE(c.name);
    const auto read = transformer_from_json(to_json(c.spec));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, c.spec);
    EXPECT_EQ(first_difference(*read, c.spec), "");
  }
}

TEST(TransformerJson, WhatIsNotThereHasItsDefault) {
  EXPECT_EQ(transformer_from_json("{}").value(), TransformerSpec{});
  const TransformerSpec expected{.stem = {.tokens = 5, .width = 2},
                                 .blocks = {{.mixer = {.heads = 3}}, {.clip = 2.5}}};
  EXPECT_EQ(transformer_from_json(R"({"stem": {"tokens": 5, "width": 2},
                                      "blocks": [{"mixer": {"heads": 3}}, {"clip": 2.5}]})")
                .value(),
            expected);
}

TEST(TransformerJson, SaysWhatDiffers) {
  TransformerSpec one, other;
  one.blocks[0].mlp = {.kind = MlpKind::gelu, .hidden = 4};
  other.blocks[0].mlp = {.kind = MlpKind::gelu, .hidden = 6};
  EXPECT_EQ(first_difference(one, other), "/blocks/0/mlp/hidden is 4, not 6");
  other = one;
  other.blocks.resize(3);
  EXPECT_NE(first_difference(one, other).find("1 blocks, not 3"), std::string::npos);
}

TEST(TransformerJson, RefusesHostileInput) {
  const auto refused = [](std::string_view text, std::initializer_list<std::string_view> parts) {
    return test::is_error(transformer_from_json(text), ErrorKind::format, parts);
  };
  EXPECT_TRUE(refused("", {"not valid JSON"}));
  EXPECT_TRUE(refused("{\"stem\": {", {"not valid JSON"}));
  EXPECT_TRUE(refused("{} {}", {"not valid JSON"}));
  EXPECT_TRUE(refused("[]", {"must be an object"}));
  EXPECT_TRUE(refused("null", {"must be an object"}));
  EXPECT_TRUE(refused(R"({"steam": {}})", {"unknown field 'steam'", "stem"}));
  EXPECT_TRUE(refused(R"({"blocks": [{}, {"mixer": {"head": 2}}]})",
                      {"unknown field 'blocks[1].mixer.head'", "heads"}));
  EXPECT_TRUE(refused(R"({"stem": {"tokens": 5, "tokens": 6}})", {"'tokens'", "twice"}));
  EXPECT_TRUE(refused(R"({"stem": {"tokens": 5.5}})", {"stem.tokens", "whole number"}));
  EXPECT_TRUE(refused(R"({"stem": {"tokens": 99999999999}})", {"stem.tokens", "whole number"}));
  EXPECT_TRUE(refused(R"({"stem": {"tokens": -99999999999}})", {"stem.tokens", "whole number"}));
  EXPECT_TRUE(refused(R"({"stem": {"tokens": "5"}})", {"stem.tokens", "whole number"}));
  EXPECT_TRUE(refused(R"({"stem": {"tokens": 100000}})", {"stem.tokens", "[2, 4096]"}));
  EXPECT_TRUE(refused(R"({"stem": 3})", {"stem must be an object"}));
  EXPECT_TRUE(refused(R"({"blocks": {}})", {"blocks must be a list"}));
  EXPECT_TRUE(refused(R"({"blocks": [3]})", {"blocks[0] must be an object"}));
  EXPECT_TRUE(refused(R"({"blocks": []})", {"blocks.size"}));
  EXPECT_TRUE(refused(R"({"blocks": [{"mixer": {"kind": "quadratic"}}]})",
                      {"blocks[0].mixer.kind", "softmax"}));
  EXPECT_TRUE(refused(R"({"blocks": [{"mixer": {"kind": 1}}]})", {"blocks[0].mixer.kind"}));
  EXPECT_TRUE(refused(R"({"blocks": [{"clip": 1e999}]})", {"description of a transformer"}));
  EXPECT_TRUE(refused(R"({"blocks": [{"clip": true}]})", {"blocks[0].clip", "number"}));
  EXPECT_TRUE(refused(R"({"blocks": [{"mlp": {"bias": 1}}]})", {"mlp.bias", "true or false"}));
  EXPECT_TRUE(refused(R"({"weights_of": ["0"]})", {"weights_of[0]", "whole number"}));
  EXPECT_TRUE(refused(R"({"weights_of": [7]})", {"weights_of[0]"}));
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_TRUE(refused("{\"stem\": " + deep + "}", {"nested deeper"}));
  std::string many = "{\"blocks\": [{}";
  for (int i = 0; i < 200; ++i) many += ", {}";
  EXPECT_TRUE(refused(many + "]}", {"blocks must be a list of at most 100"}));
  EXPECT_TRUE(refused(std::string(kMaxDescription + 1, ' '), {"bytes"}));
}

}  // namespace
}  // namespace gramian
