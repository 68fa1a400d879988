// Files that the user names for the output of a command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gramian/base/error.h"

namespace gramian::cli {

struct Output {
  std::string_view option;          // as the user typed it, for messages
  std::string path;                 // empty: none
  std::vector<std::string> inputs;  // what the command reads
  std::string_view beginning = {};  // of every file that the command writes there; empty: any
  bool section = false;             // it may write over a section of the report
};

// Refuses, before any work is done, an output that would destroy what the command did not make: an
// input, by whatever name or link; a file of a training run or of a study; a file that does not
// begin as the command's own do. Also one that cannot be written where it is, such as in a folder
// that does not exist. Errors: usage and io.
Status check_output(const Output& output);

// "/dev/stdout" for "-", as most programs take it.
void read_dash(std::string& path);

}  // namespace gramian::cli
