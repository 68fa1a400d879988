#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>

#include "gramian/cli/commands.h"
#include "gramian/cli/outputs.h"
#include "gramian/report/report.h"

namespace gramian::cli {

namespace {

struct ReportArguments {
  std::string directory;
  std::string output;
};

Status report(const ReportArguments& arguments) {
  const std::string output =
      arguments.output.empty()
          ? (std::filesystem::path(arguments.directory) / "report.html").string()
          : arguments.output;
  GRAMIAN_TRY(check_output(
      {.option = "--output", .path = output, .inputs = {}, .beginning = "<!doctype html>"}));
  const auto summary = GRAMIAN_TRY(write_report(arguments.directory, output));
  if (output == "/dev/stdout") return {};
  fmt::print("{} {}: {}\n-> {} ({:.1f} MB)\n", summary.studies.size(),
             summary.studies.size() == 1 ? "study" : "studies", fmt::join(summary.studies, ", "),
             output, static_cast<double>(summary.bytes) / 1e6);
  return {};
}

}  // namespace

void add_report(Program& program) {
  CLI::App* command =
      program.app.add_subcommand("report", "Make one page of the results of studies.");
  auto arguments = std::make_shared<ReportArguments>();
  command->add_option("directory", arguments->directory, "directory that studies have written to")
      ->required()
      ->type_name("DIR");
  command->add_option("-o,--output", arguments->output, "the page; default: DIR/report.html")
      ->type_name("FILE");
  command->footer(
      "Reads DIR/results/*.json, one file for each study, and writes one HTML file with tables, "
      "figures,\n"
      "claims, runs and settings. It needs no network and no other file: open it in a browser, "
      "send it,\n"
      "print it. Numbers are those of the files. Each figure can be saved as SVG from the page;\n"
      "scripts/export_svg.py saves all of them.\n");
  command->callback([&program, arguments] {
    read_dash(arguments->output);
    program.run = [arguments] { return report(*arguments); };
  });
}

}  // namespace gramian::cli
