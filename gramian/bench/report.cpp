// The table and the JSON of gramian bench.
#include <nlohmann/json.hpp>

#include "gramian/bench/bench.h"
#include "gramian/bench/cases.h"

namespace gramian {

namespace {

nlohmann::ordered_json to_json(const BenchTime& time) {
  const BenchCase& what = time.what;
  return {{"kind", name_of(what.kind)},
          {"layers", what.layers},
          {"d", what.d},
          {"n", what.n},
          {"batch", what.batch},
          {"threads", what.threads},
          {"ms", time.ms},
          {"spread", time.spread},
          {"gflops", time.gflops},
          {"peak_fraction", time.peak_fraction},
          {"kernel_gflops", time.kernel_gflops},
          {"kernel_peak_fraction", time.kernel_peak_fraction},
          {"shares",
           {{"sampling", time.sampling},
            {"forward", time.forward},
            {"backward", time.backward},
            {"rest", time.rest}}}};
}

constexpr const char* kHeader =
    "kind  L   d       n  thr   ms a step  spread   GFLOP/s  of peak | kernels  of peak |  sample  "
    "forward backward    "
    "rest\n";

std::string to_line(const BenchTime& t) {
  const BenchCase& w = t.what;
  return fmt::format(
      "{:<5}{:>2}{:>4}{:>8}{:>5}{:>12.4f}{:>7.1f}%{:>10.1f}{:>8.1f}% |{:>8.1f}{:>8.1f}% "
      "|{:>7.1f}%{:>8.1f}%{:>8.1f}%{:>7.1f}%\n",
      name_of(w.kind), w.layers, w.d, w.n, w.threads, t.ms, 100 * t.spread, t.gflops,
      100 * t.peak_fraction, t.kernel_gflops, 100 * t.kernel_peak_fraction, 100 * t.sampling,
      100 * t.forward, 100 * t.backward, 100 * t.rest);
}

}  // namespace

std::string bench_json(const BenchResult& result) {
  nlohmann::ordered_json json{{"peak_gflops_per_core", result.peak_gflops_per_core},
                              {"simd", result.simd}};
  for (const auto& [key, list] :
       {std::pair{"cases", &result.cases}, std::pair{"context", &result.context}}) {
    json[key] = nlohmann::ordered_json::array();
    for (const BenchTime& time : *list) json[key].push_back(to_json(time));
  }
  json["tokens"] = nlohmann::ordered_json::array();
  for (const TokenBenchTime& t : result.tokens) {
    json["tokens"].push_back({{"name", t.name},
                              {"batch", t.batch},
                              {"parameters", t.parameters},
                              {"ms", t.ms},
                              {"spread", t.spread},
                              {"gflops", t.gflops},
                              {"peak_fraction", t.peak_fraction}});
  }
  json["targets"] = nlohmann::ordered_json::array();
  for (const auto& target : result.targets) {
    nlohmann::ordered_json entry{{"simd", target.simd},
                                 {"peak_gflops_per_core", target.peak_gflops_per_core}};
    entry.update(to_json(target.time));
    json["targets"].push_back(std::move(entry));
  }
  json["signature"] = result.signature;
  return json.dump(2) + "\n";
}

std::string bench_table(const BenchResult& result) {
  std::string text =
      fmt::format("FMA peak {:.1f} GFLOP/s a core ({}), B = 2048, float; medians\n\n{}",
                  result.peak_gflops_per_core, result.simd, kHeader);
  for (const BenchTime& time : result.cases) text += to_line(time);
  text += "\nCost against the context length n\n";
  for (const BenchTime& time : result.context) text += to_line(time);
  text += "\nTransformers on tokens, one thread\n";
  for (const TokenBenchTime& t : result.tokens) {
    text += fmt::format(
        "{:<12} B = {}, {} parameters: {:.3f} ms a step (spread {:.1f}%), {:.1f} GFLOP/s, {:.1f}% "
        "of peak\n",
        t.name, t.batch, t.parameters, t.ms, 100 * t.spread, t.gflops, 100 * t.peak_fraction);
  }
  text += "\nEach instruction set of this machine, against its own peak\n";
  for (const auto& target : result.targets) {
    text += fmt::format("{:<7}{:>7.1f} GFLOP/s   {}", target.simd, target.peak_gflops_per_core,
                        to_line(target.time));
  }
  return text;
}

}  // namespace gramian
