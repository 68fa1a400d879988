#include "gramian/io/json.h"

#include <nlohmann/json.hpp>
#include <unordered_set>
#include <vector>

#include "gramian/io/files.h"

namespace gramian {

namespace {

using Json = nlohmann::json;

// Follows a text without building anything, and stops at the first thing that is wrong.
class Checker final : public nlohmann::json_sax<Json> {
 public:
  explicit Checker(const JsonLimits& limits) : limits_(limits) {}
  const std::string& complaint() const { return complaint_; }

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_unsigned(number_unsigned_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool string(string_t&) override { return value(); }
  bool binary(binary_t&) override { return value(); }
  bool start_object(std::size_t) override { return open(); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    return names_.back().insert(name).second || refuse(fmt::format("has '{}' twice", name));
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 3, column 7: what": without its own
    // number.
    std::string_view what = error.what();
    if (const std::size_t end = what.find("] "); end != what.npos) what.remove_prefix(end + 2);
    return refuse(fmt::format("is not JSON: {}", what));
  }

 private:
  bool refuse(std::string complaint) {
    complaint_ = std::move(complaint);
    return false;
  }
  bool value() {
    return ++values_ <= limits_.values ||
           refuse(fmt::format("has more than {} values", limits_.values));
  }
  bool open() {
    if (names_.size() == static_cast<std::size_t>(limits_.depth))
      return refuse(fmt::format("nests deeper than {} levels", limits_.depth));
    names_.emplace_back();
    return value();
  }
  bool close() {
    names_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  std::size_t values_ = 0;
  std::vector<std::unordered_set<std::string>> names_;  // of the open objects and arrays
  std::string complaint_;
};

}  // namespace

Expected<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  Checker checker(limits);
  if (!Json::sax_parse(text, &checker)) return fail(ErrorKind::format, "{}", checker.complaint());
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

Expected<Json> read_json(const std::string& path, const JsonLimits& limits) {
  const auto text = GRAMIAN_TRY(read_file(path, kMaxJsonFile));
  auto json = parse_json(text, limits);
  if (!json) return fail(json.error().kind, "{} {}", path, json.error().message);
  return json;
}

}  // namespace gramian
