#include "gramian/bench/sequence_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "gramian/base/assert.h"
#include "gramian/bench/peak.h"
#include "gramian/bench/timing.h"
#include "gramian/lanes/target.h"
#include "gramian/sequence/mesa.h"
#include "gramian/sequence/mixer.h"
#include "gramian/sequence/softmax.h"

namespace gramian {
namespace {

constexpr std::size_t kHeads = 64;

// A random number in (-1, 1), uniform.
float next_number(std::uint32_t& state) {
  state = state * 1664525u + 1013904223u;
  return static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31f;
}

// The arrays of all heads.
struct Arrays {
  std::size_t tokens, size;
  std::vector<float> q, k, v, o, dout, dq, dk, dv, decay, strength, ridge;

  Arrays(std::size_t length, std::size_t head_size) : tokens(length), size(head_size) {
    const std::size_t count = kHeads * tokens * size;
    std::uint32_t state = 7;
    for (auto* array : {&q, &k, &v, &dout}) {
      array->resize(count);
      for (float& number : *array) number = next_number(state);
    }
    for (auto* array : {&q, &k}) {
      for (std::size_t row = 0; row < count; row += size) {
        float square = 1e-12f;
        for (std::size_t i = 0; i < size; ++i) square += (*array)[row + i] * (*array)[row + i];
        for (std::size_t i = 0; i < size; ++i) (*array)[row + i] /= std::sqrt(square);
      }
    }
    for (auto* array : {&o, &dq, &dk, &dv}) array->resize(count);
    for (std::size_t t = 0; t < tokens; ++t) decay.push_back(0.98f + 0.02f * next_number(state));
    strength.assign(tokens, 0.5f);
    ridge.assign(size, 1.f);
  }
  template <class T>
  Rows<T> rows(T* array, std::size_t head) const {
    return {array + head * tokens * size, static_cast<std::ptrdiff_t>(size)};
  }
  Rows<const float> read(const std::vector<float>& array, std::size_t head) const {
    return rows(array.data(), head);
  }
  Rows<float> write(std::vector<float>& array, std::size_t head) const {
    return rows(array.data(), head);
  }
  MixerInput<float> input(std::size_t h, bool gated = false) const {
    return {.tokens = tokens,
            .key = size,
            .value = size,
            .q = read(q, h),
            .k = read(k, h),
            .v = read(v, h),
            .decay = gated ? decay.data() : nullptr};
  }
  MixerAdjoint<float> adjoint(std::size_t h) {
    return {.dout = read(dout, h), .dq = write(dq, h), .dk = write(dk, h), .dv = write(dv, h)};
  }
};

void run_mixer(Arrays& a, std::size_t h, bool forward, const CausalMixer& mixer,
               const MixerInput<float>& in, bool learns_decay = false) {
  if (forward) return mix(mixer, in, {a.write(a.o, h)});
  std::vector<float> ddecay(a.tokens);
  MixerAdjoint<float> adjoint = a.adjoint(h);
  if (learns_decay) adjoint.ddecay = ddecay.data();
  mix_adjoint(mixer, in, adjoint);
}

void run_additive(Arrays& a, std::size_t h, bool forward) {
  run_mixer(a, h, forward, {}, a.input(h));
}

void run_gated(Arrays& a, std::size_t h, bool forward) {
  run_mixer(a, h, forward, {}, a.input(h, true), true);
}

void run_momentum(Arrays& a, std::size_t h, bool forward) {
  run_mixer(a, h, forward, {.momentum = 0.6}, a.input(h));
}

void run_delta_rule(Arrays& a, std::size_t h, bool forward) {
  MixerInput<float> in = a.input(h);
  in.strength = a.strength.data();
  run_mixer(a, h, forward, {.rule = StateRule::delta}, in);
}

template <MesaSolver solver, bool gated>
void run_mesa_layer(Arrays& a, std::size_t h, bool forward) {
  const MesaLayer layer{.solver = solver};
  const MesaInput<float> in{.mixed = a.input(h, gated), .ridge = a.ridge.data()};
  if (forward) return mesa(layer, in, {a.write(a.o, h)});
  mesa_adjoint(layer, in, {.mixed = a.adjoint(h)});
}

void run_softmax(Arrays& a, std::size_t h, bool forward) {
  const SoftmaxInput<float> in{.queries = a.tokens,
                               .keys = a.tokens,
                               .key = a.size,
                               .value = a.size,
                               .q = a.read(a.q, h),
                               .k = a.read(a.k, h),
                               .v = a.read(a.v, h),
                               .scale = 0.17f};
  if (forward) return softmax_mix(in, a.write(a.o, h));
  softmax_adjoint(in, a.read(a.dout, h), {a.write(a.dq, h), a.write(a.dk, h), a.write(a.dv, h)});
}

enum class Solves { nothing, sums, decayed };

// One head forward, or back.
struct BenchMixer {
  const char* name;
  int longest;
  double flops;  // of both passes, a token and head, for each number of a state; 0: not counted
  Solves solves;
  void (*run)(Arrays& a, std::size_t head, bool forward);
};

constexpr BenchMixer kBenchMixers[] = {
    {"additive", 1 << 20, 2.0 * 8, Solves::nothing, run_additive},
    {"gated", 1 << 20, 0, Solves::nothing, run_gated},
    {"momentum", 1 << 20, 0, Solves::nothing, run_momentum},
    {"delta", 1 << 20, 0, Solves::nothing, run_delta_rule},
    {"mesa", 1 << 20, 0, Solves::sums, run_mesa_layer<MesaSolver::direct, false>},
    {"mesa_gated", 1 << 20, 0, Solves::decayed, run_mesa_layer<MesaSolver::direct, true>},
    {"mesa_recursive", 1 << 20, 0, Solves::sums, run_mesa_layer<MesaSolver::recursive, false>},
    {"mesa_gradients", 1 << 20, 0, Solves::sums,
     run_mesa_layer<MesaSolver::conjugate_gradients, false>},
    {"mesa_gradients_gated", 1 << 20, 0, Solves::decayed,
     run_mesa_layer<MesaSolver::conjugate_gradients, true>},
    {"softmax", 1024, 0, Solves::nothing, run_softmax}};

// The median of at least five runs over all heads, in `budget` seconds of the processor.
double ns_of(const BenchMixer& mixer, Arrays& arrays, bool forward, double budget) {
  const auto all_heads = [&] {
    for (std::size_t h = 0; h < kHeads; ++h) mixer.run(arrays, h, forward);
  };
  all_heads();  // to warm up
  std::vector<double> times;
  for (double spent = 0; spent < budget || times.size() < 5; spent += times.back())
    times.push_back(processor_seconds_of(all_heads));
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  return 1e9 * times[times.size() / 2] / static_cast<double>(kHeads * arrays.tokens);
}

// Of o of the first head, against a direct solve in double of the same numbers.
double error_of(const BenchMixer& mixer, Arrays& a) {
  if (mixer.solves == Solves::nothing) return 0;
  mixer.run(a, 0, true);
  const std::size_t count = a.tokens * a.size;
  const auto first = [&](const std::vector<float>& array) {
    return std::vector<double>(array.begin(), array.begin() + static_cast<std::ptrdiff_t>(count));
  };
  const std::vector<double> q = first(a.q), k = first(a.k), v = first(a.v), got = first(a.o),
                            decay(a.decay.begin(), a.decay.end()), ridge(a.size, 1);
  std::vector<double> o(count);
  const auto stride = static_cast<std::ptrdiff_t>(a.size);
  const MixerInput<double> in{.tokens = a.tokens,
                              .key = a.size,
                              .value = a.size,
                              .q = {q.data(), stride},
                              .k = {k.data(), stride},
                              .v = {v.data(), stride},
                              .decay = mixer.solves == Solves::decayed ? decay.data() : nullptr};
  mesa({}, MesaInput<double>{.mixed = in, .ridge = ridge.data()}, {{o.data(), stride}});
  double gap = 0, square = 0;
  for (std::size_t e = 0; e < count; ++e) {
    gap += (got[e] - o[e]) * (got[e] - o[e]);
    square += o[e] * o[e];
  }
  return std::sqrt(gap / square);
}

}  // namespace

std::vector<std::string> bench_mixers() {
  std::vector<std::string> names;
  for (const BenchMixer& mixer : kBenchMixers) names.emplace_back(mixer.name);
  return names;
}

SequenceBench run_sequence_bench(const SequenceCases& cases, double budget,
                                 const std::function<bool(int, int)>& report) {
  GRAMIAN_ASSERT(cases.head_size >= 1 && cases.head_size <= kMaxMesaKey);
  SequenceBench bench{.target = simd_target(),
                      .peak_gflops = measure_peak_gflops(),
                      .head_size = cases.head_size,
                      .times = {}};
  const int total = static_cast<int>(cases.tokens.size() * std::size(kBenchMixers));
  const double numbers = static_cast<double>(cases.head_size * cases.head_size);
  int done = 0;
  for (const int length : cases.tokens) {
    Arrays arrays(static_cast<std::size_t>(length), cases.head_size);
    for (const BenchMixer& mixer : kBenchMixers) {
      if (!report(done++, total)) return bench;
      if (length > mixer.longest || (!cases.only.empty() && cases.only != mixer.name)) continue;
      SequenceTime time{.mixer = mixer.name, .tokens = length};
      time.forward_ns = ns_of(mixer, arrays, true, budget / 2);
      time.backward_ns = ns_of(mixer, arrays, false, budget / 2);
      time.peak_share =
          mixer.flops * numbers / (time.forward_ns + time.backward_ns) / bench.peak_gflops;
      time.error = error_of(mixer, arrays);
      bench.times.push_back(time);
    }
  }
  report(total, total);
  return bench;
}

std::string sequence_bench_json(const SequenceBench& bench) {
  nlohmann::ordered_json json{{"target", bench.target},
                              {"peak_gflops", bench.peak_gflops},
                              {"heads", kHeads},
                              {"head_size", bench.head_size}};
  json["mixers"] = nlohmann::ordered_json::array();
  for (const SequenceTime& time : bench.times) {
    nlohmann::ordered_json entry{{"mixer", time.mixer},
                                 {"tokens", time.tokens},
                                 {"forward_ns", time.forward_ns},
                                 {"backward_ns", time.backward_ns}};
    if (time.peak_share > 0) entry["peak_share"] = time.peak_share;
    if (time.error > 0) entry["error"] = time.error;
    json["mixers"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

std::string sequence_bench_table(const SequenceBench& bench) {
  std::string table = fmt::format(
      "{}, one thread, float, peak {:.0f} GFLOP/s; {} heads of {} numbers; ns a token and head\n"
      "{:<20} {:>7} {:>9} {:>9} {:>14} {:>11}\n",
      bench.target, bench.peak_gflops, kHeads, bench.head_size, "mixer", "tokens", "forward",
      "backward", "share of peak", "error of o");
  for (const SequenceTime& time : bench.times) {
    table += fmt::format("{:<20} {:>7} {:>9.1f} {:>9.1f} {:>14} {:>11}\n", time.mixer, time.tokens,
                         time.forward_ns, time.backward_ns,
                         time.peak_share > 0 ? fmt::format("{:.2f}", time.peak_share) : "",
                         time.error > 0 ? fmt::format("{:.1e}", time.error) : "");
  }
  return table;
}

}  // namespace gramian
