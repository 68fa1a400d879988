#include "gramian/runs/collected_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "gramian/base/hash.h"
#include "gramian/io/files.h"
#include "gramian/io/lock.h"

namespace gramian {

namespace {

constexpr std::uint64_t kBatchLocks = 256;  // so many processes can work at a time

}  // namespace

Expected<std::string> CollectedRows::name_of(const std::string& run, std::string_view settings) {
  const auto model = GRAMIAN_TRY(read_file(run + "/model.safetensors"));
  return fmt::format("{:016x}", hash_bytes(settings, hash_bytes(model)));
}

Expected<CollectedRows> CollectedRows::open(Kind kind, Check check) {
  std::error_code error;
  std::filesystem::create_directories(kind.folder + "/locks", error);
  if (error) return fail(ErrorKind::io, "cannot create {}/locks: {}", kind.folder, error.message());
  CollectedRows rows;
  rows.kind_ = std::move(kind);
  rows.check_ = std::move(check);
  return rows;
}

std::string CollectedRows::path() const {
  return fmt::format("{}/{}.csv", kind_.folder, kind_.name);
}

Expected<std::map<std::uint64_t, std::string>> CollectedRows::read() const {
  std::map<std::uint64_t, std::string> batches;
  std::map<std::uint64_t, std::size_t> lines;
  const std::string path = this->path();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return batches;
  const auto text = GRAMIAN_TRY(read_file(path));
  const std::string header = "of," + kind_.header;
  std::size_t number = 1;
  // What follows the last end of a line was torn off by a kill or a full disk.
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos;
       begin = end + 1, ++number) {
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (line.starts_with("of,") && line == header) continue;
    if (line.substr(0, line.find(',')) != kind_.name) {
      return fail(ErrorKind::format, "{}:{}: is not a row of this evaluation, which begins with {}",
                  path, number, kind_.name);
    }
    const std::string_view row = line.substr(std::min(line.size(), kind_.name.size() + 1));
    const auto range = check_(row);
    if (!range) return fail(ErrorKind::format, "{}:{}: {}", path, number, range.error().message);
    if (range->prompts != kind_.batch_prompts || range->first % kind_.batch_prompts != 0) {
      return fail(ErrorKind::format, "{}:{}: must be a batch of {} prompts, is of {} from {} on",
                  path, number, kind_.batch_prompts, range->prompts, range->first);
    }
    const std::uint64_t batch = range->first / kind_.batch_prompts;
    const auto [before, is_new] = lines.emplace(batch, number);
    if (!is_new) {
      return fail(ErrorKind::format,
                  "{}:{}: prompts from {} on are in line {} already, and would count twice; delete "
                  "one of the lines",
                  path, number, range->first, before->second);
    }
    batches.emplace(batch, row);
  }
  return batches;
}

Status CollectedRows::add_up(const std::function<bool(std::string_view row)>& add) const {
  const auto batches = GRAMIAN_TRY(read());
  std::uint64_t next = 0;
  for (const auto& [batch, row] : batches) {
    if (batch != next++ || add(row)) break;
  }
  return {};
}

Status CollectedRows::add_batch(
    const std::function<Expected<std::string>(std::uint64_t first)>& row_of) const {
  const auto batches = GRAMIAN_TRY(read());
  for (std::uint64_t batch = 0;; ++batch) {
    if (batches.contains(batch)) continue;
    const auto lock = GRAMIAN_TRY(Lock::try_take(
        fmt::format("{}/locks/{}-{}", kind_.folder, kind_.name, batch % kBatchLocks)));
    if (!lock) continue;
    // Somebody may have done it since the file was read.
    const auto now = GRAMIAN_TRY(read());
    if (now.contains(batch)) continue;
    const std::string row = GRAMIAN_TRY(row_of(batch * kind_.batch_prompts));
    return append(fmt::format("{},{}\n", kind_.name, row));
  }
}

Status CollectedRows::append(const std::string& row) const {
  const Lock lock = GRAMIAN_TRY(Lock::take(fmt::format("{}/locks/{}", kind_.folder, kind_.name)));
  const std::string path = this->path();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return write_file_atomically(path, fmt::format("of,{}\n{}", kind_.header, row));
  auto text = GRAMIAN_TRY(read_file(path));
  if (!text.empty() && text.back() != '\n') {  // torn
    text.erase(text.rfind('\n') + 1);
    return write_file_atomically(path, text + row);
  }
  auto file = GRAMIAN_TRY(File::open_for_appending(path));
  GRAMIAN_TRY(file.write(row));
  GRAMIAN_TRY(file.sync());
  return file.close();
}

}  // namespace gramian
