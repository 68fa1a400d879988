// The learned algorithm as an ONNX graph, float64, opset 13, unrolled over the layers.
//
//     inputs   x_context [n, d], y_context [n], x_query [m, d]   n, m free
//     output   prediction [m]
//     operators: MatMul, Add, Mul, Transpose; Div once, for c = 1/n
//
// Tokens are columns: E [D, n] of the context, E_t [D, m] of the queries. n is the product of a row
// of ones with itself, and the ones are x_context times zeros plus one, so no operator on shapes is
// needed. Fields and types: onnx.proto of ONNX, IR version 7.
#pragma once

#include <string>

#include "gramian/exporting/exporter.h"

namespace gramian {

std::string onnx_model(const ExportSource& source);

}  // namespace gramian
