// Constructions on graphs, by name (graph_constructions.h).
#include <array>

#include "gramian/theory/catalogue.h"
#include "gramian/theory/graph_constructions.h"

namespace gramian {
namespace {

constexpr Key kNodes = key::integer("construct.nodes", "10", 2, kMaxTokens, "nodes of the graph"),
              kEdges = key::integer("construct.edges", "20", 1, kMaxWidth,
                                    "columns of the incidence matrix; fewer edges leave zeros"),
              kDemands = key::integer("construct.demands", "4", 1, kMaxWidth, "columns of demands"),
              kLargestEigenvalue =
                  key::number("construct.largest", "25", key::above(0, 1e9),
                              "largest eigenvalue of the Laplacian, or a bound on it"),
              kLeastEigenvalue = key::number("construct.least", "1", key::above(0, 1e9),
                                             "least eigenvalue but 0, for the bound"),
              kHeatTime = key::number("construct.time", "0.5", key::above(0, 1e6),
                                      "time s of the heat kernel"),
              kGraphNormKey = key::boolean(
                  "construct.norm", "false",
                  "after each layer B over its norm, and Psi and Phi over theirs; then largest, "
                  "least and time are for a B of norm 1");

constexpr Key layers_key(std::string_view fallback, std::string_view help) {
  return key::integer("construct.layers", fallback, 1, kMaxLayers, help);
}

constexpr std::array kFlowKeys{kNodes,
                               kEdges,
                               kDemands,
                               layers_key("20", "layers, a step each"),
                               kLargestEigenvalue,
                               kLeastEigenvalue,
                               kGraphNormKey};
constexpr std::array kHeatKeys{kNodes,           kEdges,
                               kDemands,         layers_key("60", "layers, a term or a step each"),
                               kHeatTime,        kLargestEigenvalue,
                               kLeastEigenvalue, kGraphNormKey};
constexpr std::array kFastKeys{kNodes,
                               kEdges,
                               kDemands,
                               layers_key("8", "layers: one, and a squaring each"),
                               kLargestEigenvalue,
                               kLeastEigenvalue,
                               kGraphNormKey};
constexpr std::array kFastHeatKeys{
    kNodes,           kEdges,
    kDemands,         layers_key("14", "layers: two, and a squaring each"),
    kHeatTime,        kLargestEigenvalue,
    kLeastEigenvalue, kGraphNormKey};
constexpr std::array kEigenvectorKeys{
    kNodes,
    kEdges,
    key::integer("construct.vectors", "4", 1, kMaxLayers, "eigenvectors k"),
    key::integer("construct.sweeps", "20", 1, kMaxLayers, "sweeps, k layers each"),
    key::boolean("construct.top", "true", "of the largest eigenvalues; false: of the least"),
    kLargestEigenvalue,
    kGraphNormKey};

GraphConstructionSpec graph_spec(const Settings& s, bool heat) {
  const auto integer = [&](const char* key) { return static_cast<int>(s.integer(key)); };
  return {.nodes = integer("construct.nodes"),
          .edges = integer("construct.edges"),
          .demands = integer("construct.demands"),
          .layers = integer("construct.layers"),
          .largest = s.number("construct.largest"),
          .least = s.number("construct.least"),
          .heat_time = heat ? s.number("construct.time") : 1,
          .norm = s.boolean("construct.norm")};
}

template <Expected<TokenConstruction> (*construct)(const GraphConstructionSpec&), bool heat>
Expected<Constructed> make_on_graph(const Settings& s) {
  auto made = GRAMIAN_TRY(construct(graph_spec(s, heat)));
  return Constructed{std::move(made)};
}

Expected<Constructed> make_eigenvectors(const Settings& s) {
  const auto integer = [&](const char* key) { return static_cast<int>(s.integer(key)); };
  auto made = GRAMIAN_TRY(graph_eigenvectors({.nodes = integer("construct.nodes"),
                                              .edges = integer("construct.edges"),
                                              .vectors = integer("construct.vectors"),
                                              .sweeps = integer("construct.sweeps"),
                                              .top = s.boolean("construct.top"),
                                              .largest = s.number("construct.largest"),
                                              .norm = s.boolean("construct.norm")}));
  return Constructed{std::move(made)};
}

constexpr NamedConstruction kOnGraphs[] = {
    {"electric-potential", "potentials of a graph by gradient descent, a step a layer", kFlowKeys,
     make_on_graph<electric_potential, false>},
    {"electric-embedding", "the resistive embedding of a graph, a term of its series a layer",
     kFlowKeys, make_on_graph<resistive_embedding, false>},
    {"electric-heat-taylor", "the heat kernel of a graph by its Taylor series", kHeatKeys,
     make_on_graph<heat_taylor, true>},
    {"electric-heat-euler", "the heat kernel of a graph by steps of Euler", kHeatKeys,
     make_on_graph<heat_euler, true>},
    {"electric-potential-fast", "potentials of a graph by squaring a matrix in each layer",
     kFastKeys, make_on_graph<electric_fast, false>},
    {"electric-heat-fast", "the heat kernel of a graph by squaring a matrix in each layer",
     kFastHeatKeys, make_on_graph<heat_fast, true>},
    {"electric-eigenvectors", "eigenvectors of a graph by subspace iteration with Gram-Schmidt",
     kEigenvectorKeys, make_eigenvectors},
};

}  // namespace

std::span<const NamedConstruction> graph_constructions() { return kOnGraphs; }

}  // namespace gramian
