#include "gramian/tape/tape_run.h"

#include <algorithm>

#include "gramian/tape/kernels.h"

namespace gramian {

namespace {

// Where gradients flow: whether one is wanted of each node, and whether one operation alone writes
// its adjoint.
struct Flow {
  std::vector<bool> needed, sets;

  Flow(const Tape& tape, bool input_adjoints)
      : needed(tape.nodes().size()), sets(tape.nodes().size()) {
    const auto nodes = tape.nodes();
    std::vector<bool> reached(nodes.size());  // the output depends on it
    reached[static_cast<std::size_t>(tape.output())] = true;
    for (std::size_t i = nodes.size(); i-- > 0;) {
      for (const std::size_t k : sources(nodes[i])) {
        if (reached[i]) reached[k] = true;
      }
    }
    std::vector<int> uses(nodes.size());
    std::vector<bool> in_part(nodes.size());  // something gives to a part of its adjoint
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const Tape::Node& node = nodes[i];
      needed[i] = node.operation == Operation::parameter ||
                  (input_adjoints && node.operation == Operation::input);
      for (const std::size_t k : sources(node)) {
        if (needed[k]) needed[i] = true;
        if (!reached[i]) continue;
        ++uses[k];
        if (traits_of(node.attributes).partial_adjoint) in_part[k] = true;
      }
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      needed[i] = needed[i] && reached[i];
      // The adjoint of a view is a part of that of its operand, which begins with zeros.
      sets[i] = uses[i] == 1 && !in_part[i] && !traits_of(nodes[i].attributes).view &&
                !nodes[i].shared() && static_cast<int>(i) != tape.output();
    }
  }

  // The operands into which a gradient flows.
  static std::vector<std::size_t> sources(const Tape::Node& node) {
    const unsigned none = traits_of(node.attributes).no_gradient;
    std::vector<std::size_t> found;
    for (std::size_t k = 0; k < node.operands.size(); ++k) {
      if ((none >> k & 1) == 0) found.push_back(static_cast<std::size_t>(node.operands[k]));
    }
    return found;
  }
};

// Numbers of one prompt, which an operation says about itself: of(operation, shapes).
template <class Of>
std::size_t numbers_of(const Tape& tape, const Tape::Node& node, Of of) {
  return std::visit(
      [&]<class Op>(const Op& op) -> std::size_t {
        if constexpr (std::is_same_v<Op, std::monostate>) {
          return 0;
        } else {
          return of(op, ops::Shapes(tape.operand_shapes(node)));
        }
      },
      node.attributes);
}

std::size_t kept_by(const Tape& tape, const Tape::Node& node) {
  return numbers_of(tape, node, [](const auto& op, auto in) { return ops::kept_by(op, in); });
}

std::size_t scratch_of(const Tape& tape, const Tape::Node& node) {
  return numbers_of(tape, node, [](const auto& op, auto in) { return ops::scratch_of(op, in); });
}

}  // namespace

template <class T>
TapeRun<T>::TapeRun(const Tape& tape, bool input_adjoints) {
  const auto nodes = tape.nodes();
  const Flow flow(tape, input_adjoints);
  memory_.tape = &tape;
  memory_.nodes.resize(nodes.size());
  for (const double c : tape.constants()) memory_.constants.push_back(static_cast<T>(c));

  // Values and what is kept, then adjoints that are set, then those that are added to.
  const auto has_own = [&](std::size_t i) {
    return !nodes[i].shared() && !traits_of(nodes[i].attributes).view;
  };
  std::size_t numbers = 0, added = 0, scratch = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    scratch = std::max(scratch, scratch_of(tape, nodes[i]));
    if (!has_own(i)) continue;
    numbers += nodes[i].size() + kept_by(tape, nodes[i]) +
               (flow.needed[i] && flow.sets[i] ? nodes[i].size() : 0);
    added += flow.needed[i] && !flow.sets[i] ? nodes[i].size() : 0;
  }
  memory_.numbers = AlignedArray<T>((numbers + added) * kLanes);
  memory_.scratch = AlignedArray<T>(scratch * kLanes);
  memory_.added = memory_.numbers.data() + numbers * kLanes;
  memory_.added_size = added * kLanes;

  T* next = memory_.numbers.data();
  T* next_added = memory_.added;
  const auto take = [](T*& from, std::size_t size) {
    T* taken = from;
    from += size * kLanes;
    return taken;
  };
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Tape::Node& node = nodes[i];
    OfNode& own = memory_.nodes[i];
    if (node.operation == Operation::constant) {
      own.shared = memory_.constants.data() + node.offset;
    } else if (const auto* view = std::get_if<ops::Rows>(&node.attributes)) {
      const OfNode& whole = memory_.nodes[static_cast<std::size_t>(node.operands[0])];
      const std::size_t skip =
          static_cast<std::size_t>(view->first) * static_cast<std::size_t>(node.columns) * kLanes;
      own.values = whole.values + skip;
      if (flow.needed[i] && whole.adjoint != nullptr) own.adjoint = whole.adjoint + skip;
    } else if (has_own(i)) {
      own.values = take(next, node.size());
      if (const std::size_t kept = kept_by(tape, node); kept > 0) own.kept = take(next, kept);
      own.sets = flow.sets[i];
      if (flow.needed[i]) own.adjoint = take(own.sets ? next : next_added, node.size());
    }
  }
}

template <class T>
void TapeRun<T>::forward(const T* theta) {
  GRAMIAN_ASSERT(theta != nullptr || memory_.tape->parameters() == 0);
  const auto nodes = memory_.tape->nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].operation == Operation::parameter)
      memory_.nodes[i].shared = theta + nodes[i].offset;
  }
  tape_forward(memory_);
}

template <class T>
T* TapeRun<T>::begin_backward(T* dtheta) {
  const auto nodes = memory_.tape->nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].operation != Operation::parameter) continue;
    memory_.nodes[i].adjoint = dtheta == nullptr ? nullptr : dtheta + nodes[i].offset * kLanes;
  }
  std::fill_n(memory_.added, memory_.added_size, T(0));
  return memory_.nodes[static_cast<std::size_t>(memory_.tape->output())].adjoint;
}

template <class T>
void TapeRun<T>::backward(const T* cotangent, T* dtheta) {
  GRAMIAN_ASSERT(cotangent != nullptr);
  T* adjoint = begin_backward(dtheta);
  if (adjoint == nullptr) return;
  const auto output = static_cast<std::size_t>(memory_.tape->output());
  const std::size_t count = memory_.tape->nodes()[output].size() * kLanes;
  for (std::size_t e = 0; e < count; ++e) adjoint[e] += cotangent[e];
  tape_backward(memory_);
}

template <class T>
void TapeRun<T>::backward(T* dtheta) {
  GRAMIAN_ASSERT(memory_.tape->nodes()[static_cast<std::size_t>(memory_.tape->output())].size() ==
                 1);
  T* adjoint = begin_backward(dtheta);
  if (adjoint == nullptr) return;
  for (std::size_t p = 0; p < kLanes; ++p) adjoint[p] += T(1);
  tape_backward(memory_);
}

template class TapeRun<float>;
template class TapeRun<double>;

}  // namespace gramian
