#include "gramian/tape/reference.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gramian {

namespace {

struct Matrix {
  const std::vector<double>& entries;
  std::size_t columns;
  bool transposed;
  double at(std::size_t i, std::size_t j) const {
    return transposed ? entries[j * columns + i] : entries[i * columns + j];
  }
};

}  // namespace

std::vector<std::vector<double>> evaluate(const Tape& tape, const std::vector<double>& theta,
                                          const std::vector<std::vector<double>>& inputs) {
  std::vector<std::vector<double>> all;
  std::size_t next_input = 0;
  for (const Tape::Node& node : tape.nodes()) {
    const auto rows = static_cast<std::size_t>(node.rows),
               columns = static_cast<std::size_t>(node.columns);
    const auto operand = [&](int k) {
      return Matrix{all[static_cast<std::size_t>(k)],
                    static_cast<std::size_t>(tape.nodes()[static_cast<std::size_t>(k)].columns),
                    false};
    };
    const auto node_rows = [&](int k) {
      return static_cast<std::size_t>(tape.nodes()[static_cast<std::size_t>(k)].rows);
    };
    std::vector<double> out(rows * columns);
    const auto fill = [&](auto entry) {
      for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) out[i * columns + j] = entry(i, j);
      }
    };
    const auto copy_from = [&](const double* numbers) {
      std::copy(numbers, numbers + out.size(), out.begin());
    };
    switch (node.operation) {
      case Operation::input:
        out = inputs[next_input++];
        break;
      case Operation::parameter:
        copy_from(theta.data() + node.offset);
        break;
      case Operation::constant:
        copy_from(tape.constants().data() + node.offset);
        break;
      case Operation::product: {
        Matrix a = operand(node.a), b = operand(node.b);
        const std::size_t inner = node.a_transposed ? node_rows(node.a) : a.columns;
        a.transposed = node.a_transposed;
        b.transposed = node.b_transposed;
        fill([&](std::size_t i, std::size_t j) {
          double sum = 0;
          for (std::size_t k = 0; k < inner; ++k) sum += a.at(i, k) * b.at(k, j);
          return sum;
        });
        break;
      }
      case Operation::sum:
      case Operation::times: {
        const Matrix a = operand(node.a), b = operand(node.b);
        fill([&](std::size_t i, std::size_t j) {
          const double x = a.at(i, j), y = b.at(node.one_row ? 0 : i, j);
          return node.operation == Operation::sum ? x + y : x * y;
        });
        break;
      }
      case Operation::scale:
        fill([&](std::size_t i, std::size_t j) { return node.low * operand(node.a).at(i, j); });
        break;
      case Operation::rows:
        fill([&](std::size_t i, std::size_t j) {
          return operand(node.a).at(i + static_cast<std::size_t>(node.first), j);
        });
        break;
      case Operation::columns:
        fill([&](std::size_t i, std::size_t j) {
          return operand(node.a).at(i, j + static_cast<std::size_t>(node.first));
        });
        break;
      case Operation::beside: {
        const Matrix a = operand(node.a), b = operand(node.b);
        fill([&](std::size_t i, std::size_t j) {
          return j < a.columns ? a.at(i, j) : b.at(i, j - a.columns);
        });
        break;
      }
      case Operation::above: {
        const std::size_t top = node_rows(node.a);
        fill([&](std::size_t i, std::size_t j) {
          return i < top ? operand(node.a).at(i, j) : operand(node.b).at(i - top, j);
        });
        break;
      }
      case Operation::gelu:
        fill([&](std::size_t i, std::size_t j) {
          const double x = operand(node.a).at(i, j);
          return x / 2 *
                 (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
        });
        break;
      case Operation::softmax: {
        const Matrix a = operand(node.a);
        const auto weight = [&](std::size_t i, std::size_t j) {
          return node.masked ? tape.constants()[node.offset + i * columns + j] : 1.0;
        };
        fill([&](std::size_t i, std::size_t j) {
          double sum = 0;  // relative to this entry, which therefore needs no largest
          for (std::size_t k = 0; k < columns; ++k)
            sum += weight(i, k) * std::exp(a.at(i, k) - a.at(i, j));
          return weight(i, j) / sum;
        });
        break;
      }
      case Operation::normalise: {
        const Matrix a = operand(node.a);
        fill([&](std::size_t i, std::size_t j) {
          double mean = 0, variance = 0;
          for (std::size_t k = 0; k < columns; ++k)
            mean += a.at(i, k) / static_cast<double>(columns);
          for (std::size_t k = 0; k < columns; ++k) {
            variance += (a.at(i, k) - mean) * (a.at(i, k) - mean) / static_cast<double>(columns);
          }
          return (a.at(i, j) - mean) / std::sqrt(variance + node.low);
        });
        break;
      }
      case Operation::clip:
        fill([&](std::size_t i, std::size_t j) {
          return std::clamp(operand(node.a).at(i, j), node.low, node.high);
        });
        break;
      case Operation::half_squared_error: {
        double sum = 0;
        const auto &a = all[static_cast<std::size_t>(node.a)],
                   &b = all[static_cast<std::size_t>(node.b)];
        for (std::size_t e = 0; e < a.size(); ++e) sum += (a[e] - b[e]) * (a[e] - b[e]);
        out[0] = sum / 2;
        break;
      }
    }
    all.push_back(std::move(out));
  }
  return all;
}

}  // namespace gramian
