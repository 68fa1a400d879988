#include <fmt/format.h>

#include <memory>
#include <string>

#include "gramian/cli/commands.h"
#include "gramian/cli/outputs.h"
#include "gramian/cli/sources.h"
#include "gramian/exporting/exporter.h"
#include "gramian/io/files.h"
#include "gramian/runs/trained_run.h"

namespace gramian::cli {

namespace {

struct ExportArguments {
  ModelSource model;
  std::string format;
  std::string output;
};

std::string_view beginning_of(ExportFormat format) {
  switch (format) {
    case ExportFormat::numpy:
    case ExportFormat::torch:
    case ExportFormat::jax:
      return "\"\"\"A linear transformer";
    case ExportFormat::cpp:
      return "// A linear transformer";
    case ExportFormat::onnx:
      break;
  }
  return "\x08";  // the first field of an ONNX file, its version
}

Status export_run(const ExportArguments& arguments) {
  const auto format = GRAMIAN_TRY(export_format(arguments.format));
  const ModelSource& source = arguments.model;
  const auto run = GRAMIAN_TRY(load_trained_source(source));
  const RegressionTask& task = run.experiment.task;
  std::string output = arguments.output;
  if (output.empty()) {
    if (source.is_file())
      return fail(ErrorKind::usage, "the export of a model file needs --output FILE");
    output = source.path + "/" + export_file_name(format);
  }
  GRAMIAN_TRY(check_output({.option = "--output",
                            .path = output,
                            .inputs = {source.path + (source.is_file() ? "" : "/config.toml")},
                            .beginning = beginning_of(format)}));
  const auto bytes = GRAMIAN_TRY(export_model(
      {.network = run.network,
       .n = task.n(),
       .origin = source.path,
       .task = fmt::format("linear regression, sigma ~ {}", task.spec().noise.describe())},
      format));
  GRAMIAN_TRY(write_file_atomically(output, bytes));
  if (output != "/dev/stdout") fmt::print("{} -> {}\n", describe_network(run.network), output);
  return {};
}

}  // namespace

void add_export(Program& program) {
  CLI::App* command =
      program.app.add_subcommand("export", "Write the learned algorithm as a file of its own.");
  auto arguments = std::make_shared<ExportArguments>();
  add_source(command, arguments->model);
  command->add_option("--to", arguments->format, "numpy, c++, onnx, torch or jax")
      ->required()
      ->type_name("FORMAT");
  command
      ->add_option("-o,--output", arguments->output,
                   "the file; default: DIR/learned.py, learned.h, learned.onnx, ..")
      ->type_name("FILE");
  command->footer(
      "The file needs nothing of this project. Each computes, in double precision, for any n and "
      "m,\n"
      "    predict(x_context [n, d], y_context [n], x_query [m, d]) -> [m]\n"
      "numpy, torch, jax: a Python module; c++: one header for C++17, namespace learned; onnx: "
      "opset 13, "
      "float64,\n"
      "of MatMul, Add, Mul, Transpose and one Div. diag and gdpp keep their omegas by name, full "
      "its P\n"
      "and Q. Sums over the context are means or plain sums, as in training: the file says "
      "which.\n");
  command->callback([&program, arguments] {
    read_dash(arguments->output);
    program.run = [arguments] { return export_run(*arguments); };
  });
}

}  // namespace gramian::cli
