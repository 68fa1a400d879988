#include "gramian/papers/looped/paper.h"

#include "gramian/papers/looped/setting.h"
#include "gramian/papers/looped/studies.h"

namespace gramian::looped {

namespace {

constexpr Study kStudies[] = {
    {.name = "looped-fig1",
     .title = "Looped transformers: the weights of the restricted model",
     .place = "Fig. 1",
     .cells = fig1_cells,
     .draw = draw_fig1,
     .recipe = recipe},
    {.name = "looped-fig2",
     .title = "Looped transformers: training curves of the full model",
     .place = "Fig. 2",
     .cells = fig2_cells,
     .draw = draw_fig2,
     .recipe = recipe},
    {.name = "looped-fig3",
     .title = "Looped transformers: more loops than in training",
     .place = "Fig. 3",
     .cells = fig3_cells,
     .draw = draw_fig3,
     .recipe = recipe},
    {.name = "looped-rotation",
     .title = "Looped transformers: the best preconditioner is not symmetric",
     .place = "",
     .cells = rotation_cells,
     .draw = draw_rotation,
     .recipe = recipe},
};

}  // namespace

const Paper paper{
    .name = "Gatmiry et al. 2024",
    .authors = "Gatmiry, Saunshi, Reddi, Jegelka, Kumar",
    .title =
        "Can looped transformers learn to implement multi-step gradient descent "
        "for in-context learning?",
    .venue = "ICML 2024",
    .arxiv = "2410.08292",
    .losses = "Losses are squared errors, not halved, as in the paper. Lower is better.",
    .studies = kStudies,
};

}  // namespace gramian::looped
