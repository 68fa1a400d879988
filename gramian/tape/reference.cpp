#include "gramian/tape/reference.h"

#include <type_traits>

namespace gramian {

namespace {

std::vector<double> copy_of(const double* from, std::size_t size) { return {from, from + size}; }

}  // namespace

std::vector<std::vector<double>> evaluate(const Tape& tape, const std::vector<double>& theta,
                                          const std::vector<std::vector<double>>& inputs) {
  GRAMIAN_ASSERT(theta.size() == tape.parameters());
  std::vector<std::vector<double>> all;
  std::size_t next_input = 0;
  for (const Tape::Node& node : tape.nodes()) {
    if (node.operation == Operation::input) {
      GRAMIAN_ASSERT(next_input < inputs.size() && inputs[next_input].size() == node.size());
      all.push_back(inputs[next_input++]);
      continue;
    }
    if (node.shared()) {
      const double* numbers =
          node.operation == Operation::parameter ? theta.data() : tape.constants().data();
      all.push_back(copy_of(numbers + node.offset, node.size()));
      continue;
    }
    std::vector<ops::MatrixView<const double>> operands;
    for (const int k : node.operands) {
      const Tape::Node& from = tape.nodes()[static_cast<std::size_t>(k)];
      operands.push_back({static_cast<std::size_t>(from.rows),
                          static_cast<std::size_t>(from.columns),
                          all[static_cast<std::size_t>(k)].data()});
    }
    std::vector<double> numbers(node.size());
    const ops::Numbers out{static_cast<std::size_t>(node.rows),
                           static_cast<std::size_t>(node.columns), numbers.data()};
    std::visit(
        [&]<class Op>(const Op& op) {
          if constexpr (!std::is_same_v<Op, std::monostate>) ops::reference_of(op, operands, out);
        },
        node.attributes);
    all.push_back(std::move(numbers));
  }
  return all;
}

}  // namespace gramian
