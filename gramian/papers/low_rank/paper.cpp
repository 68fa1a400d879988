#include "gramian/papers/low_rank/paper.h"

#include "gramian/papers/low_rank/setting.h"
#include "gramian/papers/low_rank/studies.h"

namespace gramian::low_rank {

namespace {

constexpr Study kStudies[] = {
    {.name = "low-rank-fig1",
     .title = "The rank of what training changed, and what is lost by truncating it",
     .place = "its claim on rank",
     .cells = rank_cells,
     .draw = draw_rank,
     .recipe = recipe},
    {.name = "low-rank-fig2",
     .title = "Norms of neurons, and what pruning them costs",
     .place = "its claim on pruning",
     .cells = pruning_cells,
     .draw = draw_pruning,
     .recipe = recipe},
    {.name = "low-rank-fig3",
     .title = "Attention on relevant tokens, for small and large initial queries and keys",
     .place = "its claim on attention",
     .cells = attention_cells,
     .draw = draw_attention,
     .recipe = recipe},
    {.name = "low-rank-patterns",
     .title = "Two, four and six relevant patterns",
     .place = "",
     .cells = patterns_cells,
     .draw = draw_patterns,
     .recipe = recipe},
    {.name = "low-rank-conditions",
     .title = "More noise, fewer and more tokens, unequal classes",
     .place = "",
     .cells = conditions_cells,
     .draw = draw_conditions,
     .recipe = recipe},
};

}  // namespace

const Paper paper{
    .name = "Li et al. 2024",
    .authors = "Li, Wang, Zhang, Liu, Chen",
    .title = "Learning on Transformers is Provable Low-Rank and Sparse: A One-layer Analysis",
    .venue = "IEEE SAM 2024",
    .arxiv = "2406.17167",
    .losses =
        "Losses are hinge losses, max(0, 1 - label x prediction): 1 for predicting zero, 0 "
        "where every margin is at least 1. Lower is better.",
    .studies = kStudies,
};

}  // namespace gramian::low_rank
