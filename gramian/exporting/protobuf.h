// The few lines of the protocol buffer wire format that writing an ONNX file needs.
//
// A message is a row of fields, each a key (field number and wire type) and a value: wire type 0 is
// a varint, seven bits a byte and the lowest first; wire type 2 is a length and so many bytes
// (text, raw data, another message).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gramian {

class ProtobufMessage {
 public:
  void add_integer(int field, std::int64_t value);  // negative ones take ten bytes, as int64 does
  void add_bytes(int field, std::string_view bytes);
  void add_message(int field, const ProtobufMessage& message) { add_bytes(field, message.bytes()); }

  const std::string& bytes() const { return bytes_; }

 private:
  void add_varint(std::uint64_t value);

  std::string bytes_;
};

}  // namespace gramian
