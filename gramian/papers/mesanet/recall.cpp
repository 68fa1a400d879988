// mesanet-recall: right answers by mixer and question, by length, by items, and by steps of
// conjugate gradients; what a head carries along.
#include <fmt/format.h>

#include <algorithm>

#include "gramian/papers/mesanet/claims.h"
#include "gramian/papers/mesanet/studies.h"
#include "gramian/studies/draw.h"

namespace gramian::mesanet {

namespace {

Role role_of(Mixing mixing) {
  constexpr Role kRoles[] = {Role::full, Role::diag, Role::gdpp, Role::adarr, Role::bayes};
  return kRoles[static_cast<int>(mixing)];
}

Table trained_table(const std::vector<RecallNumbers>& numbers) {
  Table table{
      .id = "mesanet-recall",
      .title = "Right answers, and when they were learned",
      .columns = {"questions", "tokens", "items", "mixer", "right, mean of seeds", "least seed",
                  "most", "seeds that learn", "steps, median"},
      .rows = {},
      .notes = {fmt::format("Learned: the loss of the batch, the mean of {} rows of its "
                            "curve, is below {} of what guessing among all possible "
                            "answers costs. Chance is {:.1f}% of the answers of recall, "
                            "{:.1f}% of copying. Questions are those of training.",
                            kWindow, kLearnedShare, 100.0 / answers_of(RecallKind::associative),
                            100.0 / answers_of(RecallKind::copying))}};
  for (const RecallNumbers& of : numbers) {
    std::vector<double> steps = of.learned;
    std::ranges::sort(steps);
    const auto [least, most] = std::ranges::minmax(of.seeds, {}, &Estimate::mean);
    auto& row = table.rows.emplace_back();
    row.emplace_back(std::string(title_of(of.setting.kind)));
    row.emplace_back(static_cast<double>(of.setting.size.tokens));
    row.emplace_back(static_cast<double>(of.setting.size.items));
    row.emplace_back(std::string(title_of(of.setting.mixing)));
    row.emplace_back(cell_of(over_seeds(of.seeds)));
    row.emplace_back(cell_of(least));
    row.emplace_back(cell_of(most));
    row.emplace_back(fmt::format("{} of {}", steps.size(), of.seeds.size()));
    row.emplace_back(steps.empty() ? std::variant<std::string, double, TableCell>("never")
                                   : steps[(steps.size() - 1) / 2]);
  }
  return table;
}

// Networks of associative recall on questions of other sizes: by items, or by tokens of so many
// items.
struct AskedList {
  std::vector<AskedNumbers> numbers = {};
  bool by_items = true;
  int items = 0;

