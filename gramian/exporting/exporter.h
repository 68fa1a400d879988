// A trained network as a file that needs nothing of this project: the algorithm in NumPy, in C++,
// or as an ONNX graph. Each computes, in double precision,
//
//     predict(x_context [n, d], y_context [n], x_query [m, d]) -> [m]
//
// for any n and m, by the token-wise update of network.h: e' = e + sum_h P_h G Q_h e with G = c sum
// e e^T over the context, c = 1/n or 1 as in training. Diagonal networks keep their omegas (eq.
// 10).
#pragma once

#include <string>
#include <string_view>

#include "gramian/base/error.h"
#include "gramian/models/network.h"

namespace gramian {

// What an export tells of its origin, beside the network itself.
struct ExportSource {
  Network network;
  int n = 0;           // context length of training
  std::string origin;  // the run, for a comment
  std::string task;    // what it was trained on, in words, for a comment
};

enum class ExportFormat { numpy, cpp, onnx };

// "numpy", "c++" or "onnx".
Expected<ExportFormat> export_format(std::string_view name);

// "learned.py", "learned.h", "learned.onnx".
const char* export_file_name(ExportFormat format);

// The bytes of the file. Refuses (config) networks with query_in_keys: they have a Gram matrix for
// each query, and no implicit weights.
Expected<std::string> export_model(const ExportSource& source, ExportFormat format);

// True where all layers have the same weights, as those of a tied network have: then they are
// written once.
bool layers_are_equal(const Network& network);

// "DIAG, 7 layers", "FULL, 3 tied layers, 2 heads".
std::string describe_network(const Network& network);

}  // namespace gramian
