#include "gramian/papers/mesa_optimisation/paper.h"

#include "gramian/papers/mesa_optimisation/raw.h"
#include "gramian/papers/mesa_optimisation/setting.h"
#include "gramian/papers/mesa_optimisation/studies.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr Study kStudies[] = {
    {.name = "mesa-fig3",
     .title = "One layer of linear attention is a step of gradient descent",
     .place = "Figs. 3 and 13",
     .cells = one_layer_cells,
     .draw = draw_one_layer,
     .recipe = recipe},
    {.name = "mesa-fig4",
     .title = "One to six layers beside steps of Proposition 2 and least squares",
     .place = "Fig. 4",
     .cells = depth_cells,
     .draw = draw_depth,
     .recipe = recipe},
    {.name = "mesa-interpolation",
     .title = "Block-scalar products along the training, and trained from the same start",
     .place = "Fig. 4, interpolation",
     .cells = interpolation_cells,
     .draw = draw_interpolation,
     .recipe = interpolation_recipe},
    {.name = "mesa-probes",
     .title = "What tokens hold after each layer",
     .place = "Fig. 4, probes",
     .cells = probe_cells,
     .draw = draw_probes,
     .recipe = recipe},
    {.name = "mesa-fig5",
     .title = "Linear attention in place of a layer of softmax",
     .place = "Fig. 5",
     .cells = linearised_cells,
     .draw = draw_linearised,
     .recipe = linearised_recipe},
    {.name = "mesa-fig6",
     .title = "Two layers on observations as they are: softmax, linear and mesa",
     .place = "Figs. 2, 6 and 7",
     .cells = raw_cells,
     .draw = draw_raw,
     .recipe = raw_recipe},
    {.name = "mesa-fig8",
     .title = "Few-shot regression by networks that were trained on dynamical systems",
     .place = "Figs. 8 and 18",
     .cells = few_shot_cells,
     .draw = draw_few_shot,
     .recipe = few_shot_recipe},
    {.name = "mesa-fig11",
     .title = "Contracting systems, and one system for all prompts",
     .place = "Figs. 11 and 12",
     .cells = system_cells,
     .draw = draw_systems,
     .recipe = recipe},
    {.name = "mesa-reference",
     .title = "Baselines and two layers at the sizes of the publication",
     .place = "",
     .cells = reference_cells,
     .draw = draw_reference,
     .recipe = recipe},
};

}  // namespace

const Paper paper{
    .name = "von Oswald et al. 2023",
    .authors =
        "von Oswald, Schlegel, Meulemans, Kobayashi, Niklasson, Zucchet, Scherrer, Miller, "
        "Sandler, Aguera y Arcas, Vladymyrov, Pascanu, Sacramento",
    .title = "Uncovering mesa-optimization algorithms in Transformers",
    .venue = "arXiv 2023",
    .arxiv = "2309.05858",
    .losses =
        "Losses are means over the positions of a sequence of 1/2 |prediction - next "
        "observation|^2. Lower is better.",
    .studies = kStudies,
};

}  // namespace gramian::mesa_optimisation
