#include "gramian/papers/electric/paper.h"

#include "gramian/papers/electric/setting.h"
#include "gramian/papers/electric/studies.h"

namespace gramian::electric {

namespace {

constexpr Study kStudies[] = {
    {.name = "electric-constructed",
     .title = "Networks that are algorithms on graphs by construction, run layer by layer",
     .place = "its theorems",
     .cells = constructed_cells,
     .draw = draw_constructed,
     .recipe = recipe},
    {.name = "electric-fig2",
     .title = "Loss against depth for potentials, embeddings and heat",
     .place = "Fig. 2",
     .cells = depth_cells,
     .draw = draw_depth,
     .recipe = recipe},
    {.name = "electric-eigenvectors",
     .title = "Eigenvectors by depth, beside subspace iteration",
     .place = "its experiments on eigenvectors",
     .cells = eigenvector_cells,
     .draw = draw_eigenvectors,
     .recipe = recipe},
    {.name = "electric-general",
     .title = "Larger and other graphs than in training, and edges that are exchanged or rotated",
     .place = "",
     .cells = general_cells,
     .draw = draw_general,
     .recipe = recipe},
    {.name = "electric-rewriting",
     .title = "How trained networks rewrite the incidence matrix, and a graph layer by layer",
     .place = "",
     .cells = rewriting_cells,
     .draw = draw_rewriting,
     .recipe = recipe},
};

}  // namespace

const Paper paper{
    .name = "Cheng et al. 2024",
    .authors = "Cheng, Carin, Sra",
    .title = "Graph Transformers Dream of Electric Flow",
    .venue = "ICLR 2025",
    .arxiv = "2410.16699",
    .losses =
        "Losses are |Phi / |Phi| - Y / |Y||^2 in Frobenius norms: 1 for predicting zero. Of "
        "eigenvectors the sum over them of min |+- phi / |phi| - u|^2. Lower is better.",
    .studies = kStudies,
};

}  // namespace gramian::electric
