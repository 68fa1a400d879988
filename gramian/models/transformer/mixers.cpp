#include "gramian/models/transformer/mixers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "gramian/base/assert.h"
#include "gramian/models/transformer/fields.h"
#include "gramian/models/transformer/heads.h"

namespace gramian {

namespace {

// Ones where a token may read a key, [q, n]; empty where it may read all keys. The rows are those
// of all tokens, or of the query alone, which is the last.
std::vector<double> mask_of(const MixerWork& work) {
  const int queries = work.recorder.rows_of(work.from), keys = work.recorder.rows_of(work.all);
  const Mask mask = work.mixer.mask;
  const int reach = mask == Mask::window ? work.mixer.window : keys;
  if (mask == Mask::context || mask == Mask::all || (queries == 1 && reach >= keys)) return {};
  std::vector<double> ones;
  ones.reserve(static_cast<std::size_t>(queries) * static_cast<std::size_t>(keys));
  for (int i = 0; i < queries; ++i) {
    const int query = keys - queries + i;
    for (int j = 0; j < keys; ++j) ones.push_back(j <= query && j > query - reach ? 1 : 0);
  }
  return ones;
}

double factor_of(const MixerWork& work, int keys) {
  return factor_of_scores(work.mixer, work.recorder.columns_of(work.all), keys);
}

// Whether (Q K^T) V costs less than Q (K^T V).
bool scores_first(int queries, int keys, int key, int value) {
  return queries * keys * (key + value) < key * value * (queries + keys);
}

// Where all queries of a causal mixer are computed, the operations of sequences need no matrix of
// N x N scores. They are used where they are faster, forward and back, by the rules below, which
// are compromises between measured numbers (docs/sequence.md, "On a tape") and the same on every
// machine, so that results do not depend on it.
bool reads_causally(const MixerWork& work) {
  return work.mixer.mask == Mask::causal &&
         work.recorder.rows_of(work.from) == work.recorder.rows_of(work.all);
}

bool linear_by_state(const MixerWork& work) {
  const int tokens = work.recorder.rows_of(work.all), width = work.recorder.columns_of(work.all);
  const int key = key_size(work.mixer, width), value = value_size(work.mixer, width);
  const bool fits = std::max(key, value) <= static_cast<int>(kMaxMixerSize);
  return reads_causally(work) && fits && 2 * tokens * (key + value) >= 7 * key * value;
}

bool softmax_by_tiles(const MixerWork& work) {
  const int width = work.recorder.columns_of(work.all);
  const int key = key_size(work.mixer, width), value = value_size(work.mixer, width);
  const bool fits = std::max(key, value) <= static_cast<int>(kMaxMixerSize);
  return reads_causally(work) && fits && work.recorder.rows_of(work.all) >= 256;
}

Value apply_gated(Recorder& r, const Attributes& operation, std::vector<Value> operands,
                  const HeadValues& head) {
  if (head.decay) operands.push_back(*head.decay);
  if (head.strength) operands.push_back(*head.strength);
  return r.apply(operation, operands);
}

Value record_state(const MixerWork& work, StateRule rule) {
  const double momentum = work.mixer.gates.momentum;
  const ops::CausalMix operation{
      .mixer = {.rule = rule,
                .scale = factor_of(work, work.recorder.rows_of(work.all)),
                .momentum = momentum > 0 ? std::optional(momentum) : std::nullopt},
      .decays = work.mixer.gates.decay,
      .strengthens = work.mixer.gates.strength};
  return over_heads(work, true, [&](const HeadValues& head) {
    return apply_gated(work.recorder, operation, {head.q, head.k, head.v}, head);
  });
}

Value record_delta(const MixerWork& work) { return record_state(work, StateRule::delta); }

Value record_mesa(const MixerWork& work) {
  const Mesa& mesa = work.mixer.mesa;
  const ops::MesaMix operation{
      .layer = {.solver = mesa.solver, .steps = mesa.steps, .tolerance = mesa.tolerance},
      .decays = work.mixer.gates.decay,
      .strengthens = work.mixer.gates.strength};
  return over_heads(work, true, [&](const HeadValues& head) {
    return apply_gated(work.recorder, operation, {head.q, head.k, head.v, *head.ridge}, head);
  });
}

Value record_linear(const MixerWork& work) {
  Recorder& r = work.recorder;
  if (work.mixer.gates != Gates{} || linear_by_state(work))
    return record_state(work, StateRule::additive);
  const std::vector<double> mask = mask_of(work);
  const auto read = [&](const HeadValues& head) {
    const int queries = r.rows_of(head.q), count = r.rows_of(head.k);
    if (mask.empty() && !scores_first(queries, count, r.columns_of(head.k), r.columns_of(head.v))) {
      return r.product(head.q, r.product(Recorder::transposed(head.k), head.v));
    }
    Value scores = r.product(head.q, Recorder::transposed(head.k));
    if (!mask.empty()) scores = r.times(scores, r.constant(queries, count, mask));
    return r.product(scores, head.v);
  };
  const int keys = r.rows_of(work.all) - (work.mixer.mask == Mask::context ? 1 : 0);
  return over_heads(work, false, read, factor_of(work, keys));
}

Value record_softmax(const MixerWork& work) {
  Recorder& r = work.recorder;
  const double factor = factor_of(work, 1);
  if (softmax_by_tiles(work)) {
    return over_heads(work, true, [&](const HeadValues& head) {
      return r.apply(ops::CausalSoftmax{.scale = factor}, {head.q, head.k, head.v});
    });
  }
  const std::vector<double> mask = mask_of(work);
  return over_heads(work, false, [&](const HeadValues& head) {
    Value scores = r.product(head.q, Recorder::transposed(head.k));
    if (work.mixer.scale != Scale::one) scores = r.scale(scores, factor);
    return r.product(mask.empty() ? r.softmax(scores) : r.softmax(scores, mask), head.v);
  });
}

Value record_gradient_step(const MixerWork& work) {
  Recorder& r = work.recorder;
  const Value context = keys_of(work);
  const int width = r.columns_of(work.all), rows = r.rows_of(work.from);
  const Value x = r.columns(work.from, 0, width - 1), keys = r.columns(context, 0, width - 1);
  const Value y = r.columns(context, width - 1, 1);
  const std::vector<double> mask = mask_of(work);
  Value scores = r.product(x, Recorder::transposed(keys));
  if (!mask.empty()) scores = r.times(scores, r.constant(rows, r.rows_of(context), mask));
  const Value predicted = r.product(scores, y);
  const Value step =
      r.scale(r.product(predicted, work.weights[0]), -factor_of(work, r.rows_of(context)));
  const std::vector<double> zeros(static_cast<std::size_t>(rows) *
                                  static_cast<std::size_t>(width - 1));
  return r.beside(r.constant(rows, width - 1, zeros), step);
}

std::vector<Parameter> step_parameters(const Mixer&, int) {
  return {{"step", 1, 1, InitialLaw::one}};
}

// What an entry demands of parts that some kinds do not have.
Status check_parts(const Mixer& mixer, const std::string& path) {
  const bool causal = mixer.mask == Mask::causal;
  if (mixer.gates != Gates{} && (mixer.kind == MixerKind::softmax || !causal)) {
    return fail(ErrorKind::config,
                "{}.gates are for linear attention, delta and mesa with the mask causal, not for "
                "{} with the mask {}",
                path, word(mixer.kind), word(mixer.mask));
  }
  if (mixer.gates.cap < 1 && !(mixer.gates.decay && mixer.gates.strength)) {
    return fail(ErrorKind::config,
                "{}.gates.cap limits the decay of a token by its strength, and needs both gates",
                path);
  }
  if (mixer.gates.momentum > 0 && mixer.kind != MixerKind::linear) {
    return fail(ErrorKind::config, "{}.gates.momentum is for linear attention, not for {}", path,
                word(mixer.kind));
  }
  if (mixer.convolution > 0 && !causal && mixer.mask != Mask::window) {
    return fail(ErrorKind::config,
                "{}.convolution runs over the tokens before a token, and needs the mask causal or "
                "window, not {}",
                path, word(mixer.mask));
  }
  if (mixer.kind != MixerKind::mesa && mixer.mesa != Mesa{})
    return fail(ErrorKind::config, "{}.mesa is for the kind mesa, not for {}", path,
                word(mixer.kind));
  return {};
}

// Of a mixer that computes by a state, with at most `most` columns.
Status check_state(const Mixer& mixer, const std::string& path, int width, std::size_t most) {
  GRAMIAN_TRY(check_parts(mixer, path));
  if (mixer.mask != Mask::causal) {
    return fail(ErrorKind::config,
                "{}.mask must be causal for {}, whose state goes from token to token, got {}", path,
                word(mixer.kind), word(mixer.mask));
  }
  const int key = key_size(mixer, width), value = value_size(mixer, width);
  if (std::max(key, value) > static_cast<int>(most)) {
    return fail(ErrorKind::config,
                "{}: {} has keys and values of at most {} numbers, got {} and {}", path,
                word(mixer.kind), most, key, value);
  }
  return {};
}

Status check_linear(const Mixer& mixer, const std::string& path, int width) {
  if (mixer.gates == Gates{}) return check_parts(mixer, path);
  return check_state(mixer, path, width, kMaxMixerSize);
}

Status check_softmax(const Mixer& mixer, const std::string& path, int) {
  GRAMIAN_TRY(check_parts(mixer, path));
  if (mixer.scale != Scale::mean) return {};
  return fail(ErrorKind::config, "{}.scale must be one or root for softmax, got mean", path);
}

Status check_delta(const Mixer& mixer, const std::string& path, int width) {
  GRAMIAN_TRY(check_state(mixer, path, width, kMaxMixerSize));
  if (mixer.scale != Scale::mean) return {};
  return fail(ErrorKind::config, "{}.scale must be one or root for delta, got mean", path);
}

Status check_mesa(const Mixer& mixer, const std::string& path, int width) {
  GRAMIAN_TRY(check_state(mixer, path, width, kMaxMesaKey));
  const Mesa& mesa = mixer.mesa;
  if (mixer.scale != Scale::one) {
    return fail(ErrorKind::config, "{}.scale must be one for mesa, which is a regression, got {}",
                path, word(mixer.scale));
  }
  if (mesa.ridge == RidgeKind::fixed && !(mesa.least > 0)) {
    return fail(ErrorKind::config,
                "{}.mesa.least must be above 0 for a ridge that is fixed, got {}", path,
                mesa.least);
  }
  if (mesa.solver == MesaSolver::recursive && mixer.gates.decay) {
    return fail(ErrorKind::config,
                "{}.mesa.solver recursive has no decay; take direct or conjugate_gradients", path);
  }
  const bool iterates = mesa.solver == MesaSolver::conjugate_gradients;
  if (!iterates && (mesa.steps != Mesa{}.steps || mesa.tolerance != Mesa{}.tolerance)) {
    return fail(ErrorKind::config,
                "{}.mesa.steps and tolerance are for the solver conjugate_gradients, not for {}",
                path, word(mesa.solver));
  }
  return {};
}

Status check_gradient_step(const Mixer& mixer, const std::string& path, int width) {
  const Mixer plain{.kind = MixerKind::gradient_step,
                    .mask = mixer.mask,
                    .window = mixer.window,
                    .scale = mixer.scale};
  if (mixer == plain && mixer.scale != Scale::root && width >= 2) return {};
  return fail(ErrorKind::config,
              "{}: gradient_step has one head, no sizes, a scale of one or mean, and tokens of at "
              "least two numbers; got {} heads, sizes {}, {} and {}, scale {} and tokens of {}",
              path, mixer.heads, mixer.key_size, mixer.value_size, mixer.width, word(mixer.scale),
              width);
}

Status check_none(const Mixer& mixer, const std::string& path, int) {
  if (mixer == Mixer{.kind = MixerKind::none}) return {};
  return fail(ErrorKind::config, "{} is none and takes no other setting", path);
}

constexpr std::array kMixers{
    MixerEntry{MixerKind::none, check_none,
               [](const Mixer&, int) { return std::vector<Parameter>{}; },
               [](const MixerWork& work) { return work.from; }},
    MixerEntry{MixerKind::linear, check_linear, head_parameters, record_linear},
    MixerEntry{MixerKind::softmax, check_softmax, head_parameters, record_softmax},
    MixerEntry{MixerKind::gradient_step, check_gradient_step, step_parameters,
               record_gradient_step},
    MixerEntry{MixerKind::delta, check_delta, head_parameters, record_delta},
    MixerEntry{MixerKind::mesa, check_mesa, head_parameters, record_mesa},
};

}  // namespace

const MixerEntry& mixer_entry(MixerKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  GRAMIAN_ASSERT(index < kMixers.size() && kMixers[index].kind == kind);
  return kMixers[index];
}

}  // namespace gramian
