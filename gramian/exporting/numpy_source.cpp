#include "gramian/exporting/numpy_source.h"

#include <fmt/format.h>

#include <span>
#include <vector>

#include "gramian/exporting/layer_form.h"
#include "gramian/exporting/text.h"

namespace gramian {

namespace {

// How a library of arrays writes what they all have.
struct ArrayLibrary {
  std::string_view import, name, as_array, zeros, array, array_type;
};

constexpr std::string_view kNumpyHead =
    R"("""A linear transformer as an algorithm: @NETWORK@, d = @d@ inputs.

From @ORIGIN@; written by gramian @VERSION@.
Trained on contexts of n = @n@ examples: @TASK@.

    predict(x_context [n, d], y_context [n], x_query [m, d]) -> [m]

@MEANING@
"""
@IMPORT@

D = @d@  # inputs

)";

constexpr std::string_view kNumpyDiagMeaning =
    R"(Every token is an example (x, y); a query is (x, 0). A layer moves all of them, the queries too, by what it
reads from the context, and the prediction is minus the y of the query after the last layer. With
S = @C@ x x^T, alpha = @C@ y x and lambda = @C@ y^2, all of the tokens as they are when the layer begins,

    x' = x + omega_xx S x + omega_xy y alpha
    y' = y + omega_yx <alpha, x> + omega_yy lambda y

omega_yx < 0 is a step of gradient descent, omega_xx < 0 corrects the curvature, omega_xy < 0 takes smaller
steps where there is much noise, omega_yy < 0 shrinks the prediction there.)";

constexpr std::string_view kNumpyGdppMeaning =
    R"(Every token is an example (x, y); a query is (x, 0). A layer moves all of them, the queries too, by what it
reads from the context, and the prediction is minus the y of the query after the last layer. With
S = @C@ x x^T and alpha = @C@ y x, both of the tokens as they are when the layer begins,

    x' = x + omega_xx S x            (a correction of the curvature)
    y' = y + omega_yx <alpha, x>     (a step of gradient descent))";

constexpr std::string_view kNumpyFullMeaning =
    R"(Every token is e = (x, y), a query (x, 0). A layer moves all of them, the queries too,

    e' = e + sum_h P_h G Q_h e,    G = @C@ e e^T,

and the prediction is minus the last coordinate of the query after the last layer.)";

constexpr std::string_view kCheck =
    R"(    x_context, y_context, x_query = (@ASARRAY@ for a in (x_context, y_context, x_query))
    n = len(y_context)
    if n == 0 or x_context.shape != (n, D) or y_context.shape != (n,) or x_query.shape[1:] != (D,):
        raise ValueError(f"need x_context [n, {D}], y_context [n], x_query [m, {D}] with n >= 1, "
                         f"got {x_context.shape}, {y_context.shape}, {x_query.shape}")
)";

constexpr std::string_view kNumpyDiagPredict = R"(
def predict(x_context, y_context, x_query):
@CHECK@    x, y = x_context, y_context  # [n, d], [n]
    x_t, y_t = x_query, @ZEROS@  # [m, d], [m]
    c = @FACTOR@
    for omega_xx, omega_xy, omega_yx, omega_yy in @LIST@:
        S = c * x.T @ x  # [d, d]
        alpha = c * x.T @ y  # [d]
        lam = c * y @ y
        x, y = (x + omega_xx * x @ S + omega_xy * @NP@.outer(y, alpha),
                y + omega_yx * x @ alpha + omega_yy * lam * y)
        x_t, y_t = (x_t + omega_xx * x_t @ S + omega_xy * @NP@.outer(y_t, alpha),
                    y_t + omega_yx * x_t @ alpha + omega_yy * lam * y_t)
    return -y_t
)";

constexpr std::string_view kNumpyGdppPredict = R"(
def predict(x_context, y_context, x_query):
@CHECK@    x, y = x_context, y_context  # [n, d], [n]
    x_t, y_t = x_query, @ZEROS@  # [m, d], [m]
    c = @FACTOR@
    for omega_xx, omega_yx in @LIST@:
        S = c * x.T @ x  # [d, d]
        alpha = c * x.T @ y  # [d]
        x, y = x + omega_xx * x @ S, y + omega_yx * x @ alpha
        x_t, y_t = x_t + omega_xx * x_t @ S, y_t + omega_yx * x_t @ alpha
    return -y_t
)";

constexpr std::string_view kNumpyFullPredict = R"(
def predict(x_context, y_context, x_query):
@CHECK@    e = @NP@.column_stack([x_context, y_context])  # [n, d + 1]
    e_t = @NP@.column_stack([x_query, @ZEROS@])  # [m, d + 1]
    c = @FACTOR@
    for P_l, Q_l in @LIST@:
        G = c * e.T @ e  # [d + 1, d + 1]
        A = sum(P_h @ G @ Q_h for P_h, Q_h in zip(P_l, Q_l))
        e, e_t = e + e @ A.T, e_t + e_t @ A.T
    return -e_t[:, -1]
)";

std::string numpy_omegas(const Network& network, int layers) {
  const LayerForm form = layer_form(network.spec);
  std::string text = fmt::format("LAYERS = [\n    # {}\n", omega_names(form, "omega_"));
  for (int l = 0; l < layers; ++l) {
    text += fmt::format("    ({}),\n", literals(omega_values(form, network.omega(l))));
  }
  return text + "]\n";
}

// P or Q of all layers, [L, H, d + 1, d + 1].
std::string numpy_matrices(const Network& network, int layers, bool q,
                           const ArrayLibrary& library) {
  const std::size_t rows = network.spec.rows();
  std::string text = fmt::format("{} = {}([\n", q ? "Q" : "P", library.array);
  for (int l = 0; l < layers; ++l) {
    const LayerWeights weights = network.expanded(l);
    const std::vector<double>& values = q ? weights.q : weights.p;
    text += fmt::format("    [  # layer {}\n", l + 1);
    for (std::size_t row = 0; row < values.size() / rows; ++row) {
      text += row % rows == 0 ? "        [" : "         ";
      text += fmt::format("[{}]", literals(std::span(values).subspan(row * rows, rows)));
      text += row % rows == rows - 1 ? "],\n" : ",\n";
    }
    text += "    ],\n";
  }
  return text + fmt::format("]{})\n", library.array_type);
}

// What differs between the forms. `layers` is what predict() loops over where weights differ from
// layer to layer, and `once` the list of one entry where they do not.
struct NumpyTexts {
  std::string_view meaning, predict, layers, once;
};

NumpyTexts numpy_texts_of(LayerForm form) {
  switch (form) {
    case LayerForm::matrices:
      return {kNumpyFullMeaning, kNumpyFullPredict, "zip(P, Q)", "list(zip(P, Q))"};
    case LayerForm::four_omegas:
      return {kNumpyDiagMeaning, kNumpyDiagPredict, "LAYERS", "LAYERS"};
    case LayerForm::two_omegas:
      return {kNumpyGdppMeaning, kNumpyGdppPredict, "LAYERS", "LAYERS"};
  }
  return {};
}

std::string array_source(const ExportSource& source, const ArrayLibrary& library) {
  const NetworkSpec& spec = source.network.spec;
  const LayerForm form = layer_form(spec);
  const NumpyTexts texts = numpy_texts_of(form);
  const bool mean = spec.context_scale == ContextScale::mean,
             tied = layers_are_equal(source.network);
  const int written = tied ? 1 : spec.layers;
  const std::string meaning = fill_in(texts.meaning, {{"@C@", mean ? "mean" : "sum"}});
  const std::string list =
      tied ? fmt::format("{} * {}", texts.once, spec.layers) : std::string(texts.layers);
  std::string text = fill_in(kNumpyHead, {{"@NETWORK@", describe_network(source.network)},
                                          {"@d@", fmt::format("{}", spec.d)},
                                          {"@n@", fmt::format("{}", source.n)},
                                          {"@ORIGIN@", comment_text(source.origin)},
                                          {"@TASK@", comment_text(source.task)},
                                          {"@VERSION@", GRAMIAN_VERSION},
                                          {"@MEANING@", meaning},
                                          {"@IMPORT@", library.import}});
  if (form == LayerForm::matrices) {
    text += "# The weights, [layers, heads, D + 1, D + 1].\n";
    text += numpy_matrices(source.network, written, false, library) +
            numpy_matrices(source.network, written, true, library);
  } else {
    text += numpy_omegas(source.network, written);
  }
  const std::string check = fill_in(kCheck, {{"@ASARRAY@", library.as_array}});
  return text + "\n" +
         fill_in(texts.predict,
                 {{"@CHECK@", check},
                  {"@NP@", library.name},
                  {"@ZEROS@", library.zeros},
                  {"@LIST@", list},
                  {"@FACTOR@", mean ? "1.0 / n  # sums over the context are means, as in training"
                                    : "1.0  # plain sums over the context, as in training"}});
}

// The three write alike; x.T, @ and slices are the same in all of them.
const ArrayLibrary kNumpy{.import = "import numpy as np",
                          .name = "np",
                          .as_array = "np.asarray(a, dtype=np.float64)",
                          .zeros = "np.zeros(len(x_query))",
                          .array = "np.array",
                          .array_type = ""};
const ArrayLibrary kTorch{.import = "import torch",
                          .name = "torch",
                          .as_array = "torch.as_tensor(a, dtype=torch.float64)",
                          .zeros = "torch.zeros(len(x_query), dtype=torch.float64)",
                          .array = "torch.tensor",
                          .array_type = ", dtype=torch.float64"};
const ArrayLibrary kJax{
    .import = "import jax\nimport jax.numpy as jnp\n\njax.config.update(\"jax_enable_x64\", True)",
    .name = "jnp",
    .as_array = "jnp.asarray(a, dtype=jnp.float64)",
    .zeros = "jnp.zeros(len(x_query))",
    .array = "jnp.array",
    .array_type = ""};

}  // namespace

std::string numpy_source(const ExportSource& source) { return array_source(source, kNumpy); }
std::string torch_source(const ExportSource& source) { return array_source(source, kTorch); }
std::string jax_source(const ExportSource& source) { return array_source(source, kJax); }

}  // namespace gramian
