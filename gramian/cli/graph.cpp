#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/cli/outputs.h"
#include "gramian/io/files.h"
#include "gramian/io/progress.h"
#include "gramian/runs/graph_ask.h"
#include "gramian/runs/graph_file.h"
#include "gramian/runs/run_directory.h"
#include "gramian/tasks/edge_list.h"

namespace gramian::cli {

namespace {

struct GraphArguments {
  std::string file, question = "potential", method, eigenvalues = "largest";
  std::string demand, run, json;
  std::vector<long> from, to;
  int layers = 100, vectors = 4, show = 10;
  double time = 0.5;
  bool no_exact = false;
};

Expected<GraphNetwork> network_of(const std::string& path) {
  const bool folder = std::filesystem::is_directory(path);
  std::string file = path;
  if (folder) {
    const auto directory = GRAMIAN_TRY(RunDirectory::open(path));
    file = directory.model();
  }
  auto loaded = load_graph_network(file);
  if (!loaded) return std::unexpected(loaded.error());
  if (loaded->full) {
    return fail(ErrorKind::usage,
                "{} has full weights, which are for graphs of as many edges as in training: "
                "gramian graph runs networks in their efficient form",
                path);
  }
  return loaded->efficient;
}

Status write_asked(const GraphArguments& arguments, const NamedGraph& named, int layers,
                   const GraphAsked& asked) {
  const bool exact = !asked.exact.empty();
  nlohmann::ordered_json json;
  json["ask"] = arguments.question;
  json["nodes"] = named.graph.nodes;
  json["edges"] = named.graph.edges.size();
  json["layers"] = layers;
  json["columns"] = asked.columns;
  json["network"] = asked.network;
  json["answer"] = asked.answer;
  json["exact"] = nullptr;
  json["exact_method"] = nullptr;
  json["exact_residual"] = nullptr;
  json["relative_error"] = nullptr;
  if (exact) {
    json["exact"] = asked.exact;
    json["exact_method"] = asked.exact_method;
    json["exact_residual"] = asked.exact_residual;
  }
  if (asked.relative_error && std::isfinite(*asked.relative_error))
    json["relative_error"] = *asked.relative_error;
  json["seconds"] = asked.seconds;
  json["exact_seconds"] = asked.exact_seconds;
  GRAMIAN_TRY(write_file_atomically(arguments.json, json.dump() + "\n"));
  fmt::print("-> {}\n", arguments.json);
  return {};
}

void print_asked(const GraphArguments& arguments, const NamedGraph& named,
                 const GraphAsked& asked) {
  const bool pairs = arguments.question == "resistance";
  const std::size_t k = pairs ? 1 : static_cast<std::size_t>(asked.columns);
  const std::size_t rows = asked.answer.size() / k;
  const auto shown = std::min(rows, static_cast<std::size_t>(arguments.show));
  for (std::size_t i = 0; i < shown; ++i) {
    fmt::print("{:>12}", pairs ? fmt::format("{} - {}", arguments.from[i], arguments.to[i])
                               : fmt::format("{}", named.names[i]));
    for (std::size_t j = 0; j < k; ++j) fmt::print(" {:>13.6g}", asked.answer[i * k + j]);
    if (!asked.exact.empty()) {
      fmt::print("   exact");
      for (std::size_t j = 0; j < k; ++j) fmt::print(" {:>13.6g}", asked.exact[i * k + j]);
    }
    fmt::print("\n");
  }
  if (shown < rows) fmt::print("{:>12} and {} more\n", "..", rows - shown);
  fmt::print("network  {}: {:.3g} s", asked.network, asked.seconds);
  if (arguments.question == "potential" || pairs)
    fmt::print(", residual |L phi - psi| / |psi| = {:.3g}", asked.residual);
  fmt::print("\n");
  if (asked.exact.empty()) {
    fmt::print("exact    {}\n", arguments.no_exact ? "not asked for" : "none: it did not converge");
  } else {
    fmt::print("exact    {}: {:.3g} s, residual {:.2g}\nrelative error {:.3g}\n",
               asked.exact_method, asked.exact_seconds, asked.exact_residual,
               *asked.relative_error);
  }
}

// A bar for each stage in turn. What cannot be followed is named at once: nothing would draw it
// later.
class GraphBar {
 public:
  void report(std::string_view stage, std::optional<double> share) {
    if (stage != stage_) {
      bar_.reset();
      stage_ = stage;
      bar_ = std::make_unique<Progress>(std::string(stage), 100, "%", 0, stderr,
                                        share ? std::chrono::seconds(2) : std::chrono::seconds(0));
    }
    bar_->update(static_cast<std::int64_t>(100 * share.value_or(0)));
  }
  void finish() { bar_.reset(); }

