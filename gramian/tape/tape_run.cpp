#include "gramian/tape/tape_run.h"

#include <algorithm>

#include "gramian/tape/kernels.h"

namespace gramian {

namespace {

// Whether a gradient is wanted of each node, and whether one operation alone writes its adjoint.
struct Flow {
  std::vector<bool> needed, sets;

  Flow(const Tape& tape, bool input_adjoints)
      : needed(tape.nodes().size()), sets(tape.nodes().size()) {
    const auto nodes = tape.nodes();
    std::vector<int> uses(nodes.size());
    std::vector<bool> in_part(nodes.size());  // used by a slice
    // Below the output only what it depends on.
    std::vector<bool> reached(nodes.size());
    reached[static_cast<std::size_t>(tape.output())] = true;
    for (std::size_t i = nodes.size(); i-- > 0;) {
      for (const int k : {nodes[i].a, nodes[i].b}) {
        if (reached[i] && k >= 0) reached[static_cast<std::size_t>(k)] = true;
      }
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const Tape::Node& node = nodes[i];
      needed[i] = node.operation == Operation::parameter ||
                  (input_adjoints && node.operation == Operation::input);
      for (const int k : {node.a, node.b}) {
        if (k >= 0 && needed[static_cast<std::size_t>(k)]) needed[i] = true;
      }
      if (!reached[i]) continue;
      for (const int k : {node.a, node.b}) {
        if (k < 0) continue;
        ++uses[static_cast<std::size_t>(k)];
        const bool slice =
            node.operation == Operation::rows || node.operation == Operation::columns;
        if (slice) in_part[static_cast<std::size_t>(k)] = true;
      }
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      needed[i] = needed[i] && reached[i];
      // A slice of rows writes into what it is a slice of.
      sets[i] = uses[i] == 1 && !in_part[i] && nodes[i].operation != Operation::rows &&
                !nodes[i].shared() && static_cast<int>(i) != tape.output();
    }
  }
};

}  // namespace

template <class T>
TapeRun<T>::TapeRun(const Tape& tape, bool input_adjoints) {
  const auto nodes = tape.nodes();
  const Flow flow(tape, input_adjoints);
  memory_.tape = &tape;
  memory_.places.resize(nodes.size());
  for (const double c : tape.constants()) memory_.constants.push_back(static_cast<T>(c));

  // Values and what is kept, then adjoints that are set, then those that are added to.
  const auto is_own = [&](std::size_t i) {
    return !nodes[i].shared() && nodes[i].operation != Operation::rows;
  };
  const auto kept = [&](std::size_t i) -> std::size_t {
    if (nodes[i].operation == Operation::gelu) return nodes[i].size();
    return nodes[i].operation == Operation::normalise ? static_cast<std::size_t>(nodes[i].rows) : 0;
  };
  std::size_t numbers = 0, added = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!is_own(i)) continue;
    numbers += nodes[i].size() + kept(i) + (flow.needed[i] && flow.sets[i] ? nodes[i].size() : 0);
    added += flow.needed[i] && !flow.sets[i] ? nodes[i].size() : 0;
  }
  memory_.numbers = AlignedArray<T>((numbers + added) * kLanes);
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
    auto& place = memory_.places[i];
    if (node.operation == Operation::constant) {
      place.shared = memory_.constants.data() + node.offset;
    } else if (node.operation == Operation::rows) {
      const auto& whole = memory_.places[static_cast<std::size_t>(node.a)];
      const std::size_t skip =
          static_cast<std::size_t>(node.first) * static_cast<std::size_t>(node.columns) * kLanes;
      place.values = whole.values + skip;
      if (flow.needed[i] && whole.adjoint != nullptr) place.adjoint = whole.adjoint + skip;
    } else if (is_own(i)) {
      place.values = take(next, node.size());
      if (kept(i) > 0) place.kept = take(next, kept(i));
      place.sets = flow.sets[i];
      if (flow.needed[i]) place.adjoint = take(place.sets ? next : next_added, node.size());
    }
  }
}

template <class T>
void TapeRun<T>::forward(const T* theta) {
  const auto nodes = memory_.tape->nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].operation == Operation::parameter)
      memory_.places[i].shared = theta + nodes[i].offset;
  }
  tape_forward(memory_);
}

template <class T>
void TapeRun<T>::backward(const T* seed, T* dtheta) {
  const auto nodes = memory_.tape->nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].operation != Operation::parameter) continue;
    memory_.places[i].adjoint = dtheta == nullptr ? nullptr : dtheta + nodes[i].offset * kLanes;
  }
  std::fill_n(memory_.added, memory_.added_size, T(0));
  const auto output = static_cast<std::size_t>(memory_.tape->output());
  T* adjoint = memory_.places[output].adjoint;
  if (adjoint == nullptr) return;  // it depends on nothing that is asked for
  for (std::size_t e = 0; e < nodes[output].size() * kLanes; ++e) adjoint[e] += seed[e];
  tape_backward(memory_);
}

template class TapeRun<float>;
template class TapeRun<double>;

}  // namespace gramian
