// A program outside the project: one step of gradient descent on one block of prompts, by the parts
// of the library, and the example of README.md, by the facade.
#include <gramian/api.h>
#include <gramian/gramian.h>

#include <cstdio>
#include <vector>

namespace {

// README.md, "As a library".
int example() {
  namespace api = gramian::api;
  const auto problem = api::configure({"task.d=5", "model.layers=2", "train.steps=200"}).value();
  const auto network = api::train(problem).value();
  const auto prompts = api::draw(problem.task, {.count = 1000, .seed = 1}).value();
  const auto weights = api::implicit_weights(network, prompts.gram, prompts.n).value();
  double error = 0, size = 0;
  for (std::size_t p = 0; p < prompts.w.extent(0); ++p) {
    for (std::size_t j = 0; j < 5; ++j) {
      const double learned = weights.entry(p)[2 * 5 + j], truth = prompts.w.entry(p)[j];
      error += (learned - truth) * (learned - truth);
      size += truth * truth;
    }
  }
  std::printf("relative error of the example %.3f\n", error / size);
  return error < 0.6 * size ? 0 : 1;
}

}  // namespace

int main() {
  if (example() != 0) return 1;
  using namespace gramian;
  TaskSpec spec;
  spec.d = 3;
  spec.n = 50;
  const auto task = RegressionTask::create(spec);
  if (!task) {
    std::fprintf(stderr, "%s\n", task.error().message.c_str());
    return 1;
  }
  PromptBlock<double> block(task->d());
  PromptSampler<double>(*task).sample({.seed = 1}, kLanes, block);

  const NetworkSpec network_spec{.kind = Parametrisation::gdpp, .d = 3, .layers = 1};
  const Network network{network_spec, {0.0, -1.0}};  // omega_xx, omega_yx
  std::vector<double> weights(3 * kLanes);
  NetworkPass<double>(network_spec)
      .forward(network.theta.data(), block, network_spec.context_factor(task->n()), weights.data());
  // Without noise, and with a context this long, one step is near the truth.
  double error = 0, size = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    error += (weights[i] - block.truth[i]) * (weights[i] - block.truth[i]);
    size += block.truth[i] * block.truth[i];
  }
  std::printf("relative error %.3f\n", error / size);
  return error > 0 && error < 0.3 * size ? 0 : 1;
}
