#include "gramian/tasks/graph_prompt.h"

#include <fmt/format.h>

#include <array>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

constexpr Key graph_key(Key key) {
  key.affects = Affects::prompts;
  return key::only("graph", key);
}

constexpr auto kEnds = words<bool>({{true, "largest"}, {false, "least"}});
// Of prompts: all questions but the resistance of a pair, which is a potential.
constexpr std::array<std::string_view, 4> kAsked = {"potential", "embedding", "heat",
                                                    "eigenvectors"};

constexpr std::array kGraphTaskKeys{
    graph_key(key::choice("task.graph", "csl", kGraphKinds.list(),
                          "graphs: what they are; csl is a cycle with skip links")),
    graph_key(key::integer("task.nodes", "10", 2, kMaxPromptNodes, "graphs: nodes")),
    graph_key(key::integer("task.skip", "0", 0, kMaxPromptNodes,
                           "graphs: how far a skip link of csl leads; 0: an even number, drawn")),
    graph_key(key::number("task.density", "0.4", key::above(0, 1.5),
                          "graphs: probability of an edge of erdos_renyi; distance below which "
                          "points of geometric are joined")),
    graph_key(key::boolean("task.weighted", "true",
                           "graphs: weights exp(2 (2u - 1)), u uniform; otherwise 1")),
    graph_key(key::choice("task.question", "potential", kAsked,
                          "graphs: the target: L^+ Psi, its square root, exp(-s L) Psi, or "
                          "eigenvectors of L")),
    graph_key(key::integer("task.demands", "10", 1, kMaxDemands,
                           "graphs: columns of Psi, or how many eigenvectors")),
    graph_key(key::boolean("task.centred", "true", "graphs: demands sum to 0")),
    graph_key(key::number("task.heat_time", "0.5", key::above(0, 100),
                          "graphs: s of the heat "
                          "kernel")),
    graph_key(key::choice("task.eigenvalues", "largest", kEnds.list(),
                          "graphs: whose eigenvectors: of the largest eigenvalues, or of the "
                          "least that are not 0")),
};

}  // namespace

std::span<const Key> graph_task_keys() { return kGraphTaskKeys; }

Expected<GraphTaskSpec> graph_task_spec(const Settings& settings) {
  const auto integer = [&](const char* key) { return static_cast<int>(settings.integer(key)); };
  const GraphTaskSpec spec{.graph = {.kind = kGraphKinds.value(settings.text("task.graph")),
                                     .nodes = integer("task.nodes"),
                                     .skip = integer("task.skip"),
                                     .density = settings.number("task.density"),
                                     .weighted = settings.boolean("task.weighted")},
                           .question = kGraphQuestions.value(settings.text("task.question")),
                           .demands = integer("task.demands"),
                           .centred = settings.boolean("task.centred"),
                           .heat_time = settings.number("task.heat_time"),
                           .largest_first = kEnds.value(settings.text("task.eigenvalues"))};
  GRAMIAN_TRY(spec.check());
  return spec;
}

std::string GraphTaskSpec::describe() const {
  return fmt::format("{} of {}{} graphs of {} nodes, {} columns{}", kGraphQuestions.word(question),
                     graph.weighted ? "weighted " : "", kGraphKinds.word(graph.kind), graph.nodes,
                     demands, centred ? "" : ", not centred");
}

Status GraphTaskSpec::check() const {
  GRAMIAN_TRY(graph.check());
  if (graph.nodes > kMaxPromptNodes) {
    return fail(ErrorKind::config, "[task.nodes] must be at most {}, got {}", kMaxPromptNodes,
                graph.nodes);
  }
  if (demands < 1 || demands > kMaxDemands) {
    return fail(ErrorKind::config, "[task.demands] must be in [1, {}], got {}", kMaxDemands,
                demands);
  }
  if (question == GraphQuestion::resistance) {
    return fail(ErrorKind::config,
                "[task.question] must not be resistance, which is the potential of a pair");
  }
  if (question == GraphQuestion::eigenvectors && demands >= graph.nodes) {
    return fail(ErrorKind::config,
                "[task.demands] must be less than [task.nodes], {}, for eigenvectors, got {}",
                graph.nodes, demands);
  }
  if (!(heat_time > 0))
    return fail(ErrorKind::config, "[task.heat_time] must be positive, got {}", heat_time);
  return {};
}

void draw_prompt(const GraphTaskSpec& spec, const PhiloxAddress& address, std::size_t p,
                 GraphPrompt& prompt) {
  Uniforms uniforms(address, p);
  prompt.graph = shuffled(make_graph(spec.graph, uniforms), uniforms);
  prompt.spectrum.compute(dense_laplacian(prompt.graph), spec.graph.nodes);
  prompt.demands.resize(spec.graph.nodes, spec.demands);
  for (double& entry : prompt.demands.reshaped()) entry = uniforms.normal();
  if (spec.centred) {
    const Eigen::RowVectorXd means = prompt.demands.colwise().mean();
    prompt.demands.rowwise() -= means;
  }
  if (spec.question == GraphQuestion::eigenvectors) {
    prompt.target = prompt.spectrum.eigenvectors(spec.demands, spec.largest_first);
    return;
  }
  prompt.target = prompt.spectrum.answer(spec.question, spec.heat_time, prompt.demands);
  prompt.target /= prompt.target.norm();
}

template <class T>
GraphSampler<T>::GraphSampler(const GraphTaskSpec& spec)
    : spec_(spec), prompt_(std::make_unique<GraphPrompt>()) {
  GRAMIAN_ASSERT(spec.check().has_value());
}

template <class T>
GraphSampler<T>::~GraphSampler() = default;

template <class T>
GraphSampler<T>::GraphSampler(GraphSampler&&) noexcept = default;

template <class T>
void GraphSampler<T>::sample(const PhiloxAddress& address, int count, GraphBlock<T>& block) {
  GRAMIAN_ASSERT(count >= 0 && count <= kLanes);
  const auto n = static_cast<std::size_t>(spec_.graph.nodes),
             k = static_cast<std::size_t>(spec_.demands),
             d = static_cast<std::size_t>(spec_.columns()), width = d + k;
  if (block.tokens.size() != n * width * kLanes) {
    block.tokens = AlignedArray<T>(n * width * kLanes);
    block.target = AlignedArray<T>(n * k * kLanes);
  }
  for (std::size_t p = 0; p < kLanes; ++p) {
    if (p == 0 || static_cast<int>(p) < count) draw_prompt(spec_, address, p, *prompt_);
    const std::vector<double> b = incidence(prompt_->graph, spec_.columns());
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < d; ++j)
        block.tokens[(i * width + j) * kLanes + p] = static_cast<T>(b[i * d + j]);
      for (std::size_t j = 0; j < k; ++j) {
        const auto row = static_cast<Eigen::Index>(i), column = static_cast<Eigen::Index>(j);
        block.tokens[(i * width + d + j) * kLanes + p] =
            static_cast<T>(prompt_->demands(row, column));
        block.target[(i * k + j) * kLanes + p] = static_cast<T>(prompt_->target(row, column));
      }
    }
  }
}

template class GraphSampler<float>;
template class GraphSampler<double>;

}  // namespace gramian
