#include "gramian/papers/versatile/paper.h"

#include "gramian/papers/versatile/setting.h"
#include "gramian/papers/versatile/studies.h"

namespace gramian::versatile {

namespace {

constexpr Study kStudies[] = {
    {.name = "table1",
     .title = "Adjusted loss: 3 parametrisations x 7 depths x 10 noise problems",
     .place = "Table 1",
     .cells = table1_cells,
     .draw = draw_table1,
     .recipe = recipe,
     .csv = table1_csv},
    {.name = "fig1",
     .title = "Adjusted loss against depth, uniform noise",
     .place = "Fig. 1",
     .cells = fig1_cells,
     .draw = draw_fig1,
     .recipe = recipe},
    {.name = "fig2",
     .title = "Profiles over the noise level, uniform noise",
     .place = "Fig. 2",
     .cells = fig2_cells,
     .draw = draw_fig2,
     .recipe = recipe},
    {.name = "fig3",
     .title = "Categorical noise",
     .place = "Fig. 3",
     .cells = fig3_cells,
     .draw = draw_fig3,
     .recipe = recipe},
    {.name = "fig4",
     .title = "Weights of a FULL network",
     .place = "Fig. 4",
     .cells = fig4_cells,
     .draw = draw_fig4,
     .recipe = recipe},
    {.name = "fig5",
     .title = "Prediction after k layers",
     .place = "Fig. 5",
     .cells = fig5_cells,
     .draw = draw_fig5,
     .recipe = recipe},
    {.name = "fig6",
     .title = "Loss against the noise level, not adjusted",
     .place = "Fig. 6",
     .cells = fig6_cells,
     .draw = draw_fig6,
     .recipe = recipe},
    {.name = "fig7",
     .title = "Profiles layer by layer",
     .place = "Fig. 7",
     .cells = fig7_cells,
     .draw = draw_fig7,
     .recipe = recipe},
    {.name = "steps",
     .title = "Learned and hand-made algorithms, step by step",
     .place = "",
     .cells = steps_cells,
     .draw = draw_steps,
     .recipe = recipe},
    {.name = "blowups",
     .title = "Rare prompts on which networks explode",
     .place = "",
     .cells = blowups_cells,
     .draw = draw_blowups,
     .recipe = recipe},
    {.name = "training",
     .title = "Training curves",
     .place = "",
     .cells = training_cells,
     .draw = draw_training,
     .recipe = recipe},
    {.name = "changes",
     .title = "Rank of what training changed in FULL, and pruning",
     .place = "",
     .cells = changes_cells,
     .draw = draw_changes,
     .recipe = recipe},
};

}  // namespace

const Paper paper{
    .name = "Vladymyrov et al. 2024",
    .authors = "Vladymyrov, von Oswald, Sandler, Ge",
    .title = "Linear transformers are versatile in-context learners",
    .venue = "NeurIPS 2024",
    .arxiv = "2402.14180",
    .losses =
        "Losses are halves of squared errors against the noise-free target, adjusted: minus the "
        "loss of ridge regression that knows the noise. Lower is better.",
    .studies = kStudies,
};

}  // namespace gramian::versatile
