#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "gramian/bench/bench.h"
#include "gramian/bench/graph_bench.h"
#include "gramian/bench/kernels.h"
#include "gramian/bench/sequence_bench.h"
#include "gramian/bench/tape_bench.h"
#include "gramian/cli/commands.h"
#include "gramian/cli/outputs.h"
#include "gramian/io/files.h"
#include "gramian/io/progress.h"
#include "gramian/lanes/target.h"
#include "gramian/sequence/mesa.h"

namespace gramian::cli {

namespace {

struct BenchArguments {
  std::string json;
  std::string target;
  std::string edges;
  double budget = 0.3;
  bool signature = false;
  bool operations = false;
  bool graphs = false;
  bool sequences = false;
  std::vector<int> lengths = {256, 1024, 8192};
  int head_size = 32;
  std::string mixer;
};

// Runs a part of the bench under a progress bar, and stops it at a signal.
auto with_progress(const auto& part) {
  catch_signals(AtSignal::leave);
  std::unique_ptr<Progress> bar;
  return part([&](int done, int total) {
    if (!bar) bar = std::make_unique<Progress>("bench", total, "cases");
    bar->update(done);
    return !interrupted();
  });
}

Status print(const std::string& table, const std::string& json, const BenchArguments& arguments) {
  if (interrupted()) return fail(ErrorKind::interrupted, "interrupted");
  fmt::print("{}", table);
  if (arguments.json.empty()) return {};
  GRAMIAN_TRY(write_file_atomically(arguments.json, json));
  fmt::print("-> {}\n", arguments.json);
  return {};
}

std::vector<std::string> targets_of(const BenchArguments& arguments) {
  if (arguments.target.empty()) return {simd_target()};
  return arguments.target == "all" ? simd_targets() : std::vector<std::string>{arguments.target};
}

Status operations(const BenchArguments& arguments) {
  const std::vector<std::string> targets = targets_of(arguments);
  const OperationBench result = with_progress(
      [&](const auto& report) { return run_operation_bench(targets, arguments.budget, report); });
  return print(operation_table(result), operation_json(result), arguments);
}

Status sequences(const BenchArguments& arguments) {
  const SequenceBench result = with_progress([&](const auto& report) {
    return run_sequence_bench({.tokens = arguments.lengths,
                               .head_size = static_cast<std::size_t>(arguments.head_size),
                               .only = arguments.mixer},
                              arguments.budget, report);
  });
  return print(sequence_bench_table(result), sequence_bench_json(result), arguments);
}

Status kernels(const BenchArguments& arguments) {
  const std::vector<std::string> targets = targets_of(arguments);
  const KernelBench result = with_progress([&](const auto& report) {
    return run_kernel_bench(network_cases(), targets, arguments.budget, report);
  });
  return print(kernel_table(result), kernel_json(result), arguments);
}

Status bench(const BenchArguments& arguments) {
  GRAMIAN_TRY(
      check_output({.option = "--json", .path = arguments.json, .inputs = {}, .beginning = "{"}));
  GRAMIAN_TRY(check_output(
      {.option = "--edges", .path = arguments.edges, .inputs = {}, .beginning = "0 "}));
  if (arguments.operations) return operations(arguments);
  if (arguments.sequences) return sequences(arguments);
  if (arguments.graphs) {
    catch_signals(AtSignal::leave);
    const GraphBench result = GRAMIAN_TRY(run_graph_bench({.edges = arguments.edges}));
    return print(graph_bench_table(result), graph_bench_json(result), arguments);
  }
  if (!arguments.target.empty()) return kernels(arguments);
  fmt::print("signature {}\n", bench_signature());
  if (arguments.signature) return {};
  std::fflush(stdout);
  const BenchResult result =
      with_progress([&](const auto& report) { return run_bench(arguments.budget, report); });
  return print(bench_table(result), bench_json(result), arguments);
}

void add_sequence_options(CLI::App& command, BenchArguments& arguments) {
  CLI::Option* sequences = command.add_flag(
      "--sequences", arguments.sequences,
      "instead: causal mixers over sequences of --length tokens, forward and back; a minute or "
      "two");
  command.add_option("--length", arguments.lengths, "of --sequences: tokens of each sequence")
      ->capture_default_str()
      ->needs(sequences)
      ->check(CLI::Range(1, 65536));
  command.add_option("--head-size", arguments.head_size, "of --sequences: numbers of a head")
      ->capture_default_str()
      ->needs(sequences)
      ->check(CLI::Range(1, static_cast<int>(kMaxMesaKey)));
  const std::vector<std::string> mixers = bench_mixers();
  command
      .add_option("--mixer", arguments.mixer,
                  fmt::format("of --sequences: this mixer alone: {}", fmt::join(mixers, ", ")))
      ->type_name("NAME")
      ->needs(sequences)
      ->check(CLI::IsMember(mixers).description(""));
}

}  // namespace

void add_bench(Program& program) {
  CLI::App* command = program.app.add_subcommand(
      "bench", "Measure the speed of training against the limit of this machine.");
  auto arguments = std::make_shared<BenchArguments>();
  command->add_option("--json", arguments->json, "also write the results to this file")
      ->type_name("FILE");
  command->add_option("--seconds", arguments->budget, "time for each case")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 60.0));
  std::vector<std::string> targets = simd_targets();
  targets.push_back("all");
  command
      ->add_option(
          "--target", arguments->target,
          "instead: time the kernels alone on the networks that the tests check, with this\n"
          "instruction set of the machine, or with all of them in turn")
      ->type_name("NAME|all")
      ->check(CLI::IsMember(targets));
  command->add_flag("--operations", arguments->operations,
                    "instead: time each operation of networks on tokens; with --target, on other\n"
                    "instruction sets");
  CLI::Option* graphs = command->add_flag(
      "--graphs", arguments->graphs,
      "instead: a network on a graph of a million edges beside plain products and\n"
      "conjugate gradients; about a minute");
  command
      ->add_option("--edges", arguments->edges,
                   "with --graphs: also write the graph to this file, for other programs")
      ->needs(graphs)
      ->type_name("FILE");
  add_sequence_options(*command, *arguments);
  command->add_flag("--signature", arguments->signature,
                    "print the signature of a small fixed run and stop");
  command->footer(
      "The signature is a hash of the weights of a small fixed run: two builds with one signature "
      "compute\n"
      "the same numbers. GFLOP/s count the products of the forward and backward pass (a "
      "multiply-add is\n"
      "two operations), over the time of a whole step, and of the kernels alone; of peak: over "
      "what\n"
      "the cores do on independent multiply-adds, measured in the same run. Quiet machines give "
      "better\n"
      "numbers; compare ratios within one run.\n");
  command->callback([&program, arguments] {
    read_dash(arguments->json);
    program.run = [arguments] { return bench(*arguments); };
  });
}

}  // namespace gramian::cli
