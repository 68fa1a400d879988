// Where prompts of tokens come from, and what a network is asked about them. What a family of tasks
// on tokens implements; scalar tasks in pairs (pair_task.h) have their one implementation in
// token_task.h, and sequences theirs in sequence_tokens.h.
//
// A prompt is N tokens of D numbers with answers: of the last token alone, or of every token. An
// answer is `outputs` numbers, or one of `outputs` classes, of which a network gives the scores
// (logits). The loss of a prompt is the mean over its positions t, weighted by w_t,
//
//     sum_t w_t l_t / sum_t w_t,   l_t = 1/2 |prediction_t - target_t|^2 of numbers,
//                                  l_t = -log softmax(scores_t)[class_t] of classes, in nats
//
// Nothing here branches on what a task is: a task whose targets are numbers at one place, at all
// places or classes at some says so in its Answers.
//
// Letters: N tokens of a prompt, D the width of a token. Shapes: element (i, j) of prompt p of a
// block is at [(i * columns + j) * kLanes + p]. Errors: none; a source was checked when it was
// made. Cost: that of the draws.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "gramian/base/aligned.h"
#include "gramian/random/philox.h"

namespace gramian {

enum class AnswerKind { numbers, classes };

struct Answers {
  AnswerKind kind = AnswerKind::numbers;
  int positions = 1;  // 1: of the last token, the query; or N: of every token
  int outputs = 1;    // numbers of one prediction: those of the target, or one for each class

  bool operator==(const Answers&) const = default;
  // Numbers of one target: a class is one number, its index.
  int target_width() const { return kind == AnswerKind::classes ? 1 : outputs; }
  // One number of the query: what scalar tasks ask for.
  bool is_scalar() const { return *this == Answers{}; }
};

template <class T>
struct TokenBlock {
  AlignedArray<T> tokens;   // [N, D, lanes]
  AlignedArray<T> target;   // [positions, target width, lanes]
  AlignedArray<T> weights;  // [positions, lanes], w_t >= 0; of classes 0 or 1
  AlignedArray<T> truth;    // [truth(), lanes] which function or system the prompt has
};

// Draws prompts of one source; they depend on their addresses alone. One a thread; it must not
// outlive the source.
template <class T>
class BlockSampler {
 public:
  virtual ~BlockSampler() = default;
  // Fills `count` <= kLanes lanes of arrays of the right sizes, which are zero before.
  virtual void sample(const PhiloxAddress& address, int count, TokenBlock<T>& block) = 0;
};

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  virtual int tokens() const = 0;  // N
  virtual int width() const = 0;   // D
  // Symbols of which tokens are indices, D = 1. 0: tokens are numbers.
  virtual int vocabulary() const { return 0; }
  virtual Answers answers() const = 0;
  virtual int truth() const = 0;  // numbers that say which function or system a prompt has
  // Where token t shows the observation s_t of `outputs` numbers whose successor it is to predict:
  // the first of its columns. Nothing: tokens are no such observations.
  virtual std::optional<int> observation() const { return std::nullopt; }
  // "linear dynamics, d = 10"
  virtual std::string describe() const = 0;
  virtual std::unique_ptr<BlockSampler<float>> sampler(float) const = 0;
  virtual std::unique_ptr<BlockSampler<double>> sampler(double) const = 0;
};

}  // namespace gramian
