#include "gramian/exporting/protobuf.h"

namespace gramian {

namespace {

constexpr std::uint64_t kVarint = 0, kLengthDelimited = 2;  // wire types

std::uint64_t key(int field, std::uint64_t wire_type) {
  return static_cast<std::uint64_t>(field) << 3 | wire_type;
}

}  // namespace

void ProtobufMessage::add_varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
  bytes_ += static_cast<char>(value);
}

void ProtobufMessage::add_integer(int field, std::int64_t value) {
  add_varint(key(field, kVarint));
  add_varint(static_cast<std::uint64_t>(value));
}

void ProtobufMessage::add_bytes(int field, std::string_view bytes) {
  add_varint(key(field, kLengthDelimited));
  add_varint(bytes.size());
  bytes_ += bytes;
}

}  // namespace gramian
