#include "gramian/bench/tape_bench.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "gramian/base/aligned.h"
#include "gramian/bench/timing.h"
#include "gramian/lanes/target.h"
#include "gramian/lanes/view.h"
#include "gramian/tape/tape_run.h"

namespace gramian {

namespace {

constexpr struct { int rows, columns; } kSizes[] = {{8, 8}, {24, 40}};

OperationTime time_operation(const RecordedCase& what, double budget) {
  TapeRun<float> run(what.tape, true);
  std::vector<float> theta(what.tape.parameters());
  for (std::size_t i = 0; i < theta.size(); ++i)
    theta[i] = static_cast<float>(std::sin(0.7 * static_cast<double>(i)));
  for (const CaseInput& input : what.inputs) {
    float* numbers = run.values(input.value);
    for (std::size_t e = 0; e < lane_size(what.tape.node(input.value).size()); ++e)
      numbers[e] = static_cast<float>(case_number(input, std::sin(1.3 * static_cast<double>(e))));
  }
  const auto output = static_cast<std::size_t>(what.tape.output());
  AlignedArray<float> cotangent(lane_size(what.tape.nodes()[output].size())),
      dtheta(lane_size(theta.size()));
  std::fill(cotangent.begin(), cotangent.end(), 1.f);
  const double forward = median_seconds(budget / 2, [&] { run.forward(theta.data()); });
  const double backward =
      median_seconds(budget / 2, [&] { run.backward(cotangent.data(), dtheta.data()); });
  // With adjoints of all inputs each product has two backwards.
  const double operations = 2 * 3 * what.tape.cost().forward * kLanes;
  return {forward * 1e9, backward * 1e9, operations / (forward + backward) / 1e9};
}

}  // namespace

OperationBench run_operation_bench(const std::vector<std::string>& targets, double budget,
                                   const std::function<bool(int, int)>& report) {
  OperationBench bench{.machines = targets, .rows = {}};
  const std::vector<TapeCase> cases = tape_cases();
  const int total = static_cast<int>(cases.size() * std::size(kSizes) * targets.size());
  int done = 0;
  for (const TapeCase& what : cases) {
    for (const auto& size : kSizes) {
      OperationBench::Row row{what.name, size.rows, size.columns, {}};
      const RecordedCase recorded = record_case(what, size.rows, size.columns, false);
      for (const std::string& target : targets) {
        if (!report(done++, total)) return bench;
        with_simd_target(target, [&] { row.times.push_back(time_operation(recorded, budget)); });
      }
      bench.rows.push_back(std::move(row));
    }
  }
  report(total, total);
  return bench;
}

std::string operation_json(const OperationBench& bench) {
  nlohmann::ordered_json json;
  json["operations"] = nlohmann::ordered_json::array();
  for (const auto& row : bench.rows) {
    nlohmann::ordered_json entry{{"case", row.name}, {"rows", row.rows}, {"columns", row.columns}};
    for (std::size_t i = 0; i < row.times.size(); ++i) {
      const OperationTime& time = row.times[i];
      nlohmann::ordered_json measured{{"machine", bench.machines[i]},
                                      {"forward_ns", time.forward_ns},
                                      {"backward_ns", time.backward_ns}};
      if (time.gflops > 0) measured["gflops"] = time.gflops;
      entry["times"].push_back(std::move(measured));
    }
    json["operations"].push_back(std::move(entry));
  }
  return json.dump(2) + "\n";
}

std::string operation_table(const OperationBench& bench) {
  std::string text =
      "ns for the forward and for the backward pass of sixteen prompts on one thread, in float, "
      "and\n"
      "GFLOP/s of products\n\n";
  text += fmt::format("{:<30}{:<10}", "case", "size");
  for (const std::string& machine : bench.machines) text += fmt::format("{:>28}", machine);
  text += '\n';
  for (const auto& row : bench.rows) {
    text += fmt::format("{:<30}{:<10}", row.name, fmt::format("[{}, {}]", row.rows, row.columns));
    for (const OperationTime& time : row.times) {
      text += fmt::format("{:>10.0f}{:>10.0f}{:>8}", time.forward_ns, time.backward_ns,
                          time.gflops > 0 ? fmt::format("{:.1f}", time.gflops) : "");
    }
    text += '\n';
  }
  return text;
}

}  // namespace gramian
