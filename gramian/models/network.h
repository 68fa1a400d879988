// A linear transformer: its weights, and how they begin.
//
// One layer updates every token e = (x, y) of size D = d + 1, the query (x_t, 0) too, by
//
//     e' = e + sum_h P_h G Q_h e,      G = c sum_{j <= n} e_j e_j^T     (eqs. 2 and 3)
//
// and after L layers the prediction is minus the last coordinate of the query token.
// c is 1, or 1/n (ContextScale). The query is no key unless query_in_keys says so.
//
// Letters: d input dimension, D = d + 1, L layers, H heads, P and Q the weights of a head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/base/error.h"
#include "gramian/base/words.h"

namespace gramian {

enum class Parametrisation {
  full,  // P_h, Q_h dense [D, D]
  diag,  // four numbers a layer (eqs. 9 and 10): omega_xx, omega_xy, omega_yx, omega_yy
  gdpp,  // two numbers a layer (eq. 11): omega_xx, omega_yx
  // A [d, d] and u [d] a layer: Q = (A 0; 0 0), P = (0 0; -u^T -1). With u = 0 a layer is a step of
  // gradient descent preconditioned by A^T (Gatmiry et al. 2024).
  preconditioned,
};

// In configurations and files; in tables, as papers call them; and in a sentence.
inline constexpr auto kParametrisations =
    words<Parametrisation>({{Parametrisation::full, "full"},
                            {Parametrisation::diag, "diag"},
                            {Parametrisation::gdpp, "gdpp"},
                            {Parametrisation::preconditioned, "preconditioned"}});
inline constexpr auto kKindTitles =
    words<Parametrisation>({{Parametrisation::full, "FULL"},
                            {Parametrisation::diag, "DIAG"},
                            {Parametrisation::gdpp, "GD++"},
                            {Parametrisation::preconditioned, "(A, u)"}});
inline constexpr auto kKindPhrases =
    words<Parametrisation>({{Parametrisation::full, "FULL"},
                            {Parametrisation::diag, "DIAG"},
                            {Parametrisation::gdpp, "GD++"},
                            {Parametrisation::preconditioned, "preconditioned gradient descent"}});
const char* name_of(Parametrisation kind);  // its word in configurations

enum class ContextScale { sum, mean };  // c = 1 | c = 1/n

struct NetworkSpec {
  Parametrisation kind = Parametrisation::diag;
  int d = 10;
  int layers = 4;
  int heads = 1;      // full only: the omegas of diag and gdpp cover every number of heads
  bool tied = false;  // one set of weights used L times (a looped transformer)
  ContextScale context_scale = ContextScale::mean;
  bool query_in_keys = false;

  std::size_t rows() const { return static_cast<std::size_t>(d) + 1; }  // D
  std::size_t parameters_per_layer() const;
  std::size_t stored_layers() const { return tied ? 1 : static_cast<std::size_t>(layers); }
  std::size_t parameters() const { return parameters_per_layer() * stored_layers(); }
  // Offset of the parameters of `layer` in [0, layers); tied layers share one.
  std::size_t offset(int layer) const {
    GRAMIAN_ASSERT(layer >= 0 && layer < layers);
    return tied ? 0 : parameters_per_layer() * static_cast<std::size_t>(layer);
  }
  // Whether it has no kernels of its own: theta is written out as the P and Q of one head of full
  // (write_dense), and gradients return by the chain rule (pass.cpp).
  bool is_written_out() const { return kind == Parametrisation::preconditioned; }
  // Whether its kernels are those of full.
  bool is_dense() const { return kind == Parametrisation::full || is_written_out(); }
  // c for a context of n >= 1 tokens.
  double context_factor(int n) const {
    GRAMIAN_ASSERT(n >= 1);
    return context_scale == ContextScale::mean ? 1.0 / n : 1.0;
  }

  // Validates every field, and rejects combinations that have no meaning (two heads with DIAG, for
  // example). Returns the first fault. Errors: config.
  Status check() const;
};

inline constexpr int kMaxLayers = 100;
inline constexpr int kMaxHeads = 64;
inline constexpr std::size_t kMaxParameters = 100'000'000;

// The four numbers of a diagonal layer (eq. 10). omega_yx: flow from x to y.
struct Omega {
  double xx = 0.0;
  double xy = 0.0;
  double yx = 0.0;
  double yy = 0.0;
};

// P and Q of every head of one layer, each [H, D, D] row-major.
struct LayerWeights {
  int heads = 0;
  std::vector<double> p;
  std::vector<double> q;
};

// The initial weights. With `near_gd` each layer is one step of gradient descent on the
// mean squared error of the context (omega_yx = -step for G/n) with a little curvature
// correction (omega_xx = -curvature), plus N(0, noise^2) on every parameter; otherwise
// the noise alone. Step and curvature grow by the factor `growth` from layer to layer, as S shrinks
// under the correction: with curvature = 1 / (3 nu) and growth = 9/4, nu the largest eigenvalue of
// S, this is the beginning of the second-order method of Theorem 5.1. A preconditioned layer has no
// curvature correction: A = step I.
struct InitialWeights {
  bool near_gd = true;
  double step = 0.5;
  double curvature = 0.05;
  double growth = 1.0;
  double noise = 0.01;
};

// theta, layer after layer:
//   full  [H, 2, D, D]  (P_h then Q_h)
//   diag  [4]           omega_xx, omega_xy, omega_yx, omega_yy
//   gdpp  [2]           omega_xx, omega_yx
//   preconditioned  [d, d] A, then [d] u
struct Network {
  NetworkSpec spec;
  std::vector<double> theta;

  // `n` >= 1 is the context length trained on: it sets the scale where c = 1. `spec` passes its
  // check.
  static Network initial(const NetworkSpec& spec, const InitialWeights& how, int n,
                         std::uint64_t seed);

  // The same function with dense weights, one head a layer. Only for GD++ and kinds that
  // are written out: a layer of DIAG needs two heads.
  Network as_full() const;
  // The same function as a DIAG network whose omega_xy and omega_yy are zero. Only for GD++.
  Network as_diag() const;

  // Layer in [0, L). Omegas: the kind must be diag or gdpp. P and Q: any kind.
  Omega omega(int layer) const;
  LayerWeights expanded(int layer) const;
};

// A diagonal layer as one or two heads: head 0 reads x, head 1 reads y. With one head omega_xy and
// omega_yy must be zero, as in GD++.
LayerWeights expand(const Omega& omega, int d, int heads);

// A layer of a kind that is written out (of preconditioned theta is A, then u) as P and Q [D, D].
// Writes the entries that may differ from zero, and leaves the others as they are.
template <class T>
void write_dense(const NetworkSpec& spec, const T* theta, T* p, T* q) {
  GRAMIAN_ASSERT(spec.is_written_out());
  GRAMIAN_ASSERT(theta != nullptr && p != nullptr && q != nullptr);
  const std::size_t rows = spec.rows(), d = rows - 1;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) q[i * rows + j] = theta[i * d + j];
    p[d * rows + i] = -theta[d * d + i];
  }
  p[d * rows + d] = T(-1);
}

}  // namespace gramian
