#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "gramian/cli/commands.h"
#include "gramian/papers/papers.h"
#include "gramian/studies/shard.h"

namespace gramian::cli {

namespace {

struct ReproduceArguments {
  std::vector<std::string> studies;
  std::string directory = "studies";
  int seeds = 0;  // as many as cells say
  int threads = 0;
  std::int64_t steps = 0;
  bool quick = false;
  bool dry_run = false;
  bool list = false;
  bool draw = true;
  std::string only;
  std::string unit;
  std::string networks;
  std::optional<std::string> shard;  // "i/N"; empty: from the environment

  bool of_units() const { return list || !draw || !unit.empty() || shard; }
};

std::string clock(double seconds) {
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

// "0.0451 (0.047)": ours and the paper's, marked where the paper's is out of reach.
std::string cell_text(const TableCell& cell) {
  std::string text =
      cell.value && std::isfinite(*cell.value) ? fmt::format("{:.3g}", *cell.value) : "-";
  if (cell.paper) text += fmt::format(" ({:.3g})", *cell.paper);
  if (cell.status == "worse") text += "!";
  return text;
}

void print_table(const Table& table) {
  std::vector<std::vector<std::string>> rows{table.columns};
  for (const auto& row : table.rows) {
    auto& line = rows.emplace_back();
    for (const auto& cell : row) {
      if (const auto* text = std::get_if<std::string>(&cell)) {
        line.push_back(*text);
      } else if (const auto* value = std::get_if<double>(&cell)) {
        line.push_back(fmt::format("{:.4g}", *value));
      } else {
        line.push_back(cell_text(std::get<TableCell>(cell)));
      }
    }
  }
  std::vector<std::size_t> widths(table.columns.size());
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size() && c < widths.size(); ++c)
      widths[c] = std::max(widths[c], row[c].size());
  }
  fmt::print("\n{}\n", table.title);
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size() && c < widths.size(); ++c)
      fmt::print("{:>{}}  ", row[c], widths[c]);
    fmt::print("\n");
  }
  for (const std::string& note : table.notes) fmt::print("{}\n", note);
}

void print(const StudyResult& result) {
  fmt::print("\n== {}: {}{}\n", result.study, result.title,
             result.quick ? "  [REHEARSAL: too few steps and prompts to mean anything]" : "");
  for (const Table& table : result.tables) print_table(table);
  fmt::print("\n");
  for (const Claim& claim : result.claims) {
    fmt::print("{}  {}\n      {}\n",
               !claim.holds   ? "?   "
               : *claim.holds ? "pass"
                              : "FAIL",
               claim.text, claim.detail);
  }
}

// How the cells of these studies are trained, in words: each paper once, with its recipes.
std::string recipes_of(std::span<const Study* const> studies, const Effort& effort) {
  std::vector<const Paper*> papers;
  for (const Study* study : studies) {
    if (std::ranges::count(papers, study->paper) == 0) papers.push_back(study->paper);
  }
  std::string text;
  for (const Paper* paper : papers) {
    text += fmt::format("{}The recipe for {}:\n", text.empty() ? "" : "\n", paper->name);
    std::vector<std::string> told;
    for (const Study* study : studies) {
      if (study->paper != paper) continue;
      std::string recipe = study->recipe(effort);
      if (std::ranges::count(told, recipe) > 0) continue;
      text += recipe;
      told.push_back(std::move(recipe));
    }
  }
  return text;
}

Status dry_run(const std::vector<const Study*>& studies, const StudyOptions& options) {
  fmt::print("{}\n", recipes_of(studies, options.effort));
  std::vector<Cell> cells;
  std::set<std::string> seen;
  for (const Study* study : studies) {
    int fresh = 0;
    const auto all = selected_cells(study->cells(), options.effort.only);
    for (const Cell& cell : all) {
      if (!seen.insert(cell.name).second) continue;
      cells.push_back(cell);
      ++fresh;
    }
    fmt::print("{:<11} {:>4} cells, {} of them not in the studies above\n", study->name, all.size(),
               fresh);
  }
  const auto outlook = GRAMIAN_TRY(look_ahead(cells, options));
  for (const Cell& cell : cells) fmt::print("  {}\n", cell.title);
  fmt::print("{} cell{} ({} runs, one for each seed), {} done, about {} left on this machine\n",
             cells.size(), cells.size() == 1 ? "" : "s", outlook.runs, outlook.done,
             clock(outlook.seconds_left));
  return {};
}

// Of the studies those that have cells which `only` names. Errors: usage, if none has.
Status leave_out_studies_without(const std::string& only, std::vector<const Study*>& studies) {
  if (only.empty()) return {};  // a study may train nothing
  std::string names;
  std::erase_if(studies, [&](const Study* study) {
    if (!selected_cells(study->cells(), only).empty()) return false;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", study->name);
    return true;
  });
  if (studies.empty()) {
    return fail(
        ErrorKind::usage, "--only {}: no cell of {} has {}; --dry-run lists the cells", only, names,
        is_pattern(only) ? "a name of this pattern, which is for the whole name (of a cell, "
                           "not of a seed of it, for which there is --unit)"
                         : "this text in its name");
  }
  return {};
}

