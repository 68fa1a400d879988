#include "gramian/tape/tape.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gramian {

namespace {

constexpr int kMaxSide = 1 << 16;
constexpr std::size_t kMaxNumbers = 100'000'000;  // of all values of one prompt

std::string shape(const Tape::Node& node) {
  return fmt::format("[{}, {}]", node.rows, node.columns);
}

}  // namespace

const char* name_of(Operation operation) {
  switch (operation) {
    case Operation::input:
      return "input";
    case Operation::parameter:
      return "parameter";
    case Operation::constant:
      return "constant";
    case Operation::product:
      return "product";
    case Operation::sum:
      return "sum";
    case Operation::times:
      return "times";
    case Operation::scale:
      return "scale";
    case Operation::rows:
      return "rows";
    case Operation::columns:
      return "columns";
    case Operation::beside:
      return "beside";
    case Operation::above:
      return "above";
    case Operation::gelu:
      return "gelu";
    case Operation::softmax:
      return "softmax";
    case Operation::normalise:
      return "normalise";
    case Operation::clip:
      return "clip";
    case Operation::half_squared_error:
      return "half_squared_error";
  }
  return "";
}

Tape::Cost Tape::cost() const {
  Cost cost;
  std::vector<bool> learns(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    const auto operand = [&](int k) { return k >= 0 && learns[static_cast<std::size_t>(k)]; };
    learns[i] = node.operation == Operation::parameter || operand(node.a) || operand(node.b);
    if (node.operation != Operation::product) continue;
    const Node& a = nodes_[static_cast<std::size_t>(node.a)];
    const double work = static_cast<double>(node.size()) * (node.a_transposed ? a.rows : a.columns);
    cost.forward += work;
    cost.backward += work * (operand(node.a) + operand(node.b));
  }
  return cost;
}

template <class... Args>
Value Recorder::refuse(fmt::format_string<Args...> format, Args&&... args) {
  if (status_) status_ = fail(ErrorKind::config, format, std::forward<Args>(args)...);
  return {};
}

// False after a mistake, which may be that `a` is no value of this recorder.
bool Recorder::usable(Operation operation, Value a) {
  if (!status_) return false;
  if (a.index_ >= 0 && a.index_ < static_cast<int>(tape_.nodes_.size())) return true;
  refuse("{} of a value that was not recorded here", name_of(operation));
  return false;
}

Value Recorder::add(Tape::Node node) {
  if (!status_) return {};
  if (node.rows < 1 || node.columns < 1 || node.rows > kMaxSide || node.columns > kMaxSide) {
    return refuse("{}{}{} must have between 1 and {} rows and columns, got {}",
                  name_of(node.operation), node.name.empty() ? "" : " ", node.name, kMaxSide,
                  shape(node));
  }
  std::size_t numbers = node.size();
  for (const Tape::Node& other : tape_.nodes_) numbers += other.size();
  if (numbers > kMaxNumbers)
    return refuse("the values of one prompt are more than {} numbers", kMaxNumbers);
  tape_.nodes_.push_back(std::move(node));
  return Value(static_cast<int>(tape_.nodes_.size()) - 1);
}

Value Recorder::input(std::string name, int rows, int columns) {
  return add(
      {.operation = Operation::input, .rows = rows, .columns = columns, .name = std::move(name)});
}

Value Recorder::parameter(std::string name, int rows, int columns) {
  const Value value = add({.operation = Operation::parameter,
                           .rows = rows,
                           .columns = columns,
                           .offset = tape_.parameters_,
                           .name = std::move(name)});
  if (value.index_ >= 0) tape_.parameters_ += node(value).size();
  return value;
}

Value Recorder::constant(int rows, int columns, std::span<const double> entries) {
  const Value value = add({.operation = Operation::constant,
                           .rows = rows,
                           .columns = columns,
                           .offset = tape_.constants_.size()});
  if (value.index_ < 0) return value;
  if (entries.size() != node(value).size()) {
    return refuse("constant {} needs {} entries, got {}", shape(node(value)), node(value).size(),
                  entries.size());
  }
  tape_.constants_.insert(tape_.constants_.end(), entries.begin(), entries.end());
  return value;
}

Value Recorder::product(Factor a, Factor b) {
  if (!usable(Operation::product, a.value_) || !usable(Operation::product, b.value_)) return {};
  const Tape::Node& left = node(a.value_);
  const Tape::Node& right = node(b.value_);
  const int inner = a.transposed_ ? left.rows : left.columns;
  if (inner != (b.transposed_ ? right.columns : right.rows)) {
    return refuse("product of {}{} and {}{}: the inner sizes differ", shape(left),
                  a.transposed_ ? "^T" : "", shape(right), b.transposed_ ? "^T" : "");
  }
  if (left.shared() && right.shared()) {
    return refuse(
        "product of {} and {}, both shared by all prompts: multiply one of them with the tokens "
        "first",
        shape(left), shape(right));
  }
  return add({.operation = Operation::product,
              .rows = a.transposed_ ? left.columns : left.rows,
              .columns = b.transposed_ ? right.rows : right.columns,
              .a = a.value_.index_,
              .b = b.value_.index_,
              .a_transposed = a.transposed_,
              .b_transposed = b.transposed_});
}

Value Recorder::by_elements(Operation operation, Value a, Value b) {
  if (!usable(operation, a) || !usable(operation, b)) return {};
  const Tape::Node& left = node(a);
  const Tape::Node& right = node(b);
  const bool one_row = right.rows == 1 && left.rows > 1;
  if (left.columns != right.columns || (left.rows != right.rows && !one_row)) {
    return refuse(
        "{} of {} and {}: the second must have the shape of the first, or be one row of it",
        name_of(operation), shape(left), shape(right));
  }
  if (left.shared()) {
    return refuse("{} of {} and {}: the first is shared by all prompts and must be the second",
                  name_of(operation), shape(left), shape(right));
  }
  return add({.operation = operation,
              .rows = left.rows,
              .columns = left.columns,
              .a = a.index_,
              .b = b.index_,
              .one_row = one_row});
}

