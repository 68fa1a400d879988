// What reads bytes that anybody may have written, each as a function of these bytes. A target
// crashes, by itself or by abort(), where a parser breaks its promises: memory, time, an exception,
// or a value that does not survive being written and read again.
//
//   fuzz/replay.cpp     runs a target on files: the seeds and crashes of fuzz/corpus, in ./test.sh
//   fuzz/libfuzzer.cpp  runs it on bytes that libFuzzer makes: scripts/fuzz.sh
//
// A new parser adds a function and a row in targets.cpp, and a folder of seeds in fuzz/corpus.
#pragma once

#include <span>
#include <string_view>

namespace gramian::fuzz {

struct Target {
  std::string_view name;  // of its folder in fuzz/corpus
  void (*run)(std::string_view bytes);
};

std::span<const Target> targets();
const Target* find_target(std::string_view name);  // null if there is none

}  // namespace gramian::fuzz
