// Sequences of vectors, each token of which is to predict the next: linear dynamical systems and
// their kin, and regression in context as a sequence (von Oswald et al. 2023, arXiv 2309.05858).
//
//     linear       h_{t+1} = W h_t + e_t                    W orthogonal, drawn for each sequence
//     nonlinear    h_{t+1} = W f(h_t) / |f(h_t)| + e_t      f(h) = B gelu(A h), A and B for all
//     contracting  h_{t+1} = W h_t + e_t                    W = U diag(l) U^-1, l in [0.3, 0.9]
//     fixed        h_{t+1} = W h_t + e_t                    one orthogonal W for all sequences
//     regression   x_1, y_1, x_2, y_2, ..                   y = W x + e, W [d, d] of N(0, 1/d) for
//                                                           each sequence, x of N(0, I)
//
// with noise e of N(0, noise^2). Of the first four one sees s_t = h_t, or s_t = C h_t + e where
// fewer numbers are observed than the state has; C [observed, state] of N(0, 1/4) is drawn for each
// sequence. States and observations are limited to [-10, 10], as in the authors' code.
//
// A network reads T tokens, and the target of token t is s_{t+1}, without its noise where `clean`
// is set. What a token holds is the layout:
//
//     raw          s_t                                   d numbers
//     constructed  (0, s_t, s_t, s_{t-1}), s_{-1} = 0    4 d numbers; the prediction is read from
//                                                        the first d
//     pairs        (0, s_t, s_{t-1})                     3 d numbers, of Proposition 1
//
//   const SequenceSpec spec{.family = SequenceFamily::linear, .state = 10, .observed = 10};
//   SequenceSampler<float> sampler(spec);               // after spec.check()
//   SequencePrompt<float> prompt = sampler.sample(address, 3);
//
// A prompt depends on its address alone (random/philox.h); A and B of nonlinear and W of fixed on
// spec.teacher. Letters: T tokens, d numbers that are observed. Errors: config, of check().
// Cost: T (state^2 + state * observed) multiply-adds and a QR decomposition of W a prompt.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gramian/base/error.h"
#include "gramian/random/philox.h"

namespace gramian {

inline constexpr int kMaxSequenceState = 128, kMaxSequenceTokens = 8192;
inline constexpr double kSequenceClip = 10;

enum class SequenceFamily { linear, nonlinear, contracting, fixed, regression };
enum class SequenceLayout { raw, constructed, pairs };
enum class SequenceStart { uniform, normal };  // of h_1: U(-1, 1), or N(0, I)

struct SequenceSpec {
  SequenceFamily family = SequenceFamily::linear;
  SequenceLayout layout = SequenceLayout::raw;
  SequenceStart start = SequenceStart::uniform;
  int tokens = 50;            // T
  int state = 10;             // numbers of h; of regression those of x and of y
  int observed = 10;          // d; the same as state: s = h
  double noise = 0.01;        // standard deviation of e
  bool clean = false;         // targets without the noise of their step
  std::uint64_t teacher = 0;  // seed of what all sequences share

  int width() const {  // of a token
    return observed * (layout == SequenceLayout::raw ? 1 : layout == SequenceLayout::pairs ? 3 : 4);
  }
  std::string describe() const;
  Status check() const;
};

// All numbers of one sequence, tokens as rows.
template <class T>
struct SequencePrompt {
  std::vector<T> tokens;   // [T, width]
  std::vector<T> targets;  // [T, d]: what comes after each token
  // How much each target counts, [T]: 1, but 0 for the next x of a regression, which nobody can
  // know.
  std::vector<T> weights;
  std::vector<T> truth;  // W [state, state], rows one after the other
};

// One a thread.
template <class T>
class SequenceSampler {
 public:
  // Requires a specification that check() passes (asserted).
  explicit SequenceSampler(const SequenceSpec& spec);

  // Prompt p of the address.
  SequencePrompt<T> sample(const PhiloxAddress& address, std::size_t p) const;

 private:
  SequenceSpec spec_;
  std::vector<double> shared_;  // A and B, or W
};

}  // namespace gramian