Value Recorder::sum(Value a, Value b) { return by_elements(Operation::sum, a, b); }
Value Recorder::times(Value a, Value b) { return by_elements(Operation::times, a, b); }

Value Recorder::unary(Operation operation, Value a) {
  if (!usable(operation, a)) return {};
  const Tape::Node& of = node(a);
  if (of.shared())
    return refuse("{} of {}, which is shared by all prompts", name_of(operation), shape(of));
  return add({.operation = operation, .rows = of.rows, .columns = of.columns, .a = a.index_});
}

Value Recorder::scale(Value a, double factor) {
  const Value value = unary(Operation::scale, a);
  if (value.index_ >= 0) tape_.nodes_.back().low = factor;
  return value;
}

Value Recorder::slice(Operation operation, Value a, int first, int count) {
  const bool of_rows = operation == Operation::rows;
  const Value value = unary(operation, a);
  if (value.index_ < 0) return value;
  Tape::Node& slice = tape_.nodes_.back();
  const int all = of_rows ? slice.rows : slice.columns;
  if (first < 0 || count < 1 || count > all - first) {
    return refuse("{} {} to {} of {}: there are {}", name_of(operation), first, first + count - 1,
                  shape(slice), all);
  }
  slice.first = first;
  (of_rows ? slice.rows : slice.columns) = count;
  return value;
}

Value Recorder::rows(Value a, int first, int count) {
  return slice(Operation::rows, a, first, count);
}
Value Recorder::columns(Value a, int first, int count) {
  return slice(Operation::columns, a, first, count);
}

Value Recorder::join(Operation operation, Value a, Value b) {
  if (!usable(operation, a) || !usable(operation, b)) return {};
  const Tape::Node& left = node(a);
  const Tape::Node& right = node(b);
  const bool beside = operation == Operation::beside;
  if (beside ? left.rows != right.rows : left.columns != right.columns) {
    return refuse("{} and {} cannot be joined {}", shape(left), shape(right), name_of(operation));
  }
  if (left.shared() && right.shared()) {
    return refuse("{} and {} joined {}: both are shared by all prompts", shape(left), shape(right),
                  name_of(operation));
  }
  return add({.operation = operation,
              .rows = beside ? left.rows : left.rows + right.rows,
              .columns = beside ? left.columns + right.columns : left.columns,
              .a = a.index_,
              .b = b.index_});
}

Value Recorder::beside(Value a, Value b) { return join(Operation::beside, a, b); }
Value Recorder::above(Value a, Value b) { return join(Operation::above, a, b); }
Value Recorder::gelu(Value a) { return unary(Operation::gelu, a); }
Value Recorder::softmax(Value a) { return unary(Operation::softmax, a); }

Value Recorder::softmax(Value a, std::span<const double> mask) {
  const Value value = softmax(a);
  if (value.index_ < 0) return value;
  Tape::Node& of = tape_.nodes_.back();
  if (mask.size() != of.size()) {
    return refuse("softmax of {} needs a mask of {} entries, got {}", shape(of), of.size(),
                  mask.size());
  }
  const auto columns = static_cast<std::size_t>(of.columns);
  for (std::size_t i = 0; i < mask.size(); i += columns) {
    const auto row = mask.subspan(i, columns);
    const bool binary = std::ranges::all_of(row, [](double m) { return m == 0 || m == 1; });
    if (!binary || std::ranges::count(row, 1.0) == 0) {
      return refuse("softmax of {}: row {} of the mask must be of zeros and ones, and have a one",
                    shape(of), i / columns);
    }
  }
  of.masked = true;
  of.offset = tape_.constants_.size();
  tape_.constants_.insert(tape_.constants_.end(), mask.begin(), mask.end());
  return value;
}

Value Recorder::normalise(Value a, double epsilon) {
  if (!(epsilon > 0)) return refuse("normalise needs an epsilon > 0, got {}", epsilon);
  const Value value = unary(Operation::normalise, a);
  if (value.index_ >= 0) tape_.nodes_.back().low = epsilon;
  return value;
}

Value Recorder::clip(Value a, double low, double high) {
  if (!(low < high)) return refuse("clip needs low < high, got {} and {}", low, high);
  const Value value = unary(Operation::clip, a);
  if (value.index_ < 0) return value;
  tape_.nodes_.back().low = low;
  tape_.nodes_.back().high = high;
  return value;
}

Value Recorder::half_squared_error(Value a, Value b) {
  if (!usable(Operation::half_squared_error, a) || !usable(Operation::half_squared_error, b))
    return {};
  const Tape::Node& left = node(a);
  const Tape::Node& right = node(b);
  if (left.rows != right.rows || left.columns != right.columns || left.shared() || right.shared()) {
    return refuse(
        "half_squared_error of {} and {}: they must have one shape and not be shared by all "
        "prompts",
        shape(left), shape(right));
  }
  return add({.operation = Operation::half_squared_error,
              .rows = 1,
              .columns = 1,
              .a = a.index_,
              .b = b.index_});
}

Expected<Tape> Recorder::finish(Value output) {
  if (usable(Operation::rows, output) && node(output).shared()) {
    refuse("the output {} is shared by all prompts", shape(node(output)));
  }
  if (!status_) return std::unexpected(status_.error());
  tape_.output_ = output.index_;
  return std::exchange(tape_, {});
}

}  // namespace gramian
