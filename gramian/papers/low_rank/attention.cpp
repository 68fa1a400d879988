// low-rank-fig3: how much of the attention goes to relevant tokens, before and after training, for
// several multiples of the identity with which W_Q and W_K begin.
#include <fmt/format.h>

#include "gramian/papers/low_rank/claims.h"
#include "gramian/papers/low_rank/draw.h"
#include "gramian/papers/low_rank/studies.h"

namespace gramian::low_rank {

namespace {

constexpr double kGains[] = {0.1, 0.5, 1, 2};
constexpr std::uint64_t kPrompts = 400, kQuickPrompts = 50;

Setting with_gain(double gain) { return {.gain = gain}; }

Expected<std::vector<GainNumbers>> measure_gains(const Archive& archive,
                                                 const StudyOptions& options) {
  std::vector<GainNumbers> gains;
  for (const double gain : kGains) {
    const Setting setting = with_gain(gain);
    const auto runs = GRAMIAN_TRY(load_token_seeds(archive, setting.cell().name, options));
    GainNumbers& at = gains.emplace_back(GainNumbers{.gain = gain});
    at.ranks = measure_ranks(runs, setting.relevant);
    for (const TokenSeed& seed : runs) {
      at.attention.push_back(measure_attention(seed.run, setting.task().relevant_tokens(),
                                               options.effort.quick ? kQuickPrompts : kPrompts));
    }
  }
  return gains;
}

std::vector<double> starts(const GainNumbers& at) {
  return each(at.attention, [](const AttentionNumbers& s) { return s.start; });
}
std::vector<double> ends(const GainNumbers& at) {
  return each(at.attention, [](const AttentionNumbers& s) { return s.trained; });
}

Table mass_table(const std::vector<GainNumbers>& gains) {
  Table table{.id = "low-rank-fig3",
              .title = "Attention on relevant tokens",
              .columns = {"W_Q and W_K begin as this times I", "before training", "after training"},
              .rows = {},
              .notes = {"Means over seeds with their standard errors. Of the tokens 30% are "
                        "relevant: that is the mass of uniform attention."}};
  for (const GainNumbers& at : gains) {
    if (!at.attention.empty())
      table.rows.push_back({at.gain, over_seeds(starts(at)), over_seeds(ends(at))});
  }
  return table;
}

Table updates_table(const std::vector<GainNumbers>& gains) {
  Table table = rank_table("low-rank-fig3-ranks", "What training changed at each of them");
  for (const GainNumbers& at : gains) add_rank_rows(fmt::format("{} I", at.gain), at.ranks, table);
  return table;
}

Figure figure_of(const std::vector<GainNumbers>& gains) {
  Panel panel{.title = "Attention on relevant tokens",
              .x = {.label = "W_Q and W_K begin as this times I", .log = true},
              .y = {.label = "mass on relevant tokens"}};
  Series before{.name = "before training", .role = Role::other},
      after{.name = "after training", .role = Role::full};
  for (const GainNumbers& at : gains) {
    if (at.attention.empty()) continue;
    before.points.push_back(point_over_seeds(at.gain, starts(at)));
    after.points.push_back(point_over_seeds(at.gain, ends(at)));
  }
  panel.series = {std::move(before),
                  std::move(after),
                  {.name = "uniform attention",
                   .role = Role::bayes,
                   .mark = Mark::rule,
                   .points = {{.y = Setting{}.task().relevant_share}}}};
  return {.id = "low-rank-fig3",
          .title = "Attention on relevant tokens",
          .caption = "Bars are two standard errors over seeds.",
          .panels = {std::move(panel)}};
}

}  // namespace

std::vector<Cell> attention_cells() { return cells_of(kGains, with_gain); }

Status draw_attention(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto gains = GRAMIAN_TRY(measure_gains(archive, options));
  result.claims = attention_claims(gains);
  result.tables = {mass_table(gains), updates_table(gains)};
  result.figures.push_back(figure_of(gains));
  return {};
}

}  // namespace gramian::low_rank
