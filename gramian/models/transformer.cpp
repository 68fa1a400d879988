#include "gramian/models/transformer.h"

#include <cmath>

#include "gramian/models/initial.h"

namespace gramian {

namespace {

std::vector<double> encoding_of(const TransformerSpec& spec) {
  const auto rows = static_cast<std::size_t>(spec.tokens),
             width = static_cast<std::size_t>(spec.positions);
  std::vector<double> entries(rows * width);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < width; ++k) {
      if (spec.encoding == Encoding::one_hot) {
        entries[i * width + k] = i == k ? 1 : 0;
        continue;
      }
      const double angle = static_cast<double>(i) /
                           std::pow(10000.0, static_cast<double>(k / 2 * 2) / spec.positions);
      entries[i * width + k] = k % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  }
  return entries;
}

struct Head {
  Value q, k, v, p;
};

struct Layer {
  Value in, in_bias, out, out_bias;  // of the MLP
  std::vector<Head> heads;
  Value step;
};

class Recording {
 public:
  explicit Recording(const TransformerSpec& spec) : spec_(spec) {}

  // All tokens after `layers` layers, or after all of them the prediction.
  Expected<RecordedTransformer> run(int layers, bool predict) {
    RecordedTransformer result;
    result.tokens = r_.input("tokens", spec_.tokens, spec_.width);
    Value e = result.tokens;
    if (spec_.positions > 0)
      e = r_.beside(e, r_.constant(spec_.tokens, spec_.positions, encoding_of(spec_)));
    if (spec_.embedding > 0) {
      e = r_.product(e, r_.parameter("embedding", spec_.width + spec_.positions, spec_.embedding));
    }
    result.states.push_back(e);
    std::vector<Layer> weights;  // theta is that of all layers, wherever the recording ends
    for (int l = 0; l < (spec_.tied ? 1 : spec_.layers); ++l) weights.push_back(parameters(l));
    for (int l = 0; l < layers; ++l) {
      const Layer& layer = weights[spec_.tied ? 0 : static_cast<std::size_t>(l)];
      if (spec_.hidden > 0) e = mlp(layer, e);
      const bool last = predict && l + 1 == layers;
      const Value from = last ? r_.rows(e, spec_.tokens - 1, 1) : e;
      const Value context = spec_.query_in_keys ? e : r_.rows(e, 0, spec_.keys());
      if (last) result.before_attention = read_out(from);
      e = r_.sum(from, spec_.attention == Attention::gradient_descent
                           ? descent(layer, from, context)
                           : attend(layer, from, context, l));
      if (spec_.clip > 0) e = r_.clip(e, -spec_.clip, spec_.clip);
      result.states.push_back(e);
    }
    auto tape = GRAMIAN_TRY(r_.finish(predict ? read_out(e) : e));
    result.tape = std::move(tape);
    return result;
  }

 private:
  Layer parameters(int index) {
    const int width = spec_.inner_width(), key = spec_.inner_key_size();
    const auto name = [&](const char* part) { return fmt::format("layers.{}.{}", index, part); };
    Layer layer;
    if (spec_.hidden > 0) {
      layer.in = r_.parameter(name("mlp.in"), width, spec_.hidden);
      layer.in_bias = r_.parameter(name("mlp.in_bias"), 1, spec_.hidden);
      layer.out = r_.parameter(name("mlp.out"), spec_.hidden, width);
      layer.out_bias = r_.parameter(name("mlp.out_bias"), 1, width);
    }
    if (spec_.attention == Attention::gradient_descent) {
      layer.step = r_.parameter(name("step"), 1, 1);
      return layer;
    }
    for (int h = 0; h < spec_.heads; ++h) {
      const auto of_head = [&](const char* part) {
        return name(fmt::format("heads.{}.{}", h, part).c_str());
      };
      // One statement each: the order of the parameters is that of theta.
      Head head;
      head.q = r_.parameter(of_head("Q"), width, key);
      head.k = r_.parameter(of_head("K"), width, key);
      head.v = r_.parameter(of_head("V"), width, key);
      head.p = r_.parameter(of_head("P"), key, width);
      layer.heads.push_back(head);
    }
    return layer;
  }

  Value mlp(const Layer& layer, Value e) {
    const Value hidden = r_.gelu(r_.sum(r_.product(e, layer.in), layer.in_bias));
    return r_.sum(e, r_.sum(r_.product(hidden, layer.out), layer.out_bias));
  }

