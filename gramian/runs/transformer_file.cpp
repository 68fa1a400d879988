#include "gramian/runs/transformer_file.h"

#include <algorithm>

#include "gramian/io/safetensors.h"
#include "gramian/models/transformer/fields.h"
#include "gramian/runs/transformer_json.h"

namespace gramian {

namespace {

constexpr const char* kTransformerConvention =
    "Tokens are rows of E, the query last. E <- (E encoding), E <- E embedding; then in each layer "
    "E <- E + gelu(E mlp.in + mlp.in_bias) mlp.out + mlp.out_bias (tanh form of GELU) and "
    "E <- E + sum_h (E Q)(C K)^T (C V) P, C the rows that are keys, with a factor 1/n or with a "
    "softmax over keys; or by the delta rule or the mesa layer. "
    "prediction = minus the last entry of the last row. Which of these there are, and what differs "
    "from them: description.";
constexpr const char* kDescription = "description";  // the key of the metadata

Expected<TensorFile> read(const std::string& path) {
  auto file = GRAMIAN_TRY(read_safetensors(path));
  GRAMIAN_TRY(require_finite(file, path));
  return file;
}

Expected<TransformerSpec> description(const TensorFile& file, const std::string& path) {
  auto spec = transformer_from_json(file.metadata.at(kDescription));
  if (!spec) return fail(ErrorKind::format, "{}: {}", path, spec.error().message);
  return spec;
}

// The tensors as the theta of `spec`.
Expected<Transformer> with_tensors(const TensorFile& file, const std::string& path,
                                   const TransformerSpec& spec) {
  auto transformer = GRAMIAN_TRY(Transformer::create(spec));
  const auto& parameters = transformer.recorded().parameters;
  for (const Parameter& parameter : parameters) {
    const Tensor* tensor = file.find(parameter.name);
    if (tensor == nullptr) {
      return fail(ErrorKind::format, "{}: not this transformer: it has no tensor '{}'", path,
                  parameter.name);
    }
    if (tensor->shape != std::vector<std::int64_t>{parameter.rows, parameter.columns}) {
      return fail(ErrorKind::format, "{}: '{}' must have shape [{}, {}], got [{}]", path,
                  parameter.name, parameter.rows, parameter.columns,
                  fmt::join(tensor->shape, ", "));
    }
    std::ranges::copy(tensor->values, transformer.weights(parameter.name).begin());
  }
  if (parameters.size() != file.tensors.size()) {
    return fail(ErrorKind::format, "{}: not this transformer: {} tensors in place of {}", path,
                file.tensors.size(), parameters.size());
  }
  return transformer;
}

std::string stem_text(const Stem& stem) {
  std::string text =
      fmt::format("E has a row for each token: row i is token i ({} numbers; there are {} tokens)",
                  stem.width, stem.tokens);
  if (stem.zeros > 0) text += fmt::format(", then {} zeros", stem.zeros);
  const Positions& positions = stem.positions;
  if (positions.kind == PositionKind::one_hot) {
    text += fmt::format(", then {} numbers that are 0 but for a 1 in column i, if i < {}",
                        positions.width, positions.width);
  } else if (positions.kind != PositionKind::none) {
    text += fmt::format(", with {} positions (see the description)", word(positions.kind));
  }
  if (stem.embedding > 0) text += "; then E <- E embedding";
  return text + ".";
}

// Of a mesa layer without anything beside.
std::string mesa_text(const Mixer& mixer, const std::string& of) {
  const std::string least = mixer.mesa.least > 0 ? fmt::format("{} + ", mixer.mesa.least) : "";
  std::string ridge;
  switch (mixer.mesa.ridge) {
    case RidgeKind::fixed:
      ridge = fmt::format("{}", mixer.mesa.least);
      break;
    case RidgeKind::exponential:
      ridge = fmt::format("{}exp({}heads.h.ridge)", least, of);
      break;
    case RidgeKind::softplus:
      ridge = fmt::format("{}log(1 + exp({}heads.h.ridge))", least, of);
      break;
  }
  return fmt::format(
      " E <- E + sum over h < {0} of O {1}heads.h.P, where row t of O is "
      "q_t (sum of k_s^T k_s + diag(lambda))^-1 (sum of k_s^T v_s), sums over s <= t, q, k and v "
      "the rows of E {1}heads.h.Q, E {1}heads.h.K and E {1}heads.h.V, lambda = {2}.",
      mixer.heads, of, ridge);
}

std::string mixer_text(const Mixer& mixer, const std::string& of) {
  if (mixer.kind == MixerKind::none) return {};
  if (mixer.kind == MixerKind::gradient_step) return " A gradient_step (see the description).";
  const Mixer plain{.kind = mixer.kind,
                    .mask = mixer.mask,
                    .window = mixer.window,
                    .heads = mixer.heads,
                    .key_size = mixer.key_size,
                    .value_size = mixer.value_size,
                    .width = mixer.width,
                    .scale = mixer.scale,
                    .mesa = mixer.mesa};
  if (mixer != plain || mixer.kind == MixerKind::delta) {
    return fmt::format(" {} attention{} (see the description).", word(mixer.kind),
                       mixer.bias ? " with biases" : "");
  }
  if (mixer.kind == MixerKind::mesa) return mesa_text(mixer, of);
  const std::string scores = fmt::format("(E {0}heads.h.Q)(C {0}heads.h.K)^T", of);
  const bool soft = mixer.kind == MixerKind::softmax;
  return fmt::format(" E <- E + {}sum over h < {} of {} (C {}heads.h.V) {}heads.h.P, C being {}{}.",
                     soft                         ? "the "
                     : mixer.scale == Scale::mean ? "1/m times the "
                     : mixer.scale == Scale::root ? "1/sqrt(key size) times the "
                                                  : "the ",
                     mixer.heads, soft ? "softmax of " + scores : scores, of, of,
                     mixer.mask == Mask::context ? "E without its last row"
                     : mixer.mask == Mask::all   ? "E"
                                                 : "the rows before a token and its own",
                     !soft && mixer.scale == Scale::mean ? " and m the rows of C" : "");
}

std::string mlp_text(const Mlp& mlp, const std::string& of) {
  if (mlp.kind == MlpKind::none) return {};
  if (mlp.kind != MlpKind::relu || mlp.hidden == 0)
    return fmt::format(" An MLP, {} (see the description).", word(mlp.kind));
  return fmt::format(" E <- E + ReLU(E {0}mlp.in{1}) {0}mlp.out{2}.", of,
                     mlp.bias ? " + " + of + "mlp.in_bias" : "",
                     mlp.bias ? " + " + of + "mlp.out_bias" : "");
}

std::string readout_text(const TransformerSpec& spec) {
  const Readout& readout = spec.readout;
  if (readout.map != ReadoutMap::columns) return "The output is as the description says.";
  const int width = spec.width_before(spec.blocks.size());
  const int first = readout.first < 0 ? width + readout.first : readout.first;
  return fmt::format("output = {} times columns {} to {} of {}.", readout.factor, first,
                     first + readout.outputs - 1,
                     readout.rows == ReadoutRows::query   ? "the last row of E"
                     : readout.rows == ReadoutRows::every ? "E"
                                                          : "the mean of the rows of E");
}

// Whether blocks a and b run in the same words and with the same tensors.
bool same_text(const TransformerSpec& spec, std::size_t a, std::size_t b) {
  return spec.blocks[a] == spec.blocks[b] && spec.owner(a) == spec.owner(b);
}

// How many blocks from `first` on are repeated after them, and how often in all.
struct Loop {
  std::size_t blocks = 1, times = 1;
};
Loop loop_at(const TransformerSpec& spec, std::size_t first) {
  const std::size_t count = spec.blocks.size();
  for (std::size_t length = 1; first + 2 * length <= count; ++length) {
    std::size_t same = 0;
    while (first + length + same < count &&
           same_text(spec, first + same % length, first + length + same))
      ++same;
    if (same >= length) return {length, 1 + same / length};
  }
  return {};
}

bool plain_skips(const Block& block) {
  return block.before_mixer == Norm{} && block.after_mixer == Norm{} &&
         block.before_mlp == Norm{} && block.after_mlp == Norm{} && block.mixer_skip == Skip{} &&
         block.mlp_skip == Skip{} && block.clip == 0 && block.mlp.place != MlpPlace::beside;
}

std::string block_text(const TransformerSpec& spec, std::size_t l) {
  const Block& block = spec.blocks[l];
  const std::string of = fmt::format("layers.{}.", spec.owner(l));
  const std::string mixer = mixer_text(block.mixer, of), mlp = mlp_text(block.mlp, of);
  const bool before = block.mlp.place == MlpPlace::before;
  return (before ? mlp : mixer) + (before ? mixer : mlp) +
         (plain_skips(block) ? "" : " Norms, skips and clips are those of the description.");
}

}  // namespace

std::string instructions(const TransformerSpec& spec) {
  std::string text = "Names are those of the tensors. " + stem_text(spec.stem) + "\n";
  for (std::size_t l = 0; l < spec.blocks.size();) {
    const Loop loop = loop_at(spec, l);
    if (loop.times > 1) {
      text += fmt::format("{} times:\n", loop.times);
      for (std::size_t k = 0; k < loop.blocks; ++k)
        text += fmt::format("  layer {}:{}\n", l + k + 1, block_text(spec, l + k));
    } else {
      text += fmt::format("layer {}:{}\n", l + 1, block_text(spec, l));
    }
    l += loop.blocks * loop.times;
  }
  return text + readout_text(spec);
}

std::vector<Tensor> tensors_of(const std::vector<Parameter>& parameters,
                               const std::vector<double>& theta) {
  std::vector<Tensor> tensors;
  auto next = theta.begin();
  for (const Parameter& parameter : parameters) {
    const auto end = next + std::ptrdiff_t{parameter.rows} * parameter.columns;
    tensors.push_back(
        {parameter.name, DType::f64, {parameter.rows, parameter.columns}, {next, end}});
    next = end;
  }
  return tensors;
}

Status save_transformer(const std::string& path, const Transformer& transformer,
                        const std::map<std::string, std::string>& notes) {
  TensorFile file;
  file.metadata = {{"format", "gramian-transformer-1"},
                   {"family", "transformer"},
                   {"convention", kTransformerConvention},
                   {kDescription, to_json(transformer.spec())}};
  for (const auto& [name, text] : notes) file.metadata.insert_or_assign(name, text);
  file.tensors = tensors_of(transformer.recorded().parameters, transformer.theta);
  return write_safetensors(path, file);
}

Expected<Transformer> load_transformer(const std::string& path) {
  const auto file = GRAMIAN_TRY(read(path));
  if (!file.metadata.contains(kDescription)) {
    return fail(ErrorKind::format,
                "{} does not describe a transformer on tokens; the configuration of its run would",
                path);
  }
  const auto spec = GRAMIAN_TRY(description(file, path));
  return with_tensors(file, path, spec);
}

Expected<Transformer> load_transformer(const std::string& path, const TransformerSpec& spec) {
  const auto file = GRAMIAN_TRY(read(path));
  if (file.metadata.contains(kDescription)) {
    auto described = GRAMIAN_TRY(description(file, path));
    described.stem.tokens = spec.stem.tokens;
    if (described != spec) {
      return fail(ErrorKind::format, "{}: not the transformer of this configuration: {}", path,
                  first_difference(described, spec));
    }
  }
  return with_tensors(file, path, spec);
}

}  // namespace gramian
