// The nodes of a tape one after another, forward and back. Per-target header.
#if defined(GRAMIAN_TAPE_KERNELS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_TAPE_KERNELS_INL_H
#undef GRAMIAN_TAPE_KERNELS_INL_H
#else
#define GRAMIAN_TAPE_KERNELS_INL_H
#endif

#include "gramian/tape/lanes-inl.h"
#define GRAMIAN_TAPE_LANES
#include "gramian/tape/operations/list.h"
#undef GRAMIAN_TAPE_LANES

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

// Products take most of the compiler's time and have files of their own, products_float.cpp and
// products_double.cpp.
extern template void Forward<float>(const ops::Product&, const LaneCall<float>&);
extern template void Backward<float>(const ops::Product&, const LaneCall<float>&);
extern template void Forward<double>(const ops::Product&, const LaneCall<double>&);
extern template void Backward<double>(const ops::Product&, const LaneCall<double>&);

// A tape for the prompts of one register, from lane `first` of a block on.
template <class T>
class TapeLanes {
 public:
  TapeLanes(TapeMemory<T>& memory, size_t first) : memory_(memory), first_(first) {}

  void Forward() const {
    const auto nodes = memory_.tape->nodes();
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].operands.empty()) continue;
      const LaneCall<T> call = Call(i);
      switch (nodes[i].operation) {
#define GRAMIAN_TAPE_FORWARD(name, Type)                                         \
  case Operation::name:                                                          \
    HWY_NAMESPACE::Forward(*std::get_if<ops::Type>(&nodes[i].attributes), call); \
    break;
        GRAMIAN_TAPE_OPERATIONS(GRAMIAN_TAPE_FORWARD)
#undef GRAMIAN_TAPE_FORWARD
        default:
          break;
      }
    }
  }

  void Backward() const {
    const auto nodes = memory_.tape->nodes();
    for (size_t i = nodes.size(); i-- > 0;) {
      if (nodes[i].operands.empty() || memory_.nodes[i].adjoint == nullptr) continue;
      const LaneCall<T> call = Call(i);
      switch (nodes[i].operation) {
#define GRAMIAN_TAPE_BACKWARD(name, Type)                                         \
  case Operation::name:                                                           \
    HWY_NAMESPACE::Backward(*std::get_if<ops::Type>(&nodes[i].attributes), call); \
    break;
        GRAMIAN_TAPE_OPERATIONS(GRAMIAN_TAPE_BACKWARD)
#undef GRAMIAN_TAPE_BACKWARD
        default:
          break;
      }
    }
  }

 private:
  template <class P>
  P* Here(P* numbers) const {
    return numbers == nullptr ? nullptr : numbers + first_;
  }

  LaneCall<T> Call(size_t i) const {
    const auto nodes = memory_.tape->nodes();
    const Tape::Node& node = nodes[i];
    const auto& own = memory_.nodes[i];
    LaneCall<T> call;
    call.rows = static_cast<size_t>(node.rows);
    call.columns = static_cast<size_t>(node.columns);
    call.operands = node.operands.size();
    for (size_t k = 0; k < call.operands; ++k) {
      const auto at = static_cast<size_t>(node.operands[k]);
      const auto& from = memory_.nodes[at];
      call.in[k] = {static_cast<size_t>(nodes[at].rows),
                    static_cast<size_t>(nodes[at].columns),
                    from.shared,
                    Here(from.values),
                    Here(from.adjoint),
                    from.sets};
    }
    call.out = Here(own.values);
    call.kept = Here(own.kept);
    call.scratch = memory_.scratch.data();
    call.dout = Here(own.adjoint);
    return call;
  }

  TapeMemory<T>& memory_;
  size_t first_;
};

template <class T>
void ForwardBlock(TapeMemory<T>& memory) {
  for (size_t p = 0; p < kLanes; p += hn::Lanes(Tag<T>())) TapeLanes<T>(memory, p).Forward();
}
template <class T>
void BackwardBlock(TapeMemory<T>& memory) {
  for (size_t p = 0; p < kLanes; p += hn::Lanes(Tag<T>())) TapeLanes<T>(memory, p).Backward();
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
