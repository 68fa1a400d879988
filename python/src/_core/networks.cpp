// Networks on Gram matrices: weights in and out, and what they compute.
#include "common.h"
#include "gramian/models/keys.h"

namespace gramian::python {

namespace {

api::Convention convention(const std::string& scale, bool query_in_keys, bool tied, int layers) {
  const auto known = kContextScales.find(scale);
  if (!known) {
    raise({ErrorKind::config, fmt::format("scale must be {}, got '{}'",
                                          fmt::join(kContextScales.texts, " or "), scale)});
  }
  return {*known, query_in_keys, tied, layers};
}

Network from_pq(const InArray& p, const InArray& q, const std::string& scale, bool query_in_keys,
                bool tied, int layers) {
  return value(api::from_pq(array_of(p, "P"), array_of(q, "Q"),
                            convention(scale, query_in_keys, tied, layers)));
}

Network from_qkvo(const InArray& q, const InArray& k, const InArray& v, const InArray& o, int heads,
                  const std::string& scale, bool query_in_keys, bool tied, int layers) {
  return value(api::from_qkvo(
      {array_of(q, "W_q"), array_of(k, "W_k"), array_of(v, "W_v"), array_of(o, "W_o"), heads},
      convention(scale, query_in_keys, tied, layers)));
}

nb::tuple to_pq(const Network& network) {
  auto dense = api::to_pq(network);
  return nb::make_tuple(to_numpy(std::move(dense.p)), to_numpy(std::move(dense.q)));
}

OutArray implicit_weights(const Network& network, const InArray& gram, int n, int threads) {
  const auto array = array_of(gram, "gram");
  Expected<api::Array> weights;
  {
    const nb::gil_scoped_release free;
    weights = api::implicit_weights(network, array, n, threads);
  }
  return to_numpy(value(std::move(weights)));
}

nb::dict states(const Network& network, const InArray& gram, int n) {
  auto states = value(api::implicit_states(network, array_of(gram, "gram"), n));
  nb::dict arrays;
  arrays["m"] = to_numpy(std::move(states.m));
  arrays["u"] = to_numpy(std::move(states.u));
  arrays["a"] = to_numpy(std::move(states.a));
  arrays["w"] = to_numpy(std::move(states.w));
  return arrays;
}

OutArray predict(const Network& network, const InArray& x, const InArray& y,
                 const InArray& queries) {
  const auto context = array_of(x, "x_context"), targets = array_of(y, "y_context"),
             asked = array_of(queries, "x_query");
  Expected<api::Array> predictions;
  {
    const nb::gil_scoped_release free;
    predictions = api::predict(network, context, targets, asked);
  }
  return to_numpy(value(std::move(predictions)));
}

std::string scale_of(const Network& network) {
  return std::string(kContextScales.word(network.spec.context_scale));
}

using State = std::tuple<std::string, int, int, int, bool, std::string, bool, std::vector<double>>;

State state_of(const Network& network) {
  const NetworkSpec& spec = network.spec;
  return {name_of(spec.kind), spec.d,       spec.layers, spec.heads, spec.tied, scale_of(network),
          spec.query_in_keys, network.theta};
}

Network network_of(const State& state) {
  const auto& [kind, d, layers, heads, tied, scale, query_in_keys, theta] = state;
  const auto known = kParametrisations.find(kind);
  if (!known) raise({ErrorKind::config, "there is no kind of network '" + kind + "'"});
  Network network{{.kind = *known,
                   .d = d,
                   .layers = layers,
                   .heads = heads,
                   .tied = tied,
                   .context_scale = convention(scale, false, false, 1).context_scale,
                   .query_in_keys = query_in_keys},
                  theta};
  require(network.spec.check());
  if (theta.size() != network.spec.parameters()) {
    raise({ErrorKind::config, fmt::format("theta must have {} numbers, got {}",
                                          network.spec.parameters(), theta.size())});
  }
  return network;
}

}  // namespace

void bind_networks(nb::module_& module) {
  nb::class_<Network>(module, "Network", "The weights of a linear transformer.")
      .def_static("from_pq", from_pq, "P"_a, "Q"_a, "scale"_a, "query_in_keys"_a, "tied"_a,
                  "layers"_a)
      .def_static("from_qkvo", from_qkvo, "W_q"_a, "W_k"_a, "W_v"_a, "W_o"_a, "heads"_a, "scale"_a,
                  "query_in_keys"_a, "tied"_a, "layers"_a)
      .def_static("from_state", network_of, "state"_a)
      .def("state", state_of)
      .def_prop_ro("kind", [](const Network& network) { return name_of(network.spec.kind); })
      .def_prop_ro("d", [](const Network& network) { return network.spec.d; })
      .def_prop_ro("layers", [](const Network& network) { return network.spec.layers; })
      .def_prop_ro("heads", [](const Network& network) { return network.spec.heads; })
      .def_prop_ro("tied", [](const Network& network) { return network.spec.tied; })
      .def_prop_ro("scale", scale_of)
      .def_prop_ro("query_in_keys",
                   [](const Network& network) { return network.spec.query_in_keys; })
      .def("pq", to_pq, "P and Q of every layer, [L, H, d + 1, d + 1] each.")
      .def("omegas", [](const Network& network) { return to_numpy(value(api::omegas(network))); })
      .def_prop_ro(
          "theta",
          [](nb::handle self) {
            const auto& theta = nb::cast<const Network&>(self).theta;
            const std::size_t size = theta.size();
            return View(theta.data(), 1, &size, self);
          },
          "All parameters, layer after layer: a read-only view of the weights.")
      .def("implicit_weights", implicit_weights, "gram"_a, "n"_a, "threads"_a)
      .def("states", states, "gram"_a, "n"_a)
      .def("predict", predict, "x_context"_a, "y_context"_a, "x_query"_a)
      .def(
          "save",
          [](const Network& network, const std::string& path, int n) {
            if (n < 1) raise({ErrorKind::config, fmt::format("n must be >= 1, got {}", n)});
            require(save_model(path, network, n));
          },
          "path"_a, "n"_a)
      .def("settings", [](const Network& network) {
        const Config config = value(fitted_to(default_config(), network.spec));
        return config.to_toml();
      });
  module.def(
      "load_model",
      [](const std::string& path) {
        auto file = value(load_model_file(path));
        return std::pair(std::move(file.network), file.n);
      },
      "path"_a, "The network of a model file, and the context length it was trained for.");
}

}  // namespace gramian::python