// What a process has to do for one study.
struct StudyUnits {
  const Study* study;
  std::vector<Unit> units;
};

// Errors: usage, for a unit that is not there.
Expected<std::vector<std::size_t>> chosen_places(const ReproduceArguments& arguments,
                                                 const std::vector<Unit>& units) {
  std::vector<std::size_t> places;
  if (!arguments.unit.empty()) {
    const auto found = std::ranges::find(units, arguments.unit, &Unit::name);
    if (found == units.end()) {
      return fail(ErrorKind::usage,
                  "--unit {}: there is no such unit; --list names them, and their names depend on "
                  "--seeds, --steps and --quick",
                  arguments.unit);
    }
    places.push_back(static_cast<std::size_t>(found - units.begin()));
    return places;
  }
  Shard shard;
  if (arguments.shard) {
    shard = GRAMIAN_TRY(arguments.shard->empty() ? shard_of(process_environment)
                                                 : parse_shard(*arguments.shard));
  }
  std::vector<double> costs;
  for (const Unit& unit : units) costs.push_back(unit.cost());
  return share_of(costs, shard);
}

// The units that --only, --unit and --shard leave of these studies. One that several studies have
// is with the first of them.
Expected<std::vector<StudyUnits>> chosen_units(const ReproduceArguments& arguments,
                                               const std::vector<const Study*>& studies,
                                               const StudyOptions& options) {
  std::vector<Unit> all;
  std::map<std::string, std::size_t> owners;  // place of the study in the list, by unit
  for (std::size_t s = 0; s < studies.size(); ++s) {
    const auto cells = selected_cells(studies[s]->cells(), arguments.only);
    for (Unit& unit : GRAMIAN_TRY(units_of(cells, options))) {
      owners.emplace(unit.identity(), s);
      all.push_back(std::move(unit));
    }
  }
  all = without_repetitions(std::move(all));
  std::vector<StudyUnits> chosen;
  for (const Study* study : studies) chosen.push_back({study, {}});
  for (const std::size_t place : GRAMIAN_TRY(chosen_places(arguments, all)))
    chosen[owners.at(all[place].identity())].units.push_back(std::move(all[place]));
  return chosen;
}

// One unit a line, as JSON.
void list_units(const std::vector<StudyUnits>& chosen, const StudyOptions& options) {
  for (const auto& [study, units] : chosen) {
    for (const Unit& unit : units) {
      const bool done = is_done(unit, options.directory);
      nlohmann::ordered_json line = {{"unit", unit.name},
                                     {"study", study->name},
                                     {"cost", unit.cost()},
                                     {"done", done},
                                     {"directory", nullptr}};
      if (done) {
        const auto trained = load_trained(unit, options.directory);
        if (trained && !trained->directory.empty())
          line["directory"] = fmt::format("{}/{}", options.directory, trained->directory);
      } else if (unit.directories.size() == 1) {
        line["directory"] = unit.directories.front();
      }
      fmt::print("{}\n", line.dump());
    }
  }
}

void watch_signals(StudyOptions& options) {
  // What is not training has no state: tuning, drawing.
  catch_signals(AtSignal::leave);
  options.interrupted = interrupted;
  options.on_training = [](bool training) {
    at_signal(training ? AtSignal::save : AtSignal::leave);
  };
}

// Units without a drawing: what one of many processes does.
Status reproduce_units(const ReproduceArguments& arguments,
                       const std::vector<const Study*>& studies, StudyOptions& options) {
  const auto chosen = GRAMIAN_TRY(chosen_units(arguments, studies, options));
  if (arguments.list) {
    list_units(chosen, options);
    return {};
  }
  watch_signals(options);
  std::size_t count = 0;
  for (const auto& [study, units] : chosen) {
    GRAMIAN_TRY(carry_out(units, options));
    count += units.size();
  }
  fmt::print("{} unit{} done in {}; without --unit, --shard and --no-draw the results are drawn\n",
             count, count == 1 ? " is" : "s are", options.directory);
  return {};
}

Status reproduce_all(const ReproduceArguments& arguments, const std::string& command_line) {
  std::vector<const Study*> studies;
  for (const std::string& name : arguments.studies) {
    if (name == "all") {
      for (const Study& study : all_studies()) studies.push_back(&study);
      continue;
    }
    const Study* study = find_study(name);
    if (study == nullptr) {
      std::string names = "all";
      for (const Study& known : all_studies()) names += fmt::format(", {}", known.name);
      return fail(ErrorKind::usage, "'{}' is not a study; there are {}", name, names);
    }
    studies.push_back(study);
  }
  GRAMIAN_TRY(leave_out_studies_without(arguments.only, studies));
  StudyOptions options{
      .directory = arguments.directory,
      .seeds = arguments.seeds,
      .effort = {.steps = arguments.steps, .quick = arguments.quick, .only = arguments.only},
      .threads = arguments.threads,
      .networks = arguments.networks,
      .command_line = command_line};
  if (arguments.dry_run) return dry_run(studies, options);
  if (arguments.of_units()) return reproduce_units(arguments, studies, options);
  watch_signals(options);
  for (const Study* study : studies) {
    const auto result = GRAMIAN_TRY(reproduce(*study, options));
    print(result);
    fmt::print("-> {}/results/{}.json, .csv\n", arguments.directory, study->name);
    std::fflush(stdout);
  }
  return {};
}

