// A network as a regressor on real rows (docs/predict.md).
#include "common.h"
#include "gramian/tabular/network_regressor.h"

namespace gramian::python {

void bind_tabular(nb::module_& module) {
  module.def(
      "fit_rows",
      [](const Network& network, const Settings& settings, bool whiten, const InArray& x,
         const InArray& y) {
        const auto problem = value(api::configure_for(network.spec, settings));
        const auto regressor = value(NetworkRegressor::create(network, problem.task, whiten));
        const auto inputs = array_of(x, "X"), targets = array_of(y, "y");
        const auto d = static_cast<std::size_t>(network.spec.d);
        require(api::require_shape(inputs, "X", "[rows, d]", {api::kAny, d}));
        require(api::require_shape(targets, "y", "[rows]", {inputs.shape[0]}));
        require(api::require_finite(inputs, "X"));
        require(api::require_finite(targets, "y"));
        TableRows rows;
        rows.d = d;
        rows.x = inputs.values;
        rows.y = targets.values;
        const Fit fit = value(regressor.fit(rows));
        return nb::make_tuple(fit.model.intercept, to_numpy({{d}, fit.model.slopes}), fit.exploded);
      },
      "network"_a, "settings"_a, "whiten"_a, "X"_a, "y"_a,
      "Intercept and slopes of the linear model that the network makes of these rows, and whether "
      "it exploded.");
}

}  // namespace gramian::python