  const char* unit() const { return by_items ? "items" : "tokens"; }
  int of(const Size& size) const { return by_items ? size.items : size.tokens; }
  std::string id() const { return by_items ? "items" : fmt::format("tokens-{}", items); }
  std::string title() const {
    return by_items ? fmt::format("{} tokens", kItemTokens) : fmt::format("{} items", items);
  }
};

std::vector<AskedList> asked_lists(const Measured& measured) {
  std::vector<AskedList> lists{{.numbers = measured.items}};
  for (const int items : {kKeySize, kMainSize.items}) {
    AskedList list{.by_items = false, .items = items};
    for (const AskedNumbers& n : measured.lengths) {
      if (n.size.items == items) list.numbers.push_back(n);
    }
    lists.push_back(std::move(list));
  }
  return lists;
}

// A row a mixer, a column a size.
Table asked_table(const AskedList& list) {
  Table table{.id = fmt::format("mesanet-recall-{}", list.id()),
              .title = fmt::format("Right answers of associative recall, {}, by number of {}",
                                   list.title(), list.unit()),
              .columns = {"mixer"},
              .rows = {},
              .notes = {fmt::format("Networks that were trained on {} tokens and {} items. Means "
                                    "over seeds.",
                                    kMainSize.tokens, kMainSize.items)}};
  for (const AskedNumbers& n : list.numbers) {
    const auto column = fmt::format("{} {}", list.of(n.size), list.unit());
    if (std::ranges::find(table.columns, column) == table.columns.end())
      table.columns.push_back(column);
  }
  for (const Mixing mixing : kMixings) {
    std::vector<std::variant<std::string, double, TableCell>> row{std::string(title_of(mixing))};
    for (const AskedNumbers& n : list.numbers) {
      if (n.mixing == mixing) row.emplace_back(cell_of(over_seeds(n.seeds)));
    }
    if (row.size() > 1) table.rows.push_back(std::move(row));
  }
  return table;
}

Table solver_table(const std::vector<SolverNumbers>& solvers) {
  Table table{.id = "mesanet-recall-solver",
              .title = "Right answers of the mesa layer by steps of conjugate gradients",
              .columns = {"steps", "right, mean of seeds", "least seed", "most"},
              .rows = {},
              .notes = {fmt::format("Associative recall, T = {}, {} items, keys of {} numbers; the "
                                    "networks were trained with the exact solution.",
                                    kMainSize.tokens, kMainSize.items, kKeySize)}};
  for (const SolverNumbers& at : solvers) {
    const auto [least, most] = std::ranges::minmax(at.seeds, {}, &Estimate::mean);
    table.rows.push_back({at.steps > 0 ? fmt::format("{}", at.steps) : "solved exactly",
                          cell_of(over_seeds(at.seeds)), cell_of(least), cell_of(most)});
  }
  return table;
}

Table state_table() {
  Table table{.id = "mesanet-recall-state",
              .title = "Numbers that a head carries from token to token",
              .columns = {"mixer"},
              .rows = {},
              .notes = {fmt::format("Keys and values of {} numbers: two states of the mesa layer, "
                                    "one of other linear mixers, all keys and values of softmax.",
                                    kKeySize)}};
  for (const int tokens : kLengths) table.columns.push_back(fmt::format("{} tokens", tokens));
  for (const Mixing mixing : kMixings) {
    auto& row = table.rows.emplace_back();
    row.emplace_back(std::string(title_of(mixing)));
    for (const int tokens : kLengths)
      row.emplace_back(static_cast<double>(state_size(mixing, tokens)));
  }
  return table;
}

Panel asked_panel(const AskedList& list) {
  Panel panel{.title = list.title(),
              .x = {.label = list.unit(), .log = true},
              .y = {.label = "right answers", .domain = {0, 1}}};
  for (const AskedNumbers& n : list.numbers) {
    const double x = list.of(n.size);
    if (std::ranges::find(panel.x.ticks, x) == panel.x.ticks.end()) panel.x.ticks.push_back(x);
  }
  for (const Mixing mixing : kMixings) {
    Series series{.name = std::string(title_of(mixing)), .role = role_of(mixing)};
    for (const AskedNumbers& n : list.numbers) {
      if (n.mixing == mixing) series.points.push_back(point(list.of(n.size), over_seeds(n.seeds)));
    }
    if (!series.points.empty()) panel.series.push_back(std::move(series));
  }
  return panel;
}

Panel solver_panel(const std::vector<SolverNumbers>& solvers) {
  Panel panel{.title = "the mesa layer by its solver",
              .x = {.label = "steps of conjugate gradients"},
              .y = {.label = "right answers", .domain = {0, 1}}};
  Series steps{.name = "conjugate gradients", .role = Role::full};
  Series exact{.name = "solved exactly", .role = Role::other, .mark = Mark::rule};
  for (const SolverNumbers& at : solvers) {
    Series& series = at.steps > 0 ? steps : exact;
    series.points.push_back(point(at.steps, over_seeds(at.seeds)));
  }
  for (Series* series : {&steps, &exact}) {
    if (!series->points.empty()) panel.series.push_back(std::move(*series));
  }
  return panel;
}

Figure state_figure() {
  Panel panel{
      .title = {},
      .x = {.label = "tokens", .log = true, .ticks = {std::begin(kLengths), std::end(kLengths)}},
      .y = {.label = "numbers a head", .log = true}};
  for (const Mixing mixing : {Mixing::mesa, Mixing::linear, Mixing::softmax}) {
    Series series{.name = mixing == Mixing::linear ? "linear attention, delta rule"
                                                   : std::string(title_of(mixing)),
                  .role = role_of(mixing)};
    for (const int tokens : kLengths)
      series.points.push_back(
          {.x = static_cast<double>(tokens), .y = static_cast<double>(state_size(mixing, tokens))});
    panel.series.push_back(std::move(series));
  }
  return {.id = "mesanet-recall-state",
          .title = "What a head carries from token to token",
          .caption = "Numbers of state after so many tokens, without those of the convolution.",
          .columns = 1,
          .panels = {std::move(panel)}};
}

Expected<Figure> curves_figure(const Archive& archive, const StudyOptions& options) {
  Figure figure{.id = "mesanet-recall-training",
                .title = "Loss of the batch while training",
                .caption =
                    "The seed with the least loss of each mixer. The upper edge is what "
                    "guessing costs.",
                .columns = 3,
                .panels = {}};
  for (const RecallKind kind : kKinds) {
    const Size size = main_size(kind);
    Panel panel{.title = fmt::format("{}, T = {}", title_of(kind), size.tokens),
                .x = {.label = "step"},
                .y = {.label = "nats", .domain = {0, guessing_loss(kind)}}};
    for (const Mixing mixing : kMixings) {
      const Trained* best = archive.best(Setting{kind, mixing, size}.name());
      if (best == nullptr) continue;
      panel.series.push_back({.name = std::string(title_of(mixing)),
                              .role = role_of(mixing),
                              .points = GRAMIAN_TRY(training_curve(*best, options))});
    }
    if (!panel.series.empty()) figure.panels.push_back(std::move(panel));
  }
  return figure;
}

}  // namespace

std::vector<Cell> recall_cells() { return cells_of(settings()); }

Status draw_recall(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const Measured measured = GRAMIAN_TRY(measure_recall(archive, options));
  result.claims = recall_claims(measured);
  result.tables = {trained_table(measured.trained)};
  Figure figure{
      .id = "mesanet-recall",
      .title = "Right answers of associative recall",
      .caption = fmt::format("Networks that were trained on {} tokens and {} items. Means over "
                             "seeds; bars are two standard errors.",
                             kMainSize.tokens, kMainSize.items),
      .columns = 2,
      .panels = {}};
  for (const AskedList& list : asked_lists(measured)) {
    result.tables.push_back(asked_table(list));
    figure.panels.push_back(asked_panel(list));
  }
  figure.panels.push_back(solver_panel(measured.solvers));
  result.figures.push_back(std::move(figure));
  result.tables.push_back(solver_table(measured.solvers));
  result.tables.push_back(state_table());
  result.figures.push_back(GRAMIAN_TRY(curves_figure(archive, options)));
  result.figures.push_back(state_figure());
  return {};
}

}  // namespace gramian::mesanet
