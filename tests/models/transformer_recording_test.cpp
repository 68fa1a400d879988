// The networks of flat configurations record what they always did: the names and order of their
// weights, the operations and their order decide about the bits of finished runs.
#include <gtest/gtest.h>

#include "gramian/models/transformer.h"
#include "gramian/models/transformer/flat.h"
#include "gramian/tape/tape_run.h"

namespace gramian {
namespace {

// Prompt p of these tokens: entry i is ((37 i mod 101) / 50 - 1)(1 - p / 100).
struct Recorded {
  const char* name;
  FlatTransformer flat;
  std::size_t parameters;
  const char* operations;
  const char* names;
  double prediction0, prediction5;  // with weights of seed 7 and noise 0.3
};

const Recorded kRecorded[] = {
    {"sines",
     {.tokens = 11, .width = 2, .embedding = 40, .hidden = 160},
     19480,
     "input parameter product parameter parameter parameter parameter parameter parameter "
     "parameter parameter product sum gelu product sum sum rows rows product product product "
     "product product product scale sum columns scale ",
     "embedding layers.0.mlp.in layers.0.mlp.in_bias layers.0.mlp.out layers.0.mlp.out_bias "
     "layers.0.heads.0.Q layers.0.heads.0.K layers.0.heads.0.V layers.0.heads.0.P ",
     -0.21155456005796464,
     -0.1956746693992909},
    {"interleaved",
     {.tokens = 21, .width = 10, .positions = 10, .layers = 2, .softmax_layers = 1},
     3200,
     "input constant beside parameter parameter parameter parameter parameter parameter parameter "
     "parameter rows product product product product softmax product product sum rows rows "
     "product product product product product product scale sum columns scale ",
     "layers.0.heads.0.Q layers.0.heads.0.K layers.0.heads.0.V layers.0.heads.0.P "
     "layers.1.heads.0.Q layers.1.heads.0.K layers.1.heads.0.V layers.1.heads.0.P ",
     -0.96715524132057507,
     -0.96817142912662424},
    {"descent",
     {.tokens = 6, .width = 2, .embedding = 4, .hidden = 7, .layers = 2, .gradient_step = true},
     144,
     "input parameter product parameter parameter parameter parameter parameter parameter "
     "parameter parameter parameter parameter product sum gelu product sum sum rows columns "
     "columns columns product product product scale constant beside sum product sum gelu product "
     "sum sum rows rows columns columns columns product product product scale constant beside sum "
     "columns scale ",
     "embedding layers.0.mlp.in layers.0.mlp.in_bias layers.0.mlp.out layers.0.mlp.out_bias "
     "layers.0.step layers.1.mlp.in layers.1.mlp.in_bias layers.1.mlp.out layers.1.mlp.out_bias "
     "layers.1.step ",
     0.1204987092308594,
     0.15138562276468687},
    {"looped, two heads",
     {.tokens = 7,
      .width = 4,
      .layers = 3,
      .heads = 2,
      .key_size = 3,
      .softmax_layers = 1,
      .tied = true,
      .context_scale = ContextScale::sum,
      .query_in_keys = true,
      .clip = 0.5},
     96,
     "input parameter parameter parameter parameter parameter parameter parameter parameter "
     "product product product product softmax product product product product product product "
     "softmax product product sum sum clip product product product product product product "
     "product product product product product product sum scale sum clip rows product product "
     "product product product product product product product product product product sum scale "
     "sum clip columns scale ",
     "layers.0.heads.0.Q layers.0.heads.0.K layers.0.heads.0.V layers.0.heads.0.P "
     "layers.0.heads.1.Q layers.0.heads.1.K layers.0.heads.1.V layers.0.heads.1.P ",
     -0.46798542852513364,
     -0.46881725384840284}};

TEST(TransformerRecording, OfFlatConfigurationsIsTheSameAsEver) {
  for (const Recorded& c : kRecorded) {
    SCOPED_TRACE(c.name);
    const auto transformer = Transformer::initial(describe(c.flat).value(), 0.3, 7).value();
    const RecordedTransformer& recorded = transformer.recorded();
    EXPECT_EQ(transformer.theta.size(), c.parameters);
    std::string operations, names;
    for (const Tape::Node& node : recorded.tape.nodes()) {
      operations += std::string(name_of(node.operation)) + " ";
      if (node.operation == Operation::parameter) names += node.name + " ";
    }
    EXPECT_EQ(operations, c.operations);
    EXPECT_EQ(names, c.names);

    TapeRun<double> run(recorded.tape);
    const std::size_t size = recorded.tape.node(recorded.tokens).size();
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t p = 0; p < kLanes; ++p) {
        const double entry = static_cast<double>((i * 37) % 101) / 50.0 - 1;
        run.values(recorded.tokens)[i * kLanes + p] = entry * (1 - 0.01 * static_cast<double>(p));
      }
    }
    run.forward(transformer.theta.data());
    EXPECT_NEAR(run.values(recorded.output)[0], c.prediction0, 1e-14);
    EXPECT_NEAR(run.values(recorded.output)[5], c.prediction5, 1e-14);
  }
}

}  // namespace
}  // namespace gramian
