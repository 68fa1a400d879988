#include "gramian/models/transformer/mixers.h"

#include <array>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/models/transformer/fields.h"

namespace gramian {

namespace {

int key_size(const Mixer& mixer, int width) { return mixer.key_size > 0 ? mixer.key_size : width; }

int value_size(const Mixer& mixer, int width) {
  return mixer.value_size > 0 ? mixer.value_size : key_size(mixer, width);
}

// The tokens that anybody may read.
Value keys_of(const MixerWork& work) {
  if (work.mixer.mask != Mask::context) return work.all;
  return work.recorder.rows(work.all, 0, work.recorder.rows_of(work.all) - 1);
}

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
  switch (work.mixer.scale) {
    case Scale::one:
      return 1;
    case Scale::mean:
      return 1.0 / keys;
    case Scale::root:
      return 1 / std::sqrt(key_size(work.mixer, work.recorder.columns_of(work.all)));
  }
  return 1;
}

std::vector<Parameter> head_parameters(const Mixer& mixer, int width) {
  const int key = key_size(mixer, width), value = value_size(mixer, width);
  const int out = mixer.width > 0 ? mixer.width : width;
  std::vector<Parameter> list;
  for (int h = 0; h < mixer.heads; ++h) {
    const std::string head = fmt::format("heads.{}.", h);
    list.push_back({head + "Q", width, key, InitialLaw::noisy_key});
    list.push_back({head + "K", width, key, InitialLaw::noisy_key});
    list.push_back({head + "V", width, value, InitialLaw::noisy_value});
    list.push_back({head + "P", value, out, InitialLaw::noisy});
    if (!mixer.bias) continue;
    list.push_back({head + "Q_bias", 1, key, InitialLaw::zero});
    list.push_back({head + "K_bias", 1, key, InitialLaw::zero});
    list.push_back({head + "V_bias", 1, value, InitialLaw::zero});
  }
  if (mixer.bias) list.push_back({"bias", 1, out, InitialLaw::zero});
  return list;
}

// sum_h read(Q, K, V) P: what linear and softmax attention share.
template <class Read>
Value over_heads(const MixerWork& work, Value keys, Read read) {
  Recorder& r = work.recorder;
  const std::size_t of_head = work.mixer.bias ? 7 : 4;  // Q, K, V, P and the biases of three
  const auto heads = static_cast<std::size_t>(work.mixer.heads);
  Value all;
  for (std::size_t h = 0; h < heads; ++h) {
    const auto weights = work.weights.subspan(h * of_head, of_head);
    const auto affine = [&](Value tokens, std::size_t matrix) {
      const Value product = r.product(tokens, weights[matrix]);
      return work.mixer.bias ? r.sum(product, weights[4 + matrix]) : product;
    };
    const Value q = affine(work.from, 0), k = affine(keys, 1), v = affine(keys, 2);
    const Value out = r.product(read(q, k, v), weights[3]);
    all = h == 0 ? out : r.sum(all, out);
  }
  return all;
}

Value with_bias(const MixerWork& work, Value all) {
  return work.mixer.bias ? work.recorder.sum(all, work.weights.back()) : all;
}

// Whether (Q K^T) V costs less than Q (K^T V).
bool scores_first(int queries, int keys, int key, int value) {
  return queries * keys * (key + value) < key * value * (queries + keys);
}

Value record_linear(const MixerWork& work) {
  Recorder& r = work.recorder;
  const Value keys = keys_of(work);
  const std::vector<double> mask = mask_of(work);
  const int queries = r.rows_of(work.from), count = r.rows_of(keys);
  const Value all = over_heads(work, keys, [&](Value q, Value k, Value v) {
    if (mask.empty() && !scores_first(queries, count, r.columns_of(k), r.columns_of(v))) {
      return r.product(q, r.product(Recorder::transposed(k), v));
    }
    Value scores = r.product(q, Recorder::transposed(k));
    if (!mask.empty()) scores = r.times(scores, r.constant(queries, count, mask));
    return r.product(scores, v);
  });
  return with_bias(work, r.scale(all, factor_of(work, count)));
}

Value record_softmax(const MixerWork& work) {
  Recorder& r = work.recorder;
  const Value keys = keys_of(work);
  const std::vector<double> mask = mask_of(work);
  const Value all = over_heads(work, keys, [&](Value q, Value k, Value v) {
    Value scores = r.product(q, Recorder::transposed(k));
    if (work.mixer.scale != Scale::one) scores = r.scale(scores, factor_of(work, r.rows_of(keys)));
    return r.product(mask.empty() ? r.softmax(scores) : r.softmax(scores, mask), v);
  });
  return with_bias(work, all);
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

Status check_heads(const Mixer&, const std::string&, int) { return {}; }

Status check_softmax(const Mixer& mixer, const std::string& path, int) {
  if (mixer.scale != Scale::mean) return {};
  return fail(ErrorKind::config, "{}.scale must be one or root for softmax, got mean", path);
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
    MixerEntry{MixerKind::linear, check_heads, head_parameters, record_linear},
    MixerEntry{MixerKind::softmax, check_softmax, head_parameters, record_softmax},
    MixerEntry{MixerKind::gradient_step, check_gradient_step, step_parameters,
               record_gradient_step},
};

}  // namespace

const MixerEntry& mixer_entry(MixerKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  GRAMIAN_ASSERT(index < kMixers.size() && kMixers[index].kind == kind);
  return kMixers[index];
}

}  // namespace gramian
