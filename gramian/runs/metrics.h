// metrics.jsonl: one line of JSON for each logged step of training.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gramian/base/error.h"
#include "gramian/io/files.h"

namespace gramian {

struct MetricsRow {
  std::int64_t step = 0;
  double loss = 0;       // what is not finite is written as null
  double grad_norm = 0;  // before clipping
  double lr = 0;
  double seconds = 0;        // since the run began
  std::int64_t dropped = 0;  // prompts left out of the gradient since the run began
};

class MetricsLog {
 public:
  // Opens for appending. Of an existing file the lines up to `last_step` stay (pass -1 to
  // begin anew), so a resumed run has one line a step. A torn last line is dropped; any
  // other line that is not JSON with a step is an error.
  static Expected<MetricsLog> open(const std::string& path, std::int64_t last_step);

  Status append(const MetricsRow& row);   // one whole line, in one write
  Status sync() { return file_.sync(); }  // to the disk

 private:
  explicit MetricsLog(File file) : file_(std::move(file)) {}
  File file_;
};

// The least loss in the last three rows: of one row it may be that of a rare prompt. Nothing if
// there are no rows. Errors: as open().
Expected<std::optional<double>> latest_loss(const std::string& path);

// The step of the last row; -1 if there is none, or no file. Errors: as open().
Expected<std::int64_t> last_logged_step(const std::string& path);

}  // namespace gramian
