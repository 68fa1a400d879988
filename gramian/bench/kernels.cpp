#include "gramian/bench/kernels.h"

#include <nlohmann/json.hpp>

#include "gramian/bench/peak.h"
#include "gramian/bench/timing.h"
#include "gramian/lanes/target.h"
#include "gramian/lanes/view.h"
#include "gramian/models/operations.h"
#include "gramian/models/pass.h"

namespace gramian {

KernelTime time_kernels(const NetworkCase& what, double budget) {
  TaskSpec spec;
  spec.d = what.spec.d;
  spec.n = what.n;
  const RegressionTask task = RegressionTask::create(spec).value();
  PromptBlock<float> block(spec.d);
  PromptSampler<float>(task).sample({.seed = 1}, kLanes, block);
  const Network network = random_network(what, 1);
  const std::vector<float> theta(network.theta.begin(), network.theta.end());
  NetworkPass<float> pass(what.spec);
  AlignedArray<float> weights(block.truth.size()), dtheta(lane_size(theta.size()));
  const double factor = tame_factor(what);
  const double forward = median_seconds(
      budget / 2, [&] { pass.forward(theta.data(), block, factor, weights.data()); });
  const double backward =
      median_seconds(budget / 2, [&] { pass.backward(block.truth.data(), dtheta.data()); });
  const double operations = count_operations(what.spec).total() * kLanes;
  return {forward * 1e6, backward * 1e6, operations / (forward + backward) / 1e9};
}

KernelBench run_kernel_bench(const std::vector<NetworkCase>& cases,
                             const std::vector<std::string>& targets, double budget,
                             const std::function<bool(int, int)>& report) {
  KernelBench bench;
  for (const std::string& target : targets) {
    with_simd_target(target, [&] { bench.targets.push_back({target, measure_peak_gflops()}); });
  }
  const int total = static_cast<int>(cases.size() * targets.size());
  int done = 0;
  for (const NetworkCase& what : cases) {
    KernelBench::Row row{what, {}};
    for (const std::string& target : targets) {
      if (!report(done++, total)) return bench;
      with_simd_target(target, [&] { row.times.push_back(time_kernels(what, budget)); });
    }
    bench.rows.push_back(std::move(row));
  }
  report(total, total);
  return bench;
}

std::string kernel_json(const KernelBench& bench) {
  nlohmann::ordered_json json;
  for (const auto& target : bench.targets) {
    json["targets"].push_back(
        {{"simd", target.simd}, {"peak_gflops_per_core", target.peak_gflops}});
  }
  json["kernels"] = nlohmann::ordered_json::array();
  for (const auto& row : bench.rows) {
    const NetworkSpec& spec = row.what.spec;
    nlohmann::ordered_json entry{{"case", row.what.name()},
                                 {"kind", name_of(spec.kind)},
                                 {"layers", spec.layers},
                                 {"heads", spec.heads},
                                 {"d", spec.d},
                                 {"n", row.what.n}};
    for (std::size_t i = 0; i < row.times.size(); ++i) {
      const KernelTime& time = row.times[i];
      entry["times"].push_back({{"simd", bench.targets[i].simd},
                                {"forward_us", time.forward_us},
                                {"backward_us", time.backward_us},
                                {"gflops", time.gflops},
                                {"peak_fraction", time.gflops / bench.targets[i].peak_gflops}});
    }
    json["kernels"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

std::string kernel_table(const KernelBench& bench) {
  std::string text =
      "us for the forward and backward pass of sixteen prompts on one thread, in float, and of the "
      "peak of\n";
  for (const auto& target : bench.targets)
    text += fmt::format("  {} ({:.0f} GFLOP/s)", target.simd, target.peak_gflops);
  text += fmt::format("\n\n{:<38}", "case");
  for (const auto& target : bench.targets) text += fmt::format("{:>18}", target.simd);
  text += '\n';
  for (const auto& row : bench.rows) {
    text += fmt::format("{:<38}", row.what.name());
    for (std::size_t i = 0; i < row.times.size(); ++i) {
      text += fmt::format("{:>12.2f}{:>5.0f}%", row.times[i].us(),
                          100 * row.times[i].gflops / bench.targets[i].peak_gflops);
    }
    text += '\n';
  }
  return text;
}

}  // namespace gramian
