#include "gramian/papers/mesanet/paper.h"

#include "gramian/papers/mesanet/setting.h"
#include "gramian/papers/mesanet/studies.h"

namespace gramian::mesanet {

namespace {

constexpr Study kStudies[] = {
    {.name = "mesanet-recall",
     .title = "What mixers with a state of fixed size remember, beside softmax",
     .place = "its synthetic benchmarks",
     .cells = recall_cells,
     .draw = draw_recall,
     .recipe = recipe},
};

}  // namespace

const Paper paper{
    .name = "von Oswald et al. 2025",
    .authors =
        "von Oswald, Scherrer, Kobayashi, Versari, Yang, Schlegel, Maile, Schimpf, Sieberling, "
        "Meulemans, Saurous, Lajoie, Frenkel, Pascanu, Aguera y Arcas, Sacramento",
    .title = "MesaNet: Sequence Modeling by Locally Optimal Test-Time Training",
    .venue = "arXiv 2025",
    .arxiv = "2506.05233",
    .losses =
        "Losses are cross entropies in nats, means over the positions that ask; right is the share "
        "of them at which the right symbol has the largest score.",
    .studies = kStudies,
};

}  // namespace gramian::mesanet
