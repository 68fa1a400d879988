#include "gramian/bench/sequence_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "gramian/bench/peak.h"
#include "gramian/bench/timing.h"
#include "gramian/lanes/target.h"
#include "gramian/sequence/mesa.h"
#include "gramian/sequence/mixer.h"
#include "gramian/sequence/softmax.h"

namespace gramian {
namespace {

constexpr std::size_t kHeads = 64, kHeadSize = 32;

// The arrays of all heads.
struct Arrays {
  std::size_t tokens;
  std::vector<float> q, k, v, o, dout, dq, dk, dv, decay, strength, ridge;

  explicit Arrays(std::size_t length) : tokens(length) {
    const std::size_t count = kHeads * tokens * kHeadSize;
    float phase = 0;
    for (auto* array : {&q, &k, &v, &dout}) {
      phase += 1;
      for (std::size_t e = 0; e < count; ++e)
        array->push_back(0.2f * std::sin(phase + 1.3f * static_cast<float>(e % 100003)));
    }
    for (auto* array : {&o, &dq, &dk, &dv}) array->resize(count);
    decay.assign(tokens, 0.99f);
    strength.assign(tokens, 0.5f);
    ridge.assign(kHeadSize, 1.f);
  }
  template <class T>
  static Rows<T> rows(T* array, std::size_t head, std::size_t length) {
    return {array + head * length * kHeadSize, kHeadSize};
  }
  Rows<const float> read(const std::vector<float>& array, std::size_t head) const {
    return rows(array.data(), head, tokens);
  }
  Rows<float> write(std::vector<float>& array, std::size_t head) const {
    return rows(array.data(), head, tokens);
  }
  MixerInput<float> input(std::size_t h) const {
    return {.tokens = tokens,
            .key = kHeadSize,
            .value = kHeadSize,
            .q = read(q, h),
            .k = read(k, h),
            .v = read(v, h)};
  }
  MixerAdjoint<float> adjoint(std::size_t h) {
    return {.dout = read(dout, h), .dq = write(dq, h), .dk = write(dk, h), .dv = write(dv, h)};
  }
};

// One head forward, or back.
struct BenchMixer {
  const char* name;
  int longest;
  double flops;  // of both passes, a token and head; 0: not counted
  void (*run)(Arrays& a, std::size_t head, bool forward);
};

void run_additive(Arrays& a, std::size_t h, bool forward) {
  const CausalMixer mixer;
  if (forward) return mix(mixer, a.input(h), {a.write(a.o, h)});
  mix_adjoint(mixer, a.input(h), a.adjoint(h));
}

void run_gated(Arrays& a, std::size_t h, bool forward) {
  const CausalMixer mixer;
  MixerInput<float> in = a.input(h);
  in.decay = a.decay.data();
  if (forward) return mix(mixer, in, {a.write(a.o, h)});
  std::vector<float> ddecay(a.tokens);
  MixerAdjoint<float> adjoint = a.adjoint(h);
  adjoint.ddecay = ddecay.data();
  mix_adjoint(mixer, in, adjoint);
}

void run_delta_rule(Arrays& a, std::size_t h, bool forward) {
  const CausalMixer mixer{.rule = StateRule::delta};
  MixerInput<float> in = a.input(h);
  in.strength = a.strength.data();
  if (forward) return mix(mixer, in, {a.write(a.o, h)});
  mix_adjoint(mixer, in, a.adjoint(h));
}

void run_mesa_layer(Arrays& a, std::size_t h, bool forward) {
  const MesaInput<float> in{.mixed = a.input(h), .ridge = a.ridge.data()};
  if (forward) return mesa({}, in, {a.write(a.o, h)});
  mesa_adjoint({}, in, {.mixed = a.adjoint(h)});
}

void run_softmax(Arrays& a, std::size_t h, bool forward) {
  const SoftmaxInput<float> in{.queries = a.tokens,
                               .keys = a.tokens,
                               .key = kHeadSize,
                               .value = kHeadSize,
                               .q = a.read(a.q, h),
                               .k = a.read(a.k, h),
                               .v = a.read(a.v, h),
                               .scale = 0.17f};
  if (forward) return softmax_mix(in, a.write(a.o, h));
  softmax_adjoint(in, a.read(a.dout, h), {a.write(a.dq, h), a.write(a.dk, h), a.write(a.dv, h)});
}

constexpr BenchMixer kBenchMixers[] = {
    {"additive", 1 << 20, 2.0 * 8 * kHeadSize* kHeadSize, run_additive},
    {"gated", 1 << 20, 0, run_gated},
    {"delta", 1 << 20, 0, run_delta_rule},
    {"mesa", 1 << 20, 0, run_mesa_layer},
    {"softmax", 1024, 0, run_softmax}};

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

}  // namespace

std::vector<std::string> bench_mixers() {
  std::vector<std::string> names;
  for (const BenchMixer& mixer : kBenchMixers) names.emplace_back(mixer.name);
  return names;
}

SequenceBench run_sequence_bench(const std::vector<int>& tokens, const std::string& only,
                                 double budget, const std::function<bool(int, int)>& report) {
  SequenceBench bench{.target = simd_target(), .peak_gflops = measure_peak_gflops(), .times = {}};
  const int total = static_cast<int>(tokens.size() * std::size(kBenchMixers));
  int done = 0;
  for (const int length : tokens) {
    Arrays arrays(static_cast<std::size_t>(length));
    for (const BenchMixer& mixer : kBenchMixers) {
      if (!report(done++, total)) return bench;
      if (length > mixer.longest || (!only.empty() && only != mixer.name)) continue;
      SequenceTime time{.mixer = mixer.name, .tokens = length};
      time.forward_ns = ns_of(mixer, arrays, true, budget / 2);
      time.backward_ns = ns_of(mixer, arrays, false, budget / 2);
      time.peak_share = mixer.flops / (time.forward_ns + time.backward_ns) / bench.peak_gflops;
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
                              {"head_size", kHeadSize}};
  json["mixers"] = nlohmann::ordered_json::array();
  for (const SequenceTime& time : bench.times) {
    nlohmann::ordered_json entry{{"mixer", time.mixer},
                                 {"tokens", time.tokens},
                                 {"forward_ns", time.forward_ns},
                                 {"backward_ns", time.backward_ns}};
    if (time.peak_share > 0) entry["peak_share"] = time.peak_share;
    json["mixers"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

std::string sequence_bench_table(const SequenceBench& bench) {
  std::string table = fmt::format(
      "{}, one thread, float, peak {:.0f} GFLOP/s; {} heads of {} numbers; ns a token and head\n"
      "{:<10} {:>7} {:>9} {:>9} {:>14}\n",
      bench.target, bench.peak_gflops, kHeads, kHeadSize, "mixer", "tokens", "forward", "backward",
      "share of peak");
  for (const SequenceTime& time : bench.times) {
    table += fmt::format("{:<10} {:>7} {:>9.1f} {:>9.1f} {:>14}\n", time.mixer, time.tokens,
                         time.forward_ns, time.backward_ns,
                         time.peak_share > 0 ? fmt::format("{:.2f}", time.peak_share) : "");
  }
  return table;
}

}  // namespace gramian
