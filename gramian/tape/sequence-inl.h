// From lanes to rows and back, for operations that the room `sequence` computes: there a prompt is
// a sequence of its own, [tokens, columns] by rows, and on a tape sixteen lie side by side.
//
//     element e of prompt p, by rows: data[p * stride + e]; in lanes: data[e * kLanes + p]
//
// Memory: the `scratch` of a call. Cost: see docs/sequence.md, "On a tape". Per-target header.
#if defined(GRAMIAN_TAPE_SEQUENCE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GRAMIAN_TAPE_SEQUENCE_INL_H
#undef GRAMIAN_TAPE_SEQUENCE_INL_H
#else
#define GRAMIAN_TAPE_SEQUENCE_INL_H
#endif

#include "gramian/lanes/rows-inl.h"
#include "gramian/sequence/mixer.h"
#include "gramian/tape/lanes-inl.h"
#include "gramian/tape/sequence_operands.h"

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

// A matrix by rows of each prompt of a register. Of one that all prompts share the stride is 0;
// one that is not there has no data.
template <class T>
struct PromptRows {
  T* data = nullptr;
  size_t stride = 0, columns = 0;

  T* array(size_t lane) const { return data == nullptr ? nullptr : data + lane * stride; }
  Rows<T> of(size_t lane) const { return {array(lane), static_cast<std::ptrdiff_t>(columns)}; }
};

// The lanes of a register, and how many of them are moved at a time.
template <class T>
inline constexpr size_t kRowGroup = kRegister<T> < 4 ? kRegister<T> : 4;

// Gives rows to operations, and takes them back.
template <class T>
class PromptMemory {
 public:
  explicit PromptMemory(const LaneCall<T>& call) : next_(call.scratch) {}

  PromptRows<T> Take(size_t rows, size_t columns) {
    const PromptRows<T> taken{next_, ops::prompt_stride(rows * columns), columns};
    next_ += taken.stride * kRegister<T>;
    return taken;
  }

  PromptRows<const T> Read(size_t rows, size_t columns, const T* lanes) {
    const PromptRows<T> to = Take(rows, columns);
    const size_t count = rows * columns, whole = kRowGroup<T> == 4 ? count / 4 * 4 : 0;
    for (size_t e = 0; e < whole; e += 4) {
      for (size_t p = 0; p < kRegister<T>; p += 4)
        TransposeFour(lanes + e * kLanes + p, kLanes, to.data + p * to.stride + e, to.stride);
    }
    for (size_t e = whole; e < count; ++e) {
      for (size_t p = 0; p < kRegister<T>; ++p) to.data[p * to.stride + e] = lanes[e * kLanes + p];
    }
    return {to.data, to.stride, columns};
  }
  PromptRows<const T> Read(const LaneOperand<T>& from) {
    if (from.shared != nullptr) return {from.shared, 0, from.columns};
    return Read(from.rows, from.columns, from.values);
  }
  // Rows for the adjoint of an operand, if one is wanted.
  PromptRows<T> TakeAdjoint(const LaneOperand<T>& of) {
    if (!of.wanted()) return {};
    return Take(of.rows, of.columns);
  }

  // Calls put(register, e) for each element of a matrix of `count` numbers.
  template <class Put>
  static void ForEach(PromptRows<T> from, size_t count, Put put) {
    HWY_ALIGN T tile[4 * kLanes];
    const size_t whole = kRowGroup<T> == 4 ? count / 4 * 4 : 0;
    for (size_t e = 0; e < whole; e += 4) {
      for (size_t p = 0; p < kRegister<T>; p += 4)
        TransposeFour(from.data + p * from.stride + e, from.stride, tile + p, kLanes);
      for (size_t k = 0; k < 4; ++k) put(Get(tile, k), e + k);
    }
    for (size_t e = whole; e < count; ++e) {
      for (size_t p = 0; p < kRegister<T>; ++p) tile[p] = from.data[p * from.stride + e];
      put(Get(tile), e);
    }
  }
  static void Write(PromptRows<T> from, size_t count, T* lanes) {
    ForEach(from, count, [&](Vec<T> x, size_t e) HWY_ATTR { Put<T>(x, lanes, e); });
  }
  static void Give(PromptRows<T> from, const LaneOperand<T>& to) {
    if (from.data == nullptr) return;
    ForEach(from, to.size(), [&](Vec<T> x, size_t e) HWY_ATTR { to.give(x, e); });
  }

 private:
  T* next_;
};

// The operands of a mixer, by rows.
template <class T>
struct MixedRows {
  PromptRows<const T> q, k, v, decay, strength;
  size_t tokens;

  MixedRows(const LaneCall<T>& call, const ops::MixedOperands& at, PromptMemory<T>& memory)
      : q(memory.Read(call.in[0])),
        k(memory.Read(call.in[1])),
        v(memory.Read(call.in[2])),
        tokens(call.rows) {
    if (at.decays) decay = memory.Read(call.in[at.decay()]);
    if (at.strengthens) strength = memory.Read(call.in[at.strength()]);
  }
  MixerInput<T> input(size_t lane) const {
    return {.tokens = tokens,
            .key = k.columns,
            .value = v.columns,
            .q = q.of(lane),
            .k = k.of(lane),
            .v = v.of(lane),
            .decay = decay.array(lane),
            .strength = strength.array(lane)};
  }
};

// Their adjoints.
template <class T>
struct MixedAdjoints {
  PromptRows<const T> dout;
  PromptRows<T> dq, dk, dv, ddecay, dstrength;

  MixedAdjoints(const LaneCall<T>& call, const ops::MixedOperands& at, PromptMemory<T>& memory)
      : dout(memory.Read(call.rows, call.columns, call.dout)),
        dq(memory.TakeAdjoint(call.in[0])),
        dk(memory.TakeAdjoint(call.in[1])),
        dv(memory.TakeAdjoint(call.in[2])) {
    if (at.decays) ddecay = memory.TakeAdjoint(call.in[at.decay()]);
    if (at.strengthens) dstrength = memory.TakeAdjoint(call.in[at.strength()]);
  }
  MixerAdjoint<T> of(size_t lane) const {
    return {.dout = dout.of(lane),
            .dq = dq.of(lane),
            .dk = dk.of(lane),
            .dv = dv.of(lane),
            .ddecay = ddecay.array(lane),
            .dstrength = dstrength.array(lane)};
  }
  void Give(const LaneCall<T>& call, const ops::MixedOperands& at) const {
    PromptMemory<T>::Give(dq, call.in[0]);
    PromptMemory<T>::Give(dk, call.in[1]);
    PromptMemory<T>::Give(dv, call.in[2]);
    if (at.decays) PromptMemory<T>::Give(ddecay, call.in[at.decay()]);
    if (at.strengthens) PromptMemory<T>::Give(dstrength, call.in[at.strength()]);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#endif
