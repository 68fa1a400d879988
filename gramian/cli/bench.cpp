#include <fmt/core.h>

#include <memory>
#include <string>

#include "gramian/bench/bench.h"
#include "gramian/cli/commands.h"
#include "gramian/io/files.h"
#include "gramian/io/progress.h"

namespace gramian::cli {

namespace {

struct Arguments {
  std::string json;
  double budget = 0.3;
  bool signature = false;
};

Status bench(const Arguments& arguments) {
  fmt::print("signature {}\n", bench_signature());
  if (arguments.signature) return {};
  std::fflush(stdout);
  catch_signals();
  std::unique_ptr<Progress> bar;
  const BenchResult result = run_bench(arguments.budget, [&](int done, int total) {
    if (!bar) bar = std::make_unique<Progress>("bench", total, "cases");
    bar->update(done);
    return !interrupted();
  });
  bar.reset();
  if (interrupted()) return fail(ErrorKind::interrupted, "interrupted");
  fmt::print("{}", bench_table(result));
  if (arguments.json.empty()) return {};
  if (Status ok = write_file_atomically(arguments.json, bench_json(result)); !ok) return ok;
  fmt::print("-> {}\n", arguments.json);
  return {};
}

}  // namespace

void add_bench(Program& program) {
  CLI::App* command =
      program.app.add_subcommand("bench", "Measure the speed of training against the limit of this machine.");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--json", arguments->json, "also write the results to this file")->type_name("FILE");
  command->add_option("--seconds", arguments->budget, "time for each case")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 60.0));
  command->add_flag("--signature", arguments->signature, "print the signature of a small fixed run and stop");
  command->footer(
      "The signature is a hash of the weights of a small fixed run: two builds with one signature compute\n"
      "the same numbers. GFLOP/s count the products of the forward and backward pass (a multiply-add is\n"
      "two operations), over the time of a whole step, and of the kernels alone; of peak: over what\n"
      "the cores do on independent multiply-adds, measured in the same run. Quiet machines give better\n"
      "numbers; compare ratios within one run.\n");
  command->callback([&program, arguments] { program.run = [arguments] { return bench(*arguments); }; });
}

}  // namespace gramian::cli
