// One step of gradient descent on one block of prompts, by a program outside the project.
#include <gramian/gramian.h>

#include <cstdio>
#include <vector>

int main() {
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
