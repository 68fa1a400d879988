// Rows of numbers that any number of processes add to one file, on any number of days:
//
//   FOLDER/<name>.csv     a header, and a row for each batch of prompts, "<name>,<first>,<n>,..",
//                         in whatever order
//   FOLDER/locks          who works at which batch, and who appends
//
// The name is a hash of all that the numbers depend on, so that rows of other work never meet. A
// file that was made elsewhere can be appended to another; header lines are passed over.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "gramian/base/error.h"

namespace gramian {

class CollectedRows {
 public:
  struct Kind {
    std::string folder = {}, name = {};
    std::string header = {};          // of a row without its name
    std::uint64_t batch_prompts = 0;  // of each row
  };
  // The prompts of a row.
  struct Range {
    std::uint64_t first = 0, prompts = 0;
  };
  // Checks a row without its name. Errors: format, without a place.
  using Check = std::function<Expected<Range>(std::string_view row)>;

  // Where collections of a run are, and what one is called: the hash of the model of the run and of
  // settings in words. Errors: io.
  static std::string folder_of(const std::string& run) { return run + "/collect"; }
  static Expected<std::string> name_of(const std::string& run, std::string_view settings);

  CollectedRows() = default;
  // Makes the folders. Errors: io.
  static Expected<CollectedRows> open(Kind kind, Check check);

  // The rows that are there, without their name, by the number of their batch. Errors: io; format
  // for rows that are no batch, that are of other work, or that are there twice.
  Expected<std::map<std::uint64_t, std::string>> read() const;

  // Hands over the rows from prompt 0 to the first gap, in their order, until `add` says that there
  // are enough. Errors: those of read.
  Status add_up(const std::function<bool(std::string_view row)>& add) const;

  // Has `row_of` compute the row of the first batch that is not there and that nobody works at, and
  // appends it. Errors: those of read and row_of; then nothing is appended.
  Status add_batch(const std::function<Expected<std::string>(std::uint64_t first)>& row_of) const;

  std::string path() const;

 private:
  Status append(const std::string& row) const;

  Kind kind_;
  Check check_;
};

}  // namespace gramian
