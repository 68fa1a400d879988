// A trained network as a file that needs nothing of this project: the algorithm in NumPy, PyTorch,
// JAX or C++, or as an ONNX graph. Each computes the token-wise update of network.h,
//
//     e' = e + sum_h P_h G Q_h e,    G = c sum e e^T over the context, c = 1/n or 1 as in training,
//
// in double precision. Networks of kind diag and gdpp are written with their omegas (eq. 10), those
// of kind full and preconditioned with P and Q.
//
//     predict(x_context [n, d], y_context [n], x_query [m, d]) -> [m]      for any n and m >= 1
//
// The weights must be as many as the specification of the network says (asserted). Errors: config,
// for networks with query_in_keys, in which each query changes the Gram matrix. The cost of a
// prediction is that of the definition, O(L H D^3 + L H (n + m) D^2); nothing is optimised.
#pragma once

#include <string>
#include <string_view>

#include "gramian/base/error.h"
#include "gramian/models/network.h"

namespace gramian {

// A network, and what the comments of its file tell of its origin.
struct ExportSource {
  Network network;
  int n = 0;           // context length of training
  std::string origin;  // the run, for a comment
  std::string task;    // what it was trained on, in words, for a comment
};

enum class ExportFormat { numpy, cpp, onnx, torch, jax };

// "numpy", "c++", "onnx", "torch" or "jax". Errors: usage.
Expected<ExportFormat> export_format(std::string_view name);

// "learned.py", "learned.h", "learned.onnx"; "learned_torch.py", "learned_jax.py".
const char* export_file_name(ExportFormat format);

// The bytes of the file. Errors: config, as above.
Expected<std::string> export_model(const ExportSource& source, ExportFormat format);

// True if all layers have the same weights, as those of a tied network have. They are then written
// once.
bool layers_are_equal(const Network& network);

// In words: "DIAG, 7 layers", "FULL, 3 tied layers, 2 heads".
std::string describe_network(const Network& network);

}  // namespace gramian
