#include "gramian/papers/newton/paper.h"

#include "gramian/papers/newton/setting.h"
#include "gramian/papers/newton/studies.h"

namespace gramian::newton {

namespace {

constexpr Study kStudies[] = {
    {.name = "newton-constructed",
     .title = "Networks that are Newton's method by construction, run layer by layer",
     .place = "Theorems 4.2 and 5.1",
     .cells = constructed_cells,
     .draw = draw_constructed,
     .recipe = recipe},
    {.name = "newton-fig1",
     .title = "Logistic regression: an encoder beside steps of Newton",
     .place = "Fig. 1",
     .cells = logistic_cells,
     .draw = draw_logistic,
     .recipe = logistic_recipe},
    {.name = "newton-fig2",
     .title = "Error by layer beside Newton's iterations of order 2 to 5",
     .place = "Fig. 2",
     .cells = depth_cells,
     .draw = draw_depth,
     .recipe = recipe},
    {.name = "newton-fig3",
     .title = "Predictions along one coordinate, inside and outside the range of training",
     .place = "Fig. 3",
     .cells = coordinate_cells,
     .draw = draw_coordinate,
     .recipe = recipe},
    {.name = "newton-fig8",
     .title = "Condition numbers from 5 to 100, without and with noise",
     .place = "Figs. 8 and 9",
     .cells = condition_cells,
     .draw = draw_condition,
     .recipe = recipe},
    {.name = "newton-degree",
     .title = "The power of A that layers and steps reach, and where trained networks are",
     .place = "section 4",
     .cells = degree_cells,
     .draw = draw_degree,
     .recipe = recipe},
};

}  // namespace

const Paper paper{
    .name = "Giannou et al. 2024",
    .authors = "Giannou, Yang, Wang, Papailiopoulos, Lee",
    .title = "How Well Can Transformers Emulate In-context Newton's Method?",
    .venue = "AISTATS 2025",
    .arxiv = "2403.03183",
    .losses =
        "Errors of regression are squared errors over d, against the target without noise. Lower "
        "is better.",
    .studies = kStudies,
};

}  // namespace gramian::newton