 private:
  std::string stage_;
  std::unique_ptr<Progress> bar_;
};

Expected<GraphAsk> ask_of(const GraphArguments& arguments, const NamedGraph& named) {
  GraphAsk ask{.question = kGraphQuestions.value(arguments.question),
               .layers = arguments.layers,
               .heat_time = arguments.time,
               .vectors = arguments.vectors,
               .largest_first = arguments.eigenvalues == "largest",
               .exact = !arguments.no_exact};
  if (!arguments.method.empty()) ask.method = kGraphMethods.value(arguments.method);
  if (arguments.from.size() != arguments.to.size()) {
    return fail(ErrorKind::usage, "--from and --to must name as many nodes, got {} and {}",
                arguments.from.size(), arguments.to.size());
  }
  for (std::size_t i = 0; i < arguments.from.size(); ++i) {
    const int from = GRAMIAN_TRY(named.node(arguments.from[i]));
    const int to = GRAMIAN_TRY(named.node(arguments.to[i]));
    ask.pairs.emplace_back(from, to);
  }
  if (!arguments.demand.empty()) {
    const auto text = GRAMIAN_TRY(read_file(arguments.demand));
    ask.demands = GRAMIAN_TRY(parse_demands(text, arguments.demand, named));
  }
  if (!arguments.run.empty()) ask.network = GRAMIAN_TRY(network_of(arguments.run));
  return ask;
}

Status graph(GraphArguments arguments) {
  read_dash(arguments.json);
  GRAMIAN_TRY(check_output({.option = "--json",
                            .path = arguments.json,
                            .inputs = {arguments.file, arguments.demand},
                            .beginning = "{"}));
  NamedGraph named;
  {
    const auto text = GRAMIAN_TRY(read_file(arguments.file));
    named = GRAMIAN_TRY(parse_edge_list(text, arguments.file));
  }
  auto ask = GRAMIAN_TRY(ask_of(arguments, named));
  GraphBar bar;
  ask.report = [&bar](std::string_view stage, std::optional<double> share) {
    bar.report(stage, share);
  };
  fmt::print("{}: {} nodes, {} edges\n", arguments.file, named.graph.nodes,
             named.graph.edges.size());
  catch_signals(AtSignal::leave);
  const auto asked = GRAMIAN_TRY(ask_graph(named.graph, ask));
  bar.finish();
  print_asked(arguments, named, asked);
  if (arguments.json.empty()) return {};
  return write_asked(arguments, named, ask.network ? ask.network->spec.layers : ask.layers, asked);
}

template <class Words>
CLI::IsMember member_of(const Words& words) {
  return CLI::IsMember(std::vector<std::string>(words.list().begin(), words.list().end()));
}

// Which pairs or demands, and what network.
void add_inputs(CLI::App* command, GraphArguments* arguments) {
  CLI::Option* from =
      command->add_option("--from", arguments->from, "where a unit enters; several: 1,2,3")
          ->delimiter(',')
          ->type_name("U");
  CLI::Option* to = command->add_option("--to", arguments->to, "where it leaves")
                        ->delimiter(',')
                        ->needs(from)
                        ->type_name("V");
  from->needs(to);
  command
      ->add_option("--demand", arguments->demand,
                   "a file with what enters at each node: node value; the sum must be 0")
      ->excludes(from)
      ->type_name("FILE");
  command
      ->add_option("--method", arguments->method,
                   "how the network is set: chebyshev, descent or polar (potential, resistance), "
                   "series or polar (embedding), taylor or euler (heat)")
      ->check(member_of(kGraphMethods))
      ->type_name("HOW");
  command
      ->add_option("--run", arguments->run,
                   "a trained network in place of one set by formula: a run directory or a model "
                   "file, in the efficient form")
      ->type_name("DIR");
}

void add_numbers(CLI::App* command, GraphArguments* arguments) {
  command->add_option("--layers", arguments->layers, "layers of the network; default 100")
      ->check(CLI::Range(1, kMaxGraphLayers))
      ->type_name("L");
  command->add_option("--time", arguments->time, "time s of the heat kernel; default 0.5")
      ->check(CLI::Range(1e-9, 1e6))
      ->type_name("S");
  command->add_option("--vectors", arguments->vectors, "how many eigenvectors; default 4")
      ->check(CLI::Range(1, kMaxGraphColumns))
      ->type_name("K");
  command
      ->add_option("--eigenvalues", arguments->eigenvalues,
                   "whose eigenvectors: largest (default) or least")
      ->check(CLI::IsMember(std::vector<std::string>{"largest", "least"}))
      ->type_name("END");
  command->add_option("--show", arguments->show, "print so many nodes; default 10")
      ->check(CLI::Range(0, 1'000'000'000))
      ->type_name("N");
}

}  // namespace

void add_graph(Program& program) {
  CLI::App* command = program.app.add_subcommand(
      "graph", "Ask a linear transformer about a graph, beside the exact answer.");
  auto arguments = std::make_shared<GraphArguments>();
  command->add_option("file", arguments->file, "an edge a line: u v [weight]")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--ask", arguments->question,
                   "potential, resistance, heat, embedding or eigenvectors")
      ->check(member_of(kGraphQuestions))
      ->required()
      ->type_name("WHAT");
  add_inputs(command, arguments.get());
  add_numbers(command, arguments.get());
  command->add_flag("--no-exact", arguments->no_exact, "do not compute the exact answer");
  command->add_option("--json", arguments->json, "also write all numbers to this file")
      ->type_name("FILE");
  command->footer(
      "Nodes are tokens, with rows of the incidence matrix and demands; a layer reads the graph\n"
      "through the Gram matrix of these rows, its Laplacian L. A weight is a conductance. "
      "potential\n"
      "is L^+ psi, embedding its square root, heat exp(-s L) psi without the constant part,\n"
      "resistance one number a pair. Exact answers are by eigenvectors up to 4,000 nodes, above "
      "by\n"
      "conjugate gradients and Lanczos to 1e-10. A trained network with a norm gives potentials "
      "up\n"
      "to a scale, which is then the one that fits the demands best. docs/electric.md has more.\n");
  command->callback(
      [&program, arguments] { program.run = [arguments] { return graph(*arguments); }; });
}

}  // namespace gramian::cli
