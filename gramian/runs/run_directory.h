// The folder of one training run: what is in it, and what it is called.
#pragma once

#include <cstdint>
#include <string>

#include "gramian/base/error.h"

namespace gramian {

class RunDirectory {
 public:
  // Makes the folder, and the folders above it. A folder that is there already stays as it is.
  static Status make_folder(const std::string& path);
  // make_folder, and refuses a folder that has anything in it. Temporary files of a config.toml
  // that was never finished do not count: a process that is killed while it begins leaves them. Nor
  // does the file of a lock (io/lock.h).
  static Expected<RunDirectory> create(const std::string& path);
  // Removes what a killed process of an older version has left: config.toml.tmp, and so on.
  // Requires that no other process works in the folder.
  void remove_old_temporaries() const;
  // An existing run: it must have a config.toml.
  static Expected<RunDirectory> open(const std::string& path);

  const std::string& path() const { return path_; }
  std::string config() const { return file("config.toml"); }  // resolved: every key
  std::string model() const { return file("model.safetensors"); }
  std::string checkpoint() const { return file("checkpoint.safetensors"); }
  std::string metrics() const { return file("metrics.jsonl"); }
  std::string manifest() const { return file("manifest.json"); }
  std::string eval() const { return file("eval.json"); }
  std::string snapshots() const { return file("snapshots"); }
  std::string snapshot(std::int64_t step) const;  // the model after so many steps, in that folder

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}
  std::string file(const char* name) const { return path_ + "/" + name; }

  std::string path_;
};

}  // namespace gramian
