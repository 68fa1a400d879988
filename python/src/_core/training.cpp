// Training in memory.
#include "common.h"

namespace gramian::python {

namespace {

Network train(const Settings& settings, std::optional<Network> start,
              std::optional<nb::callable> on_step) {
  const Interrupt interrupt;
  const auto told =
      callback<std::int64_t, double, double, double, int>(std::move(on_step), interrupt);
  return await_result(interrupt, [=]() -> Expected<Network> {
    const auto problem = GRAMIAN_TRY(api::configure(settings));
    api::Watch watch{.stop = interrupt.asked()};
    if (told) {
      watch.on_step = [&told](const StepReport& report) {
        told(report.step, report.loss, report.gradient_norm, report.learning_rate, report.dropped);
      };
    }
    return api::train(problem, watch, start ? &*start : nullptr);
  });
}

}  // namespace

void bind_training(nb::module_& module) {
  module.def("train", train, "settings"_a, "start"_a = nb::none(), "on_step"_a = nb::none(),
             "Trains in memory; on_step(step, loss, gradient_norm, learning_rate, dropped).");
}

}  // namespace gramian::python
