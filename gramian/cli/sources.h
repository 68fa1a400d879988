// The model that a command examines: the directory of a run, or a file with --task.
#pragma once

#include <CLI/CLI.hpp>

#include "gramian/runs/trained_run.h"

namespace gramian::cli {

// Adds the positional argument and the option --task. `source` must outlive the parser.
inline void add_source(CLI::App* command, ModelSource& source) {
  command
      ->add_option("run", source.path,
                   "run directory of gramian train, or a model file with --task")
      ->required()
      ->type_name("DIR|MODEL.safetensors");
  command
      ->add_option("--task", source.task,
                   "configuration of the task that the model file is for; what it says of the "
                   "network does not count")
      ->type_name("FILE.toml");
}

}  // namespace gramian::cli
