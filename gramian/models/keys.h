// The keys of section [model], and what they say: the model and its initial weights.
#pragma once

#include <span>

#include "gramian/base/key.h"
#include "gramian/base/settings.h"
#include "gramian/base/words.h"
#include "gramian/models/graph_network.h"
#include "gramian/models/network.h"
#include "gramian/models/transformer.h"
#include "gramian/tasks/token_source.h"

namespace gramian {

inline constexpr auto kContextScales =
    words<ContextScale>({{ContextScale::mean, "mean"}, {ContextScale::sum, "sum"}});

// Where the initial weights come from.
enum class Initialisation {
  gd,            // near gradient descent, as InitialWeights says
  random,        // the noise of InitialWeights alone
  gdpp,          // a GD++ network, trained first
  gdpp_optimum,  // the GD++ network of least expected loss, computed: theory/gd_family.h
};
inline constexpr auto kInitialisations =
    words<Initialisation>({{Initialisation::gd, "gd"},
                           {Initialisation::random, "random"},
                           {Initialisation::gdpp, "gdpp"},
                           {Initialisation::gdpp_optimum, "gdpp_optimum"}});

// The weights of a network on graphs.
enum class GraphForm { efficient, full };
inline constexpr auto kGraphForms =
    words<GraphForm>({{GraphForm::efficient, "efficient"}, {GraphForm::full, "full"}});

std::span<const Key> model_keys();

// Requires: model.kind is one of kParametrisations. NetworkSpec::check does the rest.
NetworkSpec network_spec(const Settings& settings);
Initialisation initialisation(const Settings& settings);
InitialWeights initial_weights(const Settings& settings);
TransformerStart transformer_start(const Settings& settings);
// Of GraphForm::efficient, for `columns` columns of demands.
GraphNetworkSpec graph_network_spec(const Settings& settings, int columns);
// For prompts of this source. TransformerSpec::check does the rest.
Expected<TransformerSpec> transformer_spec(const Settings& settings, const TokenSource& source);

}  // namespace gramian
