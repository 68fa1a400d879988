#include "gramian/tape/tape.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace gramian {

namespace {

constexpr int kMaxSide = 1 << 16;
constexpr std::size_t kMaxNumbers = 100'000'000;  // of all values of one prompt

std::string text(ops::Shape shape) { return fmt::format("[{}, {}]", shape.rows, shape.columns); }

// body(the struct of the operation), or `leaf` for what is none.
template <class Result, class Body>
Result visit_operation(const Attributes& attributes, Result leaf, Body body) {
  return std::visit(
      [&]<class Op>(const Op& op) -> Result {
        if constexpr (std::is_same_v<Op, std::monostate>) {
          return leaf;
        } else {
          return body(op);
        }
      },
      attributes);
}

Operation operation_of(const Attributes& attributes) {
  GRAMIAN_ASSERT(attributes.index() > 0);
  return static_cast<Operation>(static_cast<std::size_t>(Operation::constant) + attributes.index());
}

// "product of [5, 3] and [3, 2]^T"
std::string description(const Attributes& attributes, const ops::Shapes& shapes) {
  const char* name = name_of(operation_of(attributes));
  return visit_operation(attributes, std::string(name), [&](const auto& op) {
    std::string said = ops::title_of(op, name);
    for (std::size_t k = 0; k < shapes.size(); ++k)
      said +=
          fmt::format("{} {}{}", k == 0 ? " of" : " and", text(shapes[k]), ops::suffix_of(op, k));
    return said;
  });
}

}  // namespace

const char* name_of(Operation operation) {
#define GRAMIAN_TAPE_NAME(name, Type) , #name
  static constexpr auto kNames = std::to_array<const char*>(
      {"input", "parameter", "constant" GRAMIAN_TAPE_OPERATIONS(GRAMIAN_TAPE_NAME)});
#undef GRAMIAN_TAPE_NAME
  static_assert(kNames.size() == 2 + std::variant_size_v<Attributes>);
  return kNames[static_cast<std::size_t>(operation)];
}

ops::Traits traits_of(const Attributes& attributes) {
  return visit_operation(attributes, ops::Traits{}, []<class Op>(const Op&) {
    static_assert(ops::traits_of<Op>().operands <= ops::kMaxOperands);
    return ops::traits_of<Op>();
  });
}

std::vector<ops::Shape> Tape::operand_shapes(const Node& node) const {
  std::vector<ops::Shape> shapes;
  for (const int k : node.operands) shapes.push_back(nodes_[static_cast<std::size_t>(k)].shape());
  return shapes;
}

Tape::Cost Tape::cost() const {
  Cost cost;
  std::vector<bool> learns(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    const auto learning = std::ranges::count_if(
        node.operands, [&](int k) { return learns[static_cast<std::size_t>(k)]; });
    learns[i] = node.operation == Operation::parameter || learning > 0;
    const double work = visit_operation(node.attributes, 0.0, [&](const auto& op) {
      return ops::multiply_adds_of(op, ops::Shapes(operand_shapes(node)));
    });
    cost.forward += work;
    cost.backward += work * static_cast<double>(learning);
  }
  return cost;
}

Value Recorder::refuse(std::string message) {
  if (status_) status_ = fail(ErrorKind::config, "{}", message);
  return {};
}

// False after a mistake, which may be that `a` is no value of this recorder.
bool Recorder::usable(const char* name, Value a) {
  if (!status_) return false;
  if (a.index_ >= 0 && a.index_ < static_cast<int>(tape_.nodes_.size())) return true;
  refuse(fmt::format("{} of a value that was not recorded here", name));
  return false;
}

