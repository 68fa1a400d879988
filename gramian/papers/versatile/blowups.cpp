// Rare prompts on which trained networks explode, and what guard prompts do about it. Not in the
// paper.
#include <fmt/format.h>

#include <cmath>

#include "gramian/evaluation/blowups.h"
#include "gramian/io/progress.h"
#include "gramian/papers/versatile/claims.h"
#include "gramian/papers/versatile/draw.h"
#include "gramian/runs/blowup_collection.h"
#include "gramian/runs/gram_family.h"
#include "gramian/runs/model_file.h"

namespace gramian::versatile {

namespace {

constexpr std::uint64_t kPrompts = 10'000'000;
constexpr std::uint64_t kQuickPrompts = 200'000;

// What is there of `gramian collect --blowups`, and what is missing of it.
Expected<BlowUpCount> counted(const Trained& trained, std::uint64_t prompts,
                              const StudyOptions& options, ThreadPool& pool) {
  const std::string directory = fmt::format("{}/{}", options.directory, trained.directory);
  auto experiment =
      GRAMIAN_TRY(gram_experiment(trained.cell.starts(trained.seed, options.effort).front()));
  auto network = GRAMIAN_TRY(load_model(directory + "/model.safetensors"));
  const TrainedRun run{std::move(experiment), std::move(network)};
  auto collection =
      GRAMIAN_TRY(BlowUpCollection::open(directory, run, trained.scores.blowup_threshold, pool));
  Progress progress("blow-ups, " + trained.cell.title, static_cast<std::int64_t>(prompts),
                    "prompts");
  while (true) {
    const auto sum = GRAMIAN_TRY(collection.sum(prompts));
    if (sum.met) return sum.count;
    GRAMIAN_TRY(collection.add_batch([&](std::uint64_t done, std::uint64_t) {
      progress.update(static_cast<std::int64_t>(sum.count.prompts + done));
      return options.goes_on();
    }));
  }
}

// Rates per million with their 95% intervals. A rate of zero is drawn at its upper bound only.
Point rate_point(int layers, const BlowUpCount& count) {
  const double scale = 1e6 / static_cast<double>(count.prompts);
  const auto [low, high] = poisson_interval(count.count);
  return {.x = static_cast<double>(layers),
          .y = static_cast<double>(count.count) * scale,
          .low = low * scale,
          .high = high * scale,
          .note = fmt::format("{} of {}, largest loss {:.3g}", count.count, count.prompts,
                              count.largest)};
}

// A network, trained with guards or without them; null where every start diverged.
struct Counted {
  const Trained* trained = nullptr;
  std::uint64_t count = 0;
  Point rate = {};
};
struct BlowUpRow {
  Parametrisation kind;
  int layers;
  Counted guarded, plain;
};

Expected<std::vector<BlowUpRow>> measure(const Archive& archive, std::uint64_t prompts,
                                         const StudyOptions& options) {
  ThreadPool pool(options.threads);
  std::vector<BlowUpRow> rows;
  for (const Parametrisation kind : kKinds) {
    for (int layers = 1; layers <= kTableLayers; ++layers) {
      BlowUpRow& row =
          rows.emplace_back(BlowUpRow{.kind = kind, .layers = layers, .guarded = {}, .plain = {}});
      for (const bool guards : {true, false}) {
        Counted& one = guards ? row.guarded : row.plain;
        one.trained =
            best(archive,
                 {.kind = kind, .layers = layers, .problem = &main_problem(), .guards = guards});
        if (one.trained == nullptr) continue;
        const auto count = GRAMIAN_TRY(counted(*one.trained, prompts, options, pool));
        one.count = count.count;
        one.rate = rate_point(layers, count);
      }
    }
  }
  return rows;
}

Table table_of(const std::vector<BlowUpRow>& rows) {
  Table table{
      .id = "blowups",
      .title = "Blow-ups per million prompts, and what guards cost",
      .columns = {"kind", "layers", "guards: per million", "95% interval", "adjusted loss",
                  "no guards: per million", "95% interval", "adjusted loss", "without blow-ups"},
      .rows = {},
      .notes = {}};
  for (const BlowUpRow& from : rows) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(std::string(title_of(from.kind)));
    row.emplace_back(static_cast<double>(from.layers));
    for (const auto& [trained, count, rate] : {from.guarded, from.plain}) {
      if (trained == nullptr) {
        for (int k = 0; k < 3; ++k) row.emplace_back(std::string("diverged"));
        continue;
      }
      row.emplace_back(rate.y);
      row.emplace_back(fmt::format("{:.2g} to {:.2g}", *rate.low, *rate.high));
      const Estimate& adjusted = trained->scores.adjusted.at("model");
      row.emplace_back(cell_of(adjusted));
    }
    if (from.plain.trained == nullptr) {
      row.emplace_back(std::string("diverged"));
      continue;
    }
    const Estimate& rest = from.plain.trained->scores.adjusted_without;
    row.emplace_back(cell_of(rest));
  }
  return table;
}

Figure figure_of(const std::vector<BlowUpRow>& rows, std::uint64_t prompts) {
  Figure figure{
      .id = "blowups",
      .title = "Prompts on which a network explodes, per million",
      .caption = fmt::format(
          "{} prompts for each network, sigma ~ U(0, 5); exploded: a loss over 1000 times the "
          "oracle's mean. Bars: 95% intervals (Poisson); a count of zero has only an upper end.",
          prompts),
      .columns = 3,
      .panels = {}};
  for (const Parametrisation kind : kKinds) {
    Panel panel{.title = std::string(title_of(kind)),
                .x = {.label = "layers", .ticks = {1, 3, 5, 7}},
                .y = {.label = "blow-ups per million"}};
    Series guarded{.name = "with guards", .role = role_of(kind), .mark = Mark::line};
    Series plain{.name = "no guards", .role = Role::other, .mark = Mark::dashes};
    for (const BlowUpRow& row : rows) {
      if (row.kind != kind) continue;
      if (row.guarded.trained != nullptr) guarded.points.push_back(row.guarded.rate);
      if (row.plain.trained != nullptr) plain.points.push_back(row.plain.rate);
    }
    panel.series = {std::move(guarded), std::move(plain)};
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

// Of the networks that were trained both ways.
std::vector<GuardNumbers> guard_numbers(const std::vector<BlowUpRow>& rows) {
  std::vector<GuardNumbers> numbers;
  for (const BlowUpRow& row : rows) {
    if (row.guarded.trained == nullptr || row.plain.trained == nullptr) continue;
    numbers.push_back({.guarded = row.guarded.count,
                       .plain = row.plain.count,
                       .guarded_loss = row.guarded.trained->scores.adjusted_without,
                       .plain_loss = row.plain.trained->scores.adjusted_without});
  }
  return numbers;
}

std::vector<Setting> blowups_settings() {
  std::vector<Setting> list = settings_of(main_problem(), 1, kTableLayers);
  for (std::size_t i = 0, count = list.size(); i < count; ++i) {
    list.push_back(list[i]);
    list.back().guards = false;
  }
  return list;
}

}  // namespace

std::vector<Cell> blowups_cells() { return cells_of(blowups_settings()); }

Status draw_blowups(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const std::uint64_t prompts = options.effort.quick ? kQuickPrompts : kPrompts;
  const auto rows = GRAMIAN_TRY(measure(archive, prompts, options));
  result.figures.push_back(figure_of(rows, prompts));
  result.tables.push_back(table_of(rows));
  result.claims.push_back(guards_claim(guard_numbers(rows), prompts));
  return {};
}

}  // namespace gramian::versatile
