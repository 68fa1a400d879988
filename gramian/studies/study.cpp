#include "gramian/studies/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gramian/io/files.h"
#include "gramian/lanes/target.h"
#include "gramian/runs/manifest.h"
#include "gramian/studies/gd.h"
#include "gramian/studies/gd_tokens.h"
#include "gramian/studies/looped.h"

namespace gramian {

namespace {

constexpr std::array kStudies{
    Study{"table1", "Adjusted loss: 3 parametrisations x 7 depths x 10 noise problems", "Table 1",
          table1_cells, draw_table1},
    Study{"fig1", "Adjusted loss against depth, uniform noise", "Fig. 1", fig1_cells, draw_fig1},
    Study{"fig2", "Profiles over the noise level, uniform noise", "Fig. 2", fig2_cells, draw_fig2},
    Study{"fig3", "Categorical noise", "Fig. 3", fig3_cells, draw_fig3},
    Study{"fig4", "Weights of a FULL network", "Fig. 4", fig4_cells, draw_fig4},
    Study{"fig5", "Prediction after k layers", "Fig. 5", fig5_cells, draw_fig5},
    Study{"fig6", "Loss against the noise level, not adjusted", "Fig. 6", fig6_cells, draw_fig6},
    Study{"fig7", "Profiles layer by layer", "Fig. 7", fig7_cells, draw_fig7},
    Study{"steps", "Learned and hand-made algorithms, step by step", "", steps_cells, draw_steps},
    Study{"blowups", "Rare prompts on which networks explode", "", blowups_cells, draw_blowups},
    Study{"training", "Training curves", "", training_cells, draw_training},
    Study{"gd-fig2", "One trained layer beside one step of gradient descent", "Fig. 2",
          gd_fig2_cells, draw_gd_fig2, &gd_recipe},
    Study{"gd-fig3", "Several layers beside gradient descent and GD++", "Fig. 3", gd_fig3_cells,
          draw_gd_fig3, &gd_recipe},
    Study{"gd-fig4", "Sines: an MLP before one layer, and gradient descent on deep features",
          "Fig. 4", gd_fig4_cells, draw_gd_fig4, &token_recipe},
    Study{"gd-fig5", "Inputs and targets in tokens of their own: a layer that copies", "Fig. 5",
          gd_fig5_cells, draw_gd_fig5, &token_recipe},
    Study{"gd-fig12", "Softmax attention with one head and with two", "Fig. 12", gd_fig12_cells,
          draw_gd_fig12, &token_recipe},
    Study{"looped-fig1", "Looped transformers: the weights of the restricted model", "Fig. 1",
          looped_fig1_cells, draw_looped_fig1, &looped_recipe},
    Study{"looped-fig2", "Looped transformers: training curves of the full model", "Fig. 2",
          looped_fig2_cells, draw_looped_fig2, &looped_recipe},
    Study{"looped-fig3", "Looped transformers: more loops than in training", "Fig. 3",
          looped_fig3_cells, draw_looped_fig3, &looped_recipe},
};

void add_runs(const Study& study, const Archive& archive, StudyResult& result) {
  for (const Cell& cell : study.cells()) {
    for (const Trained* t : archive.seeds(cell)) {
      result.runs.push_back(
          {.name = cell.title(),
           .kind = std::string(cell.network.empty() ? title_of(cell.kind) : cell.network),
           .problem = std::string(cell.problem->title),
           .layers = cell.layers,
           .seed = static_cast<std::uint64_t>(t->seed),
           .steps = t->steps,
           .seconds = t->seconds,
           .directory = t->directory});
      result.provenance.train_seconds += t->seconds;
    }
  }
}

std::string csv_number(double value) {
  return std::isfinite(value) ? fmt::format("{:.6g}", value) : "";
}

std::string csv_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// Every point of every figure, one a line.
std::string figures_csv(const StudyResult& result) {
  std::string csv = "figure,panel,series,x,y,low,high\n";
  for (const Figure& figure : result.figures) {
    for (const Panel& panel : figure.panels) {
      for (const Series& series : panel.series) {
        for (const Point& p : series.points) {
          csv += fmt::format("{},{},{},{},{},{},{}\n", figure.id, csv_text(panel.title),
                             csv_text(series.name), csv_number(p.x), csv_number(p.y),
                             p.low ? csv_number(*p.low) : "", p.high ? csv_number(*p.high) : "");
        }
      }
      if (!panel.heatmap) continue;
      const Heatmap& map = *panel.heatmap;
      for (std::size_t i = 0; i < map.rows.size(); ++i) {
        for (std::size_t j = 0; j < map.columns.size(); ++j) {
          csv += fmt::format("{},{},{},{},{},,\n", figure.id, csv_text(panel.title),
                             csv_text(map.rows[i]), j + 1, csv_number(map.values[i][j]));
        }
      }
    }
  }
  return csv;
}

std::string table1_csv(const Archive& archive, const StudyOptions& options) {
  std::string csv = "layers,kind,problem,adjusted,se,bayes,paper,seeds,steps,seconds\n";
  for (const Cell& cell : table1_cells()) {
    const Trained* t = archive.best(cell);
    const double paper = published(cell.kind, cell.layers, *cell.problem).value;
    double seconds = 0;
    for (const Trained* seed : archive.seeds(cell)) seconds += seed->seconds;
    csv +=
        fmt::format("{},{},{},", cell.layers, title_of(cell.kind), csv_text(cell.problem->label));
    if (t == nullptr) {
      csv += fmt::format(",,,{},{},,\n", csv_number(paper), options.seeds);
      continue;
    }
    const Estimate& ours = t->scores.adjusted.at("model");
    csv += fmt::format("{},{},{},{},{},{},{:.1f}\n", csv_number(ours.mean), csv_number(ours.se),
                       csv_number(t->scores.adjusted.at("bayes").mean), csv_number(paper),
                       options.seeds, t->steps, seconds);
  }
  return csv;
}

}  // namespace

std::span<const Study> all_studies() { return kStudies; }

const Study* find_study(std::string_view name) {
  const auto found = std::ranges::find(kStudies, name, &Study::name);
  return found == kStudies.end() ? nullptr : &*found;
}

Expected<StudyResult> reproduce(const Study& study, const StudyOptions& options) {
  const auto archive = GRAMIAN_TRY(carry_out(study.cells(), options));

  StudyResult result{.study = std::string(study.name), .title = std::string(study.title)};
  result.paper = fmt::format("{}, {}", study.recipe->paper,
                             study.paper.empty() ? "beyond its figures" : study.paper);
  result.caption = study.recipe->text(options.effort);
  result.quick = options.effort.quick;
  const Manifest manifest = Manifest::begin(0, options.command_line, simd_target());
  result.provenance = {
      .command = manifest.command_line,
      .version = manifest.version,
      .commit = manifest.commit,
      .cpu = manifest.cpu,
      .simd = manifest.simd,
      .compiler = manifest.compiler,
      .finished = utc_now(),
      .cores = manifest.cores,
      .settings = starts(study.cells().back(), 0, options.effort).front().to_toml()};
  add_runs(study, archive, result);
  GRAMIAN_TRY(study.draw(archive, options, result));

  const std::string base = fmt::format("{}/results/{}", options.directory, study.name);
  const std::string csv =
      study.name == "table1" ? table1_csv(archive, options) : figures_csv(result);
  GRAMIAN_TRY(write_file_atomically(base + ".csv", csv));
  GRAMIAN_TRY(write_file_atomically(base + ".json", to_json(result)));
  return result;
}

}  // namespace gramian
