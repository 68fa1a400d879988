// A network written down as a list of operations on small matrices: recorded once, run many times,
// forward and back (tape_run.h). For networks that the recurrence on the Gram matrix cannot
// express: an MLP, softmax, causal masks.
//
//   Recorder r;
//   const Value e = r.input("tokens", 11, 6);  // tokens are rows; the query is the last
//   const Value context = r.rows(e, 0, 10);
//   const Value q = r.product(r.rows(e, 10, 1), r.parameter("Q", 6, 4));
//   const Value k = r.product(context, r.parameter("K", 6, 4));
//   const Value attention = r.softmax(r.product(q, r.transposed(k)));  // [1, 10]
//   const Value hidden = r.apply(ops::Relu{}, {r.product(attention, context)});
//   const Expected<Tape> tape = std::move(r).finish(hidden);
//
// A value is a matrix: one for each prompt, or one that all prompts share, which are parameters and
// constants. Operations take values of both kinds, and what they give is never shared. Each has a
// file in operations/ that says what it computes; list.h there names all of them.
//
// A loss is an operation with a result [1, 1]. Losses are added with sum, after scale where they
// have weights, and then make one output from which a backward pass can begin.
//
// Shapes are checked while recording. The first mistake is kept, names the operation, the shapes
// and the rule, and is what finish() returns; what is recorded after it has no effect.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/base/error.h"
#include "gramian/tape/operations/list.h"

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

#define GRAMIAN_TAPE_NAME(name, Type) name,
#define GRAMIAN_TAPE_TYPE(name, Type) , ops::Type
// input: a matrix of each prompt; parameter: numbers of theta; constant: numbers of the tape.
enum class Operation { input, parameter, constant, GRAMIAN_TAPE_OPERATIONS(GRAMIAN_TAPE_NAME) };
// What an operation has beside its operands; nothing for input, parameter and constant.
using Attributes = std::variant<std::monostate GRAMIAN_TAPE_OPERATIONS(GRAMIAN_TAPE_TYPE)>;
#undef GRAMIAN_TAPE_NAME
#undef GRAMIAN_TAPE_TYPE

const char* name_of(Operation operation);

// Those of the operation; the usual ones for input, parameter and constant.
ops::Traits traits_of(const Attributes& attributes);

class Recorder;

// What was recorded. Immutable; many runs, on many threads, share one.
class Tape {
 public:
  struct Node {
    Operation operation = Operation::input;
    int rows = 0, columns = 0;
    std::vector<int> operands = {};  // nodes
    Attributes attributes = {};
    std::size_t offset = 0;  // of the first number of a parameter in theta, of a constant in
                             // constants()
    std::string name = {};   // of an input or a parameter

    std::size_t size() const { return shape().size(); }
    ops::Shape shape() const { return {rows, columns}; }
    bool shared() const {
      return operation == Operation::parameter || operation == Operation::constant;
    }
  };

  std::span<const Node> nodes() const { return nodes_; }  // operands before what uses them
  std::span<const double> constants() const { return constants_; }
  std::size_t parameters() const { return parameters_; }  // numbers in theta
  int output() const { return output_; }
  const Node& node(Value value) const { return nodes_[static_cast<std::size_t>(index(value))]; }
  // Precondition of both: the value belongs to this tape.
  int index(Value value) const {
    GRAMIAN_ASSERT(value.index_ >= 0 && static_cast<std::size_t>(value.index_) < nodes_.size());
    return value.index_;
  }
  Value value(std::size_t node) const {
    GRAMIAN_ASSERT(node < nodes_.size());
    return Value(static_cast<int>(node));
  }
  std::vector<ops::Shape> operand_shapes(const Node& node) const;

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

  // Any operation: r.apply(ops::RmsNormalise{.epsilon = 1e-6}, {a}). Precondition: as many operands
  // as the operation takes.
  Value apply(Attributes operation, std::span<const Value> operands);
  Value apply(Attributes operation, std::initializer_list<Value> operands) {
    return apply(std::move(operation), std::span(operands.begin(), operands.size()));
  }

  // Those that are used most, as functions. A factor with rows and columns exchanged is
  // product(transposed(a), b).
  static Factor transposed(Value a) { return {a, true}; }
  Value product(Factor a, Factor b);
  Value sum(Value a, Value b) { return apply(ops::Sum{}, {a, b}); }
  Value times(Value a, Value b) { return apply(ops::Times{}, {a, b}); }
  Value scale(Value a, double factor) { return apply(ops::Scale{.factor = factor}, {a}); }
  Value rows(Value a, int first, int count) {
    return apply(ops::Rows{.first = first, .count = count}, {a});
  }
  Value columns(Value a, int first, int count) {
    return apply(ops::Columns{.first = first, .count = count}, {a});
  }
  Value beside(Value a, Value b) { return apply(ops::Beside{}, {a, b}); }
  Value above(Value a, Value b) { return apply(ops::Above{}, {a, b}); }
  Value gelu(Value a) { return apply(ops::Gelu{}, {a}); }
  Value softmax(Value a) { return apply(ops::Softmax{}, {a}); }
  // mask: [rows, columns] of zeros and ones, the same for all prompts, with a one in each row
  // (masks.h). One that differs from prompt to prompt is an input of the tape:
  // apply(ops::Softmax{}, {a, mask}).
  Value softmax(Value a, std::span<const double> mask);
  Value normalise(Value a, double epsilon = 1e-5) {
    return apply(ops::Normalise{.epsilon = epsilon}, {a});
  }
  Value clip(Value a, double low, double high) {
    return apply(ops::Clip{.low = low, .high = high}, {a});
  }
  Value half_squared_error(Value a, Value b) { return apply(ops::HalfSquaredError{}, {a, b}); }

  // Rows and columns; 0 after a mistake.
  int rows_of(Value a) const { return a.index_ < 0 ? 0 : node(a).rows; }
  int columns_of(Value a) const { return a.index_ < 0 ? 0 : node(a).columns; }

  // `output` is where a backward pass begins. Errors: config, the first mistake.
  Expected<Tape> finish(Value output);

 private:
  const Tape::Node& node(Value a) const { return tape_.node(a); }
  bool usable(const char* name, Value a);
  Value add(Tape::Node node);
  Value refuse(std::string message);

  Tape tape_;
  Status status_;
};

}  // namespace gramian
