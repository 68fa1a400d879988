// What an evaluation needs of a trained network: the implicit weights that it ends in.
#pragma once

#include "gramian/tasks/task.h"

namespace gramian {

// A model whose prediction after each layer is linear in the query: <w^l, x_t>.
//
// Letters: d input dimension, L layers.
class Predictor {
 public:
  virtual ~Predictor() = default;
  virtual int layers() const = 0;  // L >= 1

  // Writes w^l after each layer l = 1..L to weights [L, d, lanes]. Runs on several threads at once;
  // `thread` is in [0, threads of the pool) and tells which scratch memory to use.
  virtual void predict(const PromptBlock<double>& prompts, double* weights, int thread) = 0;
};

}  // namespace gramian