  Value attend(const Layer& layer, Value from, Value context, int index) {
    const bool soft = index < spec_.softmax_layers;
    Value all;
    for (std::size_t h = 0; h < layer.heads.size(); ++h) {
      const Head& head = layer.heads[h];
      const Value q = r_.product(from, head.q), k = r_.product(context, head.k),
                  v = r_.product(context, head.v);
      Value read;
      if (soft) {
        read = r_.product(r_.softmax(r_.product(q, r_.transposed(k))), v);
      } else if (scores_first(r_.rows_of(from), r_.rows_of(context))) {
        read = r_.product(r_.product(q, r_.transposed(k)), v);
      } else {
        read = r_.product(q, r_.product(r_.transposed(k), v));
      }
      const Value out = r_.product(read, head.p);
      all = h == 0 ? out : r_.sum(all, out);
    }
    return soft ? all : r_.scale(all, spec_.context_factor());
  }

  // Whether (Q K^T) V costs less than Q (K^T V).
  bool scores_first(int queries, int keys) const {
    return 2 * queries * keys < spec_.inner_key_size() * (queries + keys);
  }

  Value descent(const Layer& layer, Value from, Value context) {
    const int width = spec_.inner_width();
    const Value x = r_.columns(from, 0, width - 1), keys = r_.columns(context, 0, width - 1);
    const Value y = r_.columns(context, width - 1, 1);
    const Value predicted = r_.product(r_.product(x, r_.transposed(keys)), y);
    const Value step = r_.scale(r_.product(predicted, layer.step), -spec_.context_factor());
    const auto rows = r_.rows_of(from);
    const std::vector<double> nothing(static_cast<std::size_t>(rows) *
                                      static_cast<std::size_t>(width - 1));
    return r_.beside(r_.constant(rows, width - 1, nothing), step);
  }

  Value read_out(Value query) {
    return r_.scale(r_.columns(query, spec_.inner_width() - 1, 1), -1);
  }

  const TransformerSpec& spec_;
  Recorder r_;
};

Status in_range(const char* key, int value, int low, int high) {
  if (value >= low && value <= high) return {};
  return fail(ErrorKind::config, "[{}] must be in [{}, {}], got {}", key, low, high, value);
}

}  // namespace

Status TransformerSpec::check() const {
  struct Bound {
    const char* key;
    int value, low, high;
  };
  for (const Bound& b : {Bound{"tokens of a prompt", tokens, 2, kMaxTokens},
                         {"width of a token", width, 1, kMaxWidth},
                         {"model.positions", positions, 0, kMaxWidth},
                         {"model.embedding", embedding, 0, kMaxWidth},
                         {"model.hidden", hidden, 0, kMaxWidth},
                         {"model.layers", layers, 1, kMaxLayers},
                         {"model.heads", heads, 1, kMaxHeads},
                         {"model.key_size", key_size, 0, kMaxWidth}}) {
    GRAMIAN_TRY(in_range(b.key, b.value, b.low, b.high));
  }
  if (softmax_layers < 0 || softmax_layers > layers) {
    return fail(ErrorKind::config,
                "[model.softmax_layers] must be in [0, {}], the layers of the model, got {}",
                layers, softmax_layers);
  }
  if (clip < 0) return fail(ErrorKind::config, "[model.clip] must be >= 0, got {}", clip);
  if (attention == Attention::gradient_descent &&
      (softmax_layers > 0 || heads != 1 || key_size != 0 || query_in_keys || inner_width() < 2)) {
    return fail(ErrorKind::config,
                "[model.attention] gradient_descent has no softmax, one head, no key size, no "
                "query in the keys and "
                "tokens of at least two numbers");
  }
  return {};
}

Expected<RecordedTransformer> record(const TransformerSpec& spec) {
  GRAMIAN_TRY(spec.check());
  return Recording(spec).run(spec.layers, true);
}

Expected<RecordedTransformer> record_states(const TransformerSpec& spec, int layers) {
  GRAMIAN_TRY(spec.check());
  if (layers < 0 || layers > spec.layers) {
    return fail(ErrorKind::config, "states after {} layers of a network of {}", layers,
                spec.layers);
  }
  return Recording(spec).run(layers, false);
}

Expected<Transformer> Transformer::initial(const TransformerSpec& spec, double noise,
                                           std::uint64_t seed) {
  const auto recorded = GRAMIAN_TRY(record(spec));
  Transformer transformer{spec, std::vector<double>(recorded.tape.parameters())};
  for (const Tape::Node& node : recorded.tape.nodes()) {
    if (node.operation != Operation::parameter) continue;
    const bool is_step = node.name.ends_with("step"), is_bias = node.name.ends_with("bias");
    const bool of_head = node.name.find(".heads.") != node.name.npos;
    for (std::size_t i = node.offset; i < node.offset + node.size(); ++i) {
      const double random = initial_normal(seed, i) / std::sqrt(node.rows) * (of_head ? noise : 1);
      transformer.theta[i] = is_step ? 1 : is_bias ? 0 : random;
    }
  }
  return transformer;
}

}  // namespace gramian
