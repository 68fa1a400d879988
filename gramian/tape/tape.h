// A network written down as a list of operations on small matrices: recorded once, run many times,
// forward and back (tape_run.h). For networks that the recurrence on the Gram matrix cannot
// express: an MLP, softmax, causal masks.
//
//   Recorder r;
//   const Value e = r.input("tokens", 11, 6);                      // tokens are rows; the query is
//     the last
//   const Value context = r.rows(e, 0, 10);
//   const Value q = r.product(r.rows(e, 10, 1), r.parameter("Q", 6, 4));
//   const Value k = r.product(context, r.parameter("K", 6, 4));
//   const Value attention = r.softmax(r.product(q, r.transposed(k)));       // [1, 10]
//   const Expected<Tape> tape = std::move(r).finish(r.product(attention, context));
//
// A value is one matrix for each of the sixteen prompts of a block (lanes/block.h), or shared by
// all of them: parameters and constants. Operations take values of both kinds, and what they give
// is never shared.
//
// Shapes are checked while recording. The first mistake is kept, names the operation and both
// shapes, and is what finish() returns; what is recorded after it has no effect.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gramian/base/error.h"

namespace gramian {

// A matrix that was recorded; to be used with the recorder and the tape that it comes from.
class Value {
 public:
  Value() = default;

 private:
  friend class Recorder;
  friend class Tape;
  explicit Value(int index) : index_(index) {}
  int index_ = -1;
};

// A side of a product.
class Factor {
 public:
  Factor(Value value)
      : value_(value) {}  // as it is; implicit, so that product(a, b) reads as it should

 private:
  friend class Recorder;
  Factor(Value value, bool transposed) : value_(value), transposed_(transposed) {}
  Value value_;
  bool transposed_ = false;
};

enum class Operation {
  input,
  parameter,
  constant,
  product,  // A B, A^T B, A B^T or A^T B^T
  sum,      // a + b, b perhaps one row for all rows of a
  times,    // the same, by elements
  scale,    // a number times a
  rows,     // a slice that shares the memory of a
  columns,  // a slice that is a copy
  beside,   // (a b)
  above,    // a on top of b
  // x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): the tanh form, as in GPT-2 and by default in JAX
  gelu,
  softmax,             // of each row, over the columns that a mask allows; 0 elsewhere
  normalise,           // each row to mean 0 and variance 1
  clip,                // to [low, high]; no gradient beyond
  half_squared_error,  // 1/2 sum (a - b)^2, [1, 1]
};
const char* name_of(Operation operation);

class Recorder;

// What was recorded. Immutable; many runs, on many threads, share one.
class Tape {
 public:
  struct Node {
    Operation operation = Operation::input;
    int rows = 0, columns = 0;
    int a = -1, b = -1;  // operands
    bool a_transposed = false, b_transposed = false;
    bool one_row = false;      // sum and times: b is one row for all
    int first = 0;             // of a slice: its first row or column
    double low = 0, high = 0;  // clip; scale and normalise have their number in low
    std::size_t offset = 0;    // parameter: in theta; constant and mask: in constants()
    bool masked = false;
    std::string name = {};  // of an input or a parameter

    std::size_t size() const {
      return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
    }
    bool shared() const {
      return operation == Operation::parameter || operation == Operation::constant;
    }
  };

  std::span<const Node> nodes() const { return nodes_; }  // operands before what uses them
  std::span<const double> constants() const { return constants_; }
  std::size_t parameters() const { return parameters_; }  // numbers in theta
  int output() const { return output_; }
  const Node& node(Value value) const { return nodes_[static_cast<std::size_t>(value.index_)]; }
  int index(Value value) const { return value.index_; }
  Value value(std::size_t node) const { return Value(static_cast<int>(node)); }

  // Multiply-adds of the products for one prompt, forward and in a backward pass for theta.
  struct Cost {
    double forward = 0, backward = 0;
  };
  Cost cost() const;

 private:
  friend class Recorder;
  std::vector<Node> nodes_;
  std::vector<double> constants_;
  std::size_t parameters_ = 0;
  int output_ = -1;
};

class Recorder {
 public:
  // [rows, columns] of each prompt, filled in before each run.
  Value input(std::string name, int rows, int columns);
  // The next rows * columns numbers of theta, by rows.
  Value parameter(std::string name, int rows, int columns);
  // `entries` by rows.
  Value constant(int rows, int columns, std::span<const double> entries);

  // A factor with rows and columns exchanged: product(transposed(a), b).
  static Factor transposed(Value a) { return {a, true}; }
  // One of the factors must differ from prompt to prompt.
  Value product(Factor a, Factor b);
  // b is of the shape of a, or one row that goes with each row of a.
  Value sum(Value a, Value b);
  Value times(Value a, Value b);
  Value scale(Value a, double factor);
  Value rows(Value a, int first, int count);  // of a value that is not shared; no copy
  Value columns(Value a, int first, int count);
  Value beside(Value a, Value b);
  Value above(Value a, Value b);
  Value gelu(Value a);
  Value softmax(Value a);
  // mask: [rows, columns] of zeros and ones, the same for all prompts, with a one in each row.
  Value softmax(Value a, std::span<const double> mask);
  // (x - mean) / sqrt(variance + epsilon) of each row; gain and bias are times and sum with one
  // row.
  Value normalise(Value a, double epsilon = 1e-5);
  Value clip(Value a, double low, double high);
  Value half_squared_error(Value a, Value b);

  // Rows and columns; 0 after a mistake.
  int rows_of(Value a) const { return a.index_ < 0 ? 0 : node(a).rows; }
  int columns_of(Value a) const { return a.index_ < 0 ? 0 : node(a).columns; }

  // `output` is where a backward pass begins. Errors: config, the first mistake.
  Expected<Tape> finish(Value output);

 private:
  const Tape::Node& node(Value a) const { return tape_.nodes_[static_cast<std::size_t>(a.index_)]; }
  bool usable(Operation operation, Value a);
  Value add(Tape::Node node);
  Value unary(Operation operation, Value a);
  Value by_elements(Operation operation, Value a, Value b);
  Value slice(Operation operation, Value a, int first, int count);
  Value join(Operation operation, Value a, Value b);
  template <class... Args>
  Value refuse(fmt::format_string<Args...> format, Args&&... args);

  Tape tape_;
  Status status_;
};

}  // namespace gramian
