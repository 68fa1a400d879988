#include "gramian/papers/gd/paper.h"

#include "gramian/papers/gd/setting.h"
#include "gramian/papers/gd/studies.h"
#include "gramian/papers/gd/tokens.h"

namespace gramian::gd {

namespace {

constexpr Study kStudies[] = {
    {.name = "gd-fig2",
     .title = "One trained layer beside one step of gradient descent",
     .place = "Fig. 2",
     .cells = fig2_cells,
     .draw = draw_fig2,
     .recipe = recipe},
    {.name = "gd-fig3",
     .title = "Several layers beside gradient descent and GD++",
     .place = "Fig. 3",
     .cells = fig3_cells,
     .draw = draw_fig3,
     .recipe = recipe},
    {.name = "gd-fig4",
     .title = "Sines: an MLP before one layer, and gradient descent on deep features",
     .place = "Fig. 4",
     .cells = fig4_cells,
     .draw = draw_fig4,
     .recipe = token_recipe},
    {.name = "gd-fig5",
     .title = "Inputs and targets in tokens of their own: a layer that copies",
     .place = "Fig. 5",
     .cells = fig5_cells,
     .draw = draw_fig5,
     .recipe = token_recipe},
    {.name = "gd-fig12",
     .title = "Softmax attention with one head and with two",
     .place = "Fig. 12",
     .cells = fig12_cells,
     .draw = draw_fig12,
     .recipe = token_recipe},
};

}  // namespace

const Paper paper{
    .name = "von Oswald et al. 2022",
    .authors = "von Oswald, Niklasson, Randazzo, Sacramento, Mordvintsev, Zhmoginov, Vladymyrov",
    .title = "Transformers learn in-context by gradient descent",
    .venue = "ICML 2023",
    .arxiv = "2212.07677",
    .losses = "Losses are halves of squared errors against the noise-free target. Lower is better.",
    .studies = kStudies,
};

}  // namespace gramian::gd
