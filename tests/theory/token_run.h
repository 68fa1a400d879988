// A network set by formula, run on one prompt in double, with its state after every layer.
#pragma once

#include <vector>

#include "gramian/base/decompositions.h"
#include "gramian/tape/tape_run.h"
#include "gramian/theory/token_construction.h"

namespace gramian::test {

using Matrix = Eigen::MatrixXd;

struct TokenStates {
  std::vector<Matrix> states;  // [N, W]: before the first layer, then after each
  Matrix output;
};

// tokens: [stem.tokens, stem.width]. Where the network reads out the query alone, the state after
// the last layer is that of the query.
inline TokenStates run_tokens(const Transformer& network, const Matrix& tokens) {
  const RecordedTransformer& recorded = network.recorded();
  TapeRun<double> run(recorded.tape);
  double* input = run.values(recorded.tokens);
  std::fill_n(input, static_cast<std::size_t>(tokens.size()) * kLanes, 0.0);
  for (Eigen::Index i = 0; i < tokens.rows(); ++i) {
    for (Eigen::Index j = 0; j < tokens.cols(); ++j)
      input[static_cast<std::size_t>(i * tokens.cols() + j) * kLanes] = tokens(i, j);
  }
  run.forward(network.theta.data());
  const auto read = [&](Value value) {
    const auto& node = recorded.tape.node(value);
    Matrix m(node.rows, node.columns);
    const double* numbers = run.values(value);
    for (Eigen::Index i = 0; i < m.rows(); ++i) {
      for (Eigen::Index j = 0; j < m.cols(); ++j)
        m(i, j) = numbers[static_cast<std::size_t>(i * m.cols() + j) * kLanes];
    }
    return m;
  };
  TokenStates result;
  for (const Value& state : recorded.states) result.states.push_back(read(state));
  result.output = read(recorded.output);
  return result;
}

// The matrix that the first d tokens hold in the columns of this name: its column j in token j.
inline Matrix matrix_in(const TokenConstruction& made, const Matrix& state, const char* name) {
  const Columns columns = columns_of(made, name);
  return state.block(0, columns.first, columns.count, columns.count).transpose();
}

}  // namespace gramian::test
