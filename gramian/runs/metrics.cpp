#include "gramian/runs/metrics.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "gramian/io/json.h"

namespace gramian {

namespace {

using Json = nlohmann::ordered_json;

std::optional<std::int64_t> step_of(std::string_view line) {
  const auto json = parse_json(line);
  if (!json || !json->is_object()) return std::nullopt;
  const auto step = json->find("step");
  if (step == json->end() || !step->is_number_integer()) return std::nullopt;
  return step->get<std::int64_t>();
}

// The lines with step <= last_step.
Expected<std::string> keep_until(std::string_view text, std::int64_t last_step,
                                 const std::string& path) {
  std::string kept;
  // What follows the last newline was torn off by a crash or a full disk.
  for (std::size_t begin = 0, number = 1;; ++number) {
    const std::size_t end = text.find('\n', begin);
    if (end == text.npos) return kept;
    const std::string_view line = text.substr(begin, end - begin);
    const std::optional<std::int64_t> step = step_of(line);
    if (!step)
      return fail(ErrorKind::format, "{}:{}: must be a JSON object with an integer \"step\"", path,
                  number);
    if (*step <= last_step) kept.append(line).append("\n");
    begin = end + 1;
  }
}

}  // namespace

Expected<MetricsLog> MetricsLog::open(const std::string& path, std::int64_t last_step) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    std::string kept;
    if (last_step >= 0) {
      const auto text = GRAMIAN_TRY(read_file(path));
      auto lines = GRAMIAN_TRY(keep_until(text, last_step, path));
      kept = std::move(lines);
    }
    GRAMIAN_TRY(write_file_atomically(path, kept));
  }
  auto file = GRAMIAN_TRY(File::open_for_appending(path));
  return MetricsLog(std::move(file));
}

Status MetricsLog::append(const MetricsRow& row) {
  const Json json = {{"step", row.step}, {"loss", row.loss},       {"grad_norm", row.grad_norm},
                     {"lr", row.lr},     {"seconds", row.seconds}, {"dropped", row.dropped}};
  return file_.write(json.dump() + "\n");
}

Expected<std::optional<double>> latest_loss(const std::string& path) {
  constexpr int kRows = 3;
  const auto text = GRAMIAN_TRY(read_file(path));
  const auto lines = GRAMIAN_TRY(keep_until(text, std::numeric_limits<std::int64_t>::max(), path));
  std::optional<double> least;
  std::string_view rest = lines;
  for (int row = 0; row < kRows && !rest.empty(); ++row) {
    rest.remove_suffix(1);
    const std::size_t begin = rest.rfind('\n');
    const auto json = parse_json(begin == rest.npos ? rest : rest.substr(begin + 1));
    const auto loss = json->find("loss");
    const bool finite = loss != json->end() && loss->is_number();
    const double value = finite ? loss->get<double>() : std::numeric_limits<double>::infinity();
    least = std::min(least.value_or(value), value);
    rest = begin == rest.npos ? std::string_view() : rest.substr(0, begin + 1);
  }
  return least;
}

Expected<std::int64_t> last_logged_step(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return -1;
  const auto text = GRAMIAN_TRY(read_file(path));
  const auto lines = GRAMIAN_TRY(keep_until(text, std::numeric_limits<std::int64_t>::max(), path));
  if (lines.empty()) return -1;
  const std::size_t begin = lines.rfind('\n', lines.size() - 2);
  return step_of(std::string_view(lines).substr(begin == lines.npos ? 0 : begin + 1)).value();
}

}  // namespace gramian