// What there is to reproduce, by paper, and how each paper's networks are trained.
std::string studies_help() {
  std::string text =
      "Runs go out over the cores, one cell to a core. What is done is skipped, what was\n"
      "interrupted goes on, and several processes may share DIR. Results are in DIR/results;\n"
      "`gramian report DIR` makes a page of them.\n\n"
      "A unit is one seed of one cell. Units are independent: --list names them, with a cost (in\n"
      "multiply-adds) by which --shard divides them. Each of N machines that share DIR runs\n"
      "--shard i/N, and one of them draws at the end, without --shard. cluster/ has such jobs.\n"
      "\nStudies:\n";
  std::vector<const Study*> studies;
  for (const Study& study : all_studies()) {
    if (studies.empty() || studies.back()->paper != study.paper)
      text += fmt::format("  {}\n", study.paper->name);
    studies.push_back(&study);
    text += fmt::format("    {:<11} {}{}\n", study.name, study.title,
                        study.place.empty() ? "" : fmt::format(" ({})", study.place));
  }
  return text + "\n" + recipes_of(studies, {});
}

}  // namespace

namespace {

void add_unit_options(CLI::App* command, ReproduceArguments& arguments) {
  CLI::Option* const dry_run = command->get_option("--dry-run");
  command
      ->add_flag("--list", arguments.list,
                 "list the units as JSON, one a line: unit, study, cost, done, directory")
      ->excludes(dry_run);
  CLI::Option* const unit =
      command->add_option("--unit", arguments.unit, "only this unit, and nothing is drawn")
          ->excludes(dry_run)
          ->type_name("NAME");
  command
      ->add_option_function<std::vector<std::string>>(
          "--shard",
          [&arguments](const std::vector<std::string>& values) {
            arguments.shard = values.empty() ? "" : values.front();
          },
          "only the i-th of N shares of the units (i from 0), of about equal cost, and nothing is "
          "drawn; without i/N from the environment of a Slurm array, an indexed Kubernetes job or "
          "mpirun")
      ->expected(0, 1)
      ->excludes(dry_run)
      ->excludes(unit)
      ->type_name("[i/N]");
  command->add_flag("!--no-draw", arguments.draw, "train and evaluate only, and draw nothing")
      ->excludes(dry_run);
}

}  // namespace

void add_reproduce(Program& program) {
  CLI::App* command = program.app.add_subcommand(
      "reproduce", "Reproduce published tables and figures: train, evaluate, draw, judge.");
  auto arguments = std::make_shared<ReproduceArguments>();
  command
      ->add_option("studies", arguments->studies,
                   "what to reproduce: see below; all for all of them")
      ->required()
      ->type_name("STUDY");
  command
      ->add_option("--out", arguments->directory,
                   "directory of runs and results, shared by all studies")
      ->capture_default_str()
      ->type_name("DIR");
  command
      ->add_option(
          "--seeds", arguments->seeds,
          "seeds of each cell; the best on prompts of its own counts. Without it 5 for networks of "
          "Table 1 that are trained, 1 for those that are computed and for other studies")
      ->check(CLI::Range(1, 100))
      ->type_name("N");
  command
      ->add_option("--networks", arguments->networks,
                   "folder of networks of finished cells: those that are there are evaluated and "
                   "not trained again, and what is trained is added, e.g. results/models")
      ->type_name("DIR");
  command
      ->add_option("--steps", arguments->steps,
                   "training steps of every run, in place of the recipe's")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->type_name("N");
  command
      ->add_option("--threads", arguments->threads,
                   "cells trained at a time; 0 = one for each core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--only", arguments->only,
                   "only cells whose name contains this text, e.g. diag-L4 or uniform-5; with *, ? "
                   "or [..] it is a pattern for the whole name, e.g. 'diag-L?-uniform-5'")
      ->type_name("TEXT");
  command->add_flag("--quick", arguments->quick,
                    "rehearse the whole pipeline in minutes; results are marked as such");
  command->add_flag("--dry-run", arguments->dry_run,
                    "print the recipe, the cells and the time they would take");
  add_unit_options(command, *arguments);
  command->footer(studies_help());
  command->callback([&program, arguments] {
    program.run = [&program, arguments] { return reproduce_all(*arguments, program.command_line); };
  });
}

}  // namespace gramian::cli