Value Recorder::add(Tape::Node node) {
  if (!status_) return {};
  if (node.rows < 1 || node.columns < 1 || node.rows > kMaxSide || node.columns > kMaxSide) {
    return refuse(fmt::format("{}{}{} must have between 1 and {} rows and columns, got {}",
                              name_of(node.operation), node.name.empty() ? "" : " ", node.name,
                              kMaxSide, text(node.shape())));
  }
  std::size_t numbers = node.size();
  for (const Tape::Node& other : tape_.nodes_) numbers += other.size();
  if (numbers > kMaxNumbers)
    return refuse(fmt::format("the values of one prompt are more than {} numbers", kMaxNumbers));
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
    return refuse(fmt::format("constant {} needs {} entries, got {}", text(node(value).shape()),
                              node(value).size(), entries.size()));
  }
  tape_.constants_.insert(tape_.constants_.end(), entries.begin(), entries.end());
  return value;
}

Value Recorder::apply(Attributes attributes, std::span<const Value> operands) {
  const Operation operation = operation_of(attributes);
  const ops::Traits traits = traits_of(attributes);
  GRAMIAN_ASSERT(operands.size() <= traits.operands &&
                 operands.size() + traits.optional >= traits.operands);
  Tape::Node node{.operation = operation};
  std::vector<ops::Shape> in;
  bool of_prompts = false;
  unsigned shared = 0;
  for (const Value operand : operands) {
    if (!usable(name_of(operation), operand)) return {};
    const Tape::Node& from = tape_.node(operand);
    if (from.shared()) shared |= 1u << in.size();
    of_prompts = of_prompts || !from.shared();
    in.push_back(from.shape());
    node.operands.push_back(operand.index_);
  }
  const ops::Shapes shapes(in);
  const auto shape = visit_operation(attributes, ops::Shapes::Result(),
                                     [&](const auto& op) { return ops::shape_of(op, shapes); });
  if (!shape) return refuse(fmt::format("{}: {}", description(attributes, shapes), shape.error()));
  if (!of_prompts && !traits.makes_prompts) {
    return refuse(fmt::format(
        "{}: one operand at least must differ from prompt to prompt, and here each is shared by "
        "all prompts",
        description(attributes, shapes)));
  }
  if (const unsigned wrong = shared & ~traits.may_be_shared; wrong != 0) {
    return refuse(fmt::format("{}: operand {} is shared by all prompts, and may not be here",
                              description(attributes, shapes), std::countr_zero(wrong) + 1));
  }
  node.rows = shape->rows;
  node.columns = shape->columns;
  node.attributes = std::move(attributes);
  return add(std::move(node));
}

Value Recorder::product(Factor a, Factor b) {
  return apply(ops::Product{.a_transposed = a.transposed_, .b_transposed = b.transposed_},
               {a.value_, b.value_});
}

Value Recorder::softmax(Value a, std::span<const double> mask) {
  if (!usable("softmax", a)) return {};
  const ops::Shape shape = node(a).shape();
  if (mask.size() != shape.size()) {
    return refuse(fmt::format("softmax of {} needs a mask of {} entries, got {}", text(shape),
                              shape.size(), mask.size()));
  }
  const auto columns = static_cast<std::size_t>(shape.columns);
  for (std::size_t i = 0; i < mask.size(); i += columns) {
    const auto row = mask.subspan(i, columns);
    const bool binary = std::ranges::all_of(row, [](double m) { return m == 0 || m == 1; });
    if (!binary || std::ranges::count(row, 1.0) == 0) {
      return refuse(
          fmt::format("softmax of {}: row {} of the mask must be of zeros and ones, and have a one",
                      text(shape), i / columns));
    }
  }
  return apply(ops::Softmax{}, {a, constant(shape.rows, shape.columns, mask)});
}

Expected<Tape> Recorder::finish(Value output) {
  if (usable("output", output) && node(output).shared())
    refuse(fmt::format("the output {} is shared by all prompts", text(node(output).shape())));
  if (!status_) return std::unexpected(status_.error());
  tape_.output_ = output.index_;
  return std::exchange(tape_, {});
}

}  // namespace gramian
