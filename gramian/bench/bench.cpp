#include "gramian/bench/bench.h"

#include <algorithm>
#include <bit>

#include "gramian/base/hash.h"
#include "gramian/bench/peak.h"
#include "gramian/bench/timing.h"
#include "gramian/lanes/target.h"
#include "gramian/models/operations.h"
#include "gramian/models/pass.h"
#include "gramian/models/transformer/flat.h"
#include "gramian/tasks/linear_pairs.h"
#include "gramian/tasks/sine_pairs.h"
#include "gramian/training/trainer.h"
#include "gramian/training/transformer_trainer.h"

namespace gramian {

namespace {

RegressionTask task_of(const BenchCase& what) {
  TaskSpec spec;
  spec.d = what.d;
  spec.n = what.n;
  spec.noise = NoisePrior::uniform(0, 5).value();
  return RegressionTask::create(spec).value();
}

NetworkSpec network_of(const BenchCase& what) {
  return {.kind = what.kind, .d = what.d, .layers = what.layers};
}

// Near gradient descent with a step short enough for d = 40, so that no prompt explodes.
Network start_of(const BenchCase& what) {
  return Network::initial(network_of(what), {.step = 0.2, .curvature = 0.01, .noise = 1e-3}, what.n,
                          1);
}

// The parts of a step for one block of prompts, in seconds.
struct Parts {
  double sampling, forward, backward;
};

Parts time_parts(const BenchCase& what, double budget) {
  const RegressionTask task = task_of(what);
  const Network network = start_of(what);
  const std::vector<float> theta(network.theta.begin(), network.theta.end());
  PromptSampler<float> sampler(task, false);
  PromptBlock<float> block(what.d);
  NetworkPass<float> pass(network.spec);
  AlignedArray<float> weights(block.truth.size()), dtheta(lane_size(theta.size()));
  const double factor = network.spec.context_factor(what.n);
  std::uint32_t step = 0;
  const auto timed = [&](const auto& body) { return median_seconds(budget / 3, body); };
  return {timed([&] { sampler.sample({.seed = 1, .step = step++}, kLanes, block); }),
          timed([&] { pass.forward(theta.data(), block, factor, weights.data()); }),
          timed([&] { pass.backward(block.truth.data(), dtheta.data()); })};
}

}  // namespace

BenchTime time_case(const BenchCase& what, double peak_gflops, double budget) {
  BenchTime time{.what = what};
  const RegressionTask task = task_of(what);
  TrainSpec train;
  train.steps = 1'000'000'000;
  train.batch = what.batch;
  train.optimiser.learning_rate = 1e-6;  // the weights stay where they are
  ThreadPool pool(what.threads);
  const auto trainer = Trainer::create(task, start_of(what), train, pool);
  const Sample step = repeat(budget, [&] { (void)trainer->step(); });
  const double operations = count_operations(network_of(what)).total();
  time.ms = step.median * 1e3;
  time.spread = step.spread;
  time.gflops = operations * what.batch / step.median / 1e9;
  time.peak_fraction = time.gflops / (peak_gflops * what.threads);

  const Parts parts = time_parts(what, budget);
  const double blocks = static_cast<double>(blocks_for(static_cast<std::size_t>(what.batch)));
  const double whole = std::max(step.median * what.threads / blocks,
                                parts.sampling + parts.forward + parts.backward);
  time.sampling = parts.sampling / whole;
  time.forward = parts.forward / whole;
  time.backward = parts.backward / whole;
  time.rest = 1 - time.sampling - time.forward - time.backward;
  time.kernel_gflops = operations * kLanes / (parts.forward + parts.backward) / 1e9;
  time.kernel_peak_fraction = time.kernel_gflops / peak_gflops;
  return time;
}

std::vector<TokenBenchTime> time_tokens(double peak_gflops, double budget) {
  TaskSpec linear;
  linear.n = 10;
  const auto task = [](std::shared_ptr<const PairTask> pairs, TokenLayout layout) {
    return TokenTask::create(std::move(pairs), layout).value();
  };
  struct Case {
    const char* name;
    TokenTask task;
    FlatTransformer network;
  };
  std::vector<Case> cases{
      {"sines",
       task(sine_pairs(10).value(), TokenLayout::joined),
       {.embedding = 40, .hidden = 160}},
      {"interleaved",
       task(linear_pairs(RegressionTask::create(linear).value()), TokenLayout::interleaved),
       {.positions = 10, .layers = 2, .softmax_layers = 1}}};
  std::vector<TokenBenchTime> times;
  for (Case& c : cases) {
    c.network.tokens = c.task.tokens();
    c.network.width = c.task.width();
    const auto initial = Transformer::initial(describe(c.network).value(), 0.05, 1).value();
    TokenBenchTime time{.name = c.name};
    TrainSpec train;
    train.steps = 1'000'000'000;
    train.batch = time.batch;
    train.optimiser.learning_rate = 1e-9;  // the weights stay where they are
    ThreadPool pool(1);
    const auto trainer = TransformerTrainer::create(c.task, initial, train, pool);
    const Sample step = repeat(budget, [&] { (void)trainer->step(); });
    const Tape::Cost cost = initial.recorded().tape.cost();
    time.parameters = trainer->theta().size();
    time.ms = step.median * 1e3;
    time.spread = step.spread;
    time.gflops = 2 * (cost.forward + cost.backward) * time.batch / step.median / 1e9;
    time.peak_fraction = time.gflops / peak_gflops;
    times.push_back(time);
  }
  return times;
}

std::string bench_signature() {
  std::uint64_t hash = kEmptyHash;  // over the bits of all weights
  for (Parametrisation kind :
       {Parametrisation::full, Parametrisation::diag, Parametrisation::gdpp}) {
    const BenchCase what{.kind = kind, .layers = 3, .d = 5, .n = 12};
    TrainSpec train;
    train.seed = 20;
    train.steps = 20;
    train.batch = 100;
    ThreadPool pool(1);
    const auto trainer = Trainer::create(task_of(what), start_of(what), train, pool);
    while (!trainer->done()) {
      if (!trainer->step()) return "diverged";
    }
    for (double t : trainer->network().theta) {
      hash = hash_number(std::bit_cast<std::uint64_t>(t), hash);
    }
  }
  return fmt::format("{:016x}", hash);
}

BenchResult run_bench(double budget, const std::function<bool(int, int)>& report) {
  BenchResult result;
  result.signature = bench_signature();
  result.simd = simd_target();
  result.peak_gflops_per_core = measure_peak_gflops();

  std::vector<BenchCase> cases, contexts;
  for (Parametrisation kind :
       {Parametrisation::full, Parametrisation::diag, Parametrisation::gdpp}) {
    for (int layers : {1, 4, 7}) {
      for (int d : {5, 10, 20, 40}) {
        for (int threads : {1, 2}) cases.push_back({kind, layers, d, 2 * d, 2048, threads});
      }
    }
  }
  for (Parametrisation kind : {Parametrisation::full, Parametrisation::diag}) {
    for (int n : {20, 1000, 100000}) contexts.push_back({.kind = kind, .n = n});
  }
  const std::vector<std::string> targets = simd_targets();
  const int total = static_cast<int>(cases.size() + contexts.size() + 2 * targets.size());
  int done = 0;
  for (const BenchCase& what : cases) {
    if (!report(done++, total)) return result;
    result.cases.push_back(time_case(what, result.peak_gflops_per_core, budget));
  }
  for (const BenchCase& what : contexts) {
    if (!report(done++, total)) return result;
    result.context.push_back(time_case(what, result.peak_gflops_per_core, budget));
  }
  result.tokens = time_tokens(result.peak_gflops_per_core, budget);
  for (const std::string& target : targets) {
    for (Parametrisation kind : {Parametrisation::full, Parametrisation::diag}) {
      if (!report(done++, total)) return result;
      with_simd_target(target, [&] {
        const double peak = measure_peak_gflops();
        result.targets.push_back({target, peak, time_case({.kind = kind}, peak, budget)});
      });
    }
  }
  report(total, total);
  return result;
}

}  // namespace gramian
