#include "gramian/exporting/protobuf.h"

#include <gtest/gtest.h>

namespace gramian {
namespace {

using namespace std::string_literals;

// The examples of the description of the encoding at protobuf.dev.
TEST(Protobuf, EncodesAsItsDocumentationSays) {
  ProtobufMessage number;
  number.add_integer(1, 150);
  EXPECT_EQ(number.bytes(), "\x08\x96\x01"s);

  ProtobufMessage text;
  text.add_bytes(2, "testing");
  EXPECT_EQ(text.bytes(), "\x12\x07testing"s);

  ProtobufMessage outer;
  outer.add_message(3, number);
  EXPECT_EQ(outer.bytes(), "\x1a\x03\x08\x96\x01"s);
}

TEST(Protobuf, KnowsTheEdgesOfVarints) {
  const auto value = [](std::int64_t integer) {
    ProtobufMessage message;
    message.add_integer(1, integer);
    return message.bytes().substr(1);
  };
  EXPECT_EQ(value(0), "\0"s);
  EXPECT_EQ(value(127), "\x7f"s);
  EXPECT_EQ(value(128), "\x80\x01"s);
  EXPECT_EQ(value(-2), "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"s);
  ProtobufMessage far;  // a key of two bytes
  far.add_integer(16, 1);
  EXPECT_EQ(far.bytes(), "\x80\x01\x01"s);
}

}  // namespace
}  // namespace gramian
