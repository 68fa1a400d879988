#include "gramian/models/transformer/record.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "gramian/models/transformer/mixers.h"

namespace gramian {

namespace {

// Small enough to leave no trace in double, and within the range of float.
constexpr double kNormEpsilon = 1e-30;

// [rows, width], row-major: what stands beside or is added to each token.
std::vector<double> encoding_of(PositionKind kind, int rows, int width) {
  std::vector<double> entries;
  for (int i = 0; i < rows; ++i) {
    for (int k = 0; k < width; ++k) {
      const double angle =
          static_cast<double>(i) / std::pow(10000.0, static_cast<double>(k / 2 * 2) / width);
      entries.push_back(kind == PositionKind::one_hot ? (i == k ? 1 : 0)
                        : k % 2 == 0                  ? std::sin(angle)
                                                      : std::cos(angle));
    }
  }
  return entries;
}

// The recorded matrices of a block, as BlockParameters lists them.
struct BlockWeights {
  std::vector<Value> mlp = {}, mixer = {}, before_mixer = {}, after_mixer = {}, before_mlp = {},
                     after_mlp = {}, mixer_skip = {}, mlp_skip = {};
};

class Recording {
 public:
  explicit Recording(const TransformerSpec& spec) { result_.spec = spec; }

  // All tokens after `blocks` blocks, or after all of them the read-out, or its loss.
  Expected<RecordedTransformer> run(int blocks, bool read, const RecordAfter& after = {}) {
    Value e = stem(spec_.stem);
    keep("stem", e);
    result_.states.push_back(e);
    declare_blocks();
    declare_readout();
    const bool query_alone = read && spec_.readout.rows == ReadoutRows::query;
    for (int l = 0; l < blocks; ++l) {
      const auto index = static_cast<std::size_t>(l);
      block_ = fmt::format("blocks.{}", l);
      e = block(spec_.blocks[index], weights_[static_cast<std::size_t>(spec_.owner(index))], e,
                query_alone && l + 1 == blocks);
      keep(block_, e);
      result_.states.push_back(e);
    }
    if (read) e = read_out(spec_.readout, e);
    keep("output", e);
    if (after) e = after(r_, e, result_.target);
    result_.output = e;
    result_.tape = GRAMIAN_TRY(r_.finish(e));
    return std::move(result_);
  }

 private:
  void keep(std::string name, Value value) { result_.names.emplace_back(std::move(name), value); }

  Value declare(Parameter parameter) {
    const Value value = r_.parameter(parameter.name, parameter.rows, parameter.columns);
    result_.parameters.push_back(std::move(parameter));
    return value;
  }

  std::vector<Value> declare(const std::vector<Parameter>& list) {
    std::vector<Value> values;
    for (const Parameter& parameter : list) values.push_back(declare(parameter));
    return values;
  }

  Value stem(const Stem& stem) {
    result_.tokens = r_.input("tokens", stem.tokens, stem.width);
    Value e = result_.tokens;
    if (stem.zeros > 0) e = r_.beside(e, zeros(stem.tokens, stem.zeros));
    const bool added = stem.positions.place == PositionPlace::added;
    if (stem.positions.kind != PositionKind::none && !added)
      e = r_.beside(e, positions(stem, stem.positions.width));
    if (stem.vocabulary > 0) {
      table_ = declare({"embedding", stem.vocabulary, stem.embedding});
      e = r_.apply(ops::LookUp{}, {table_, e});
    } else if (stem.embedding > 0) {
      e = r_.product(e, declare({"embedding", stem.entering_width(), stem.embedding}));
    }
    if (stem.positions.kind != PositionKind::none && added)
      e = r_.sum(e, positions(stem, stem.inner_width()));
    if (stem.prefix > 0) e = r_.above(declare({"prefix", stem.prefix, stem.inner_width()}), e);
    return e;
  }

  Value positions(const Stem& stem, int width) {
    const PositionKind kind = stem.positions.kind;
    if (kind == PositionKind::learned) return declare({"positions", stem.tokens, width});
    return r_.constant(stem.tokens, width, encoding_of(kind, stem.tokens, width));
  }

  Value zeros(int rows, int columns) {
    const std::vector<double> entries(static_cast<std::size_t>(rows) *
                                      static_cast<std::size_t>(columns));
    return r_.constant(rows, columns, entries);
  }

  // Theta is that of all blocks, wherever the recording ends.
  void declare_blocks() {
    weights_.resize(spec_.blocks.size());
    for (std::size_t l = 0; l < spec_.blocks.size(); ++l) {
      if (spec_.owner(l) != static_cast<int>(l)) continue;
      BlockParameters parts =
          block_parameters(spec_.blocks[l], spec_.width_before(l), fmt::format("layers.{}.", l));
      std::vector<std::vector<Value>> values;
      for_each_part(parts, [&](const auto& list) { values.push_back(declare(list)); });
      auto next = values.begin();
      for_each_part(weights_[l], [&](auto& list) { list = std::move(*next++); });
    }
  }

  void declare_readout() {
    const Readout& out = spec_.readout;
    const int width = spec_.width_before(spec_.blocks.size());
    out_norm_ = declare(norm_parameters(out.norm, width, "readout"));
    if (out.map == ReadoutMap::matrix)
      out_matrix_ = declare({"readout.matrix", width, out.outputs});
  }

  Value block(const Block& block, const BlockWeights& weights, Value e, bool query_alone) {
    if (block.mlp.place == MlpPlace::before) e = mlp_part(block, weights, e);
    e = mixer_part(block, weights, e, query_alone);
    if (block.mlp.place == MlpPlace::after) e = mlp_part(block, weights, e);
    return block.clip > 0 ? r_.clip(e, -block.clip, block.clip) : e;
  }

  Value mixer_part(const Block& block, const BlockWeights& weights, Value e, bool query_alone) {
    if (block.mixer.kind == MixerKind::none) return e;
    const Value all = norm(block.before_mixer, weights.before_mixer, e);
    const Value from = query_alone ? last_row(all) : all;
    Value y = mixer_entry(block.mixer.kind).record({r_, block.mixer, weights.mixer, from, all});
    keep(block_ + ".mixer.in", from);
    keep(block_ + ".mixer.out", y);
    const bool same = block.before_mixer.kind == NormKind::none;  // the mixer works on e itself
    const Value left = query_alone ? (same ? from : last_row(e)) : e;
    if (block.mlp.place == MlpPlace::beside) {
      y = r_.sum(y, mlp(block.mlp, weights.mlp, norm(block.before_mlp, weights.before_mlp, left)));
    }
    e = skip(block.mixer_skip, weights.mixer_skip, left, y, mixer_velocity_);
    return norm(block.after_mixer, weights.after_mixer, e);
  }

  Value mlp_part(const Block& block, const BlockWeights& weights, Value e) {
    if (block.mlp.kind == MlpKind::none) return e;
    const Value y = mlp(block.mlp, weights.mlp, norm(block.before_mlp, weights.before_mlp, e));
    e = skip(block.mlp_skip, weights.mlp_skip, e, y, mlp_velocity_);
    return norm(block.after_mlp, weights.after_mlp, e);
  }

  Value mlp(const Mlp& mlp, const std::vector<Value>& weights, Value x) {
    const auto affine = [&](Value v, std::size_t matrix) {
      v = r_.product(v, weights[mlp.bias ? 2 * matrix : matrix]);
      return mlp.bias ? r_.sum(v, weights[2 * matrix + 1]) : v;
    };
    const bool matrices = mlp.hidden > 0;
    std::size_t next = 0;
    Value hidden = activation(mlp.kind, matrices ? affine(x, next++) : x);
    if (mlp.kind == MlpKind::swiglu) hidden = r_.times(hidden, affine(x, next++));
    const Value y = matrices ? affine(hidden, next) : hidden;
    keep(block_ + ".mlp.out", y);
    return y;
  }

  Value activation(MlpKind kind, Value x) {
    switch (kind) {
      case MlpKind::none:
        return x;
      case MlpKind::gelu:
        return r_.gelu(x);
      case MlpKind::relu:
        return r_.apply(ops::Relu{}, {x});
      case MlpKind::silu:
      case MlpKind::swiglu:
        return r_.apply(ops::Silu{}, {x});
    }
    return x;
  }

  Value norm(const Norm& norm, std::span<const Value> weights, Value e) {
    switch (norm.kind) {
      case NormKind::none:
        return e;
      case NormKind::layer:
        return r_.sum(r_.times(r_.normalise(e), weights[0]), weights[1]);
      case NormKind::rms:
        return r_.times(r_.apply(ops::RmsNormalise{}, {e}), weights[0]);
      case NormKind::frobenius:
      case NormKind::columns:
        return block_norm(norm, e);
    }
    return e;
  }

  Value block_norm(const Norm& norm, Value e) {
    const int width = r_.columns_of(e), after = norm.first + norm.count;
    std::optional<Value> all;
    const auto join = [&](Value part) { all = all ? r_.beside(*all, part) : part; };
    const ops::NormaliseBlock frobenius{.epsilon = kNormEpsilon};
    if (norm.lead > 0) join(r_.apply(frobenius, {r_.columns(e, 0, norm.lead)}));
    if (norm.first > norm.lead) join(r_.columns(e, norm.lead, norm.first - norm.lead));
    const Value block = r_.columns(e, norm.first, norm.count);
    join(norm.kind == NormKind::frobenius
             ? r_.apply(frobenius, {block})
             : r_.apply(ops::NormaliseColumns{.epsilon = kNormEpsilon}, {block}));
    if (after < width) join(r_.columns(e, after, width - after));
    return *all;
  }

  Value skip(const Skip& skip, const std::vector<Value>& weights, Value e, Value y,
             std::optional<Value>& velocity) {
    switch (skip.kind) {
      case SkipKind::identity:
        return r_.sum(e, y);
      case SkipKind::none:
        return y;
      case SkipKind::linear:
        return r_.sum(r_.sum(e, y), r_.product(e, weights[0]));
      case SkipKind::momentum: {
        Value v = r_.scale(y, -1);
        if (velocity) {
          const bool query_alone = r_.rows_of(v) < r_.rows_of(*velocity);
          v = r_.sum(v, r_.scale(query_alone ? last_row(*velocity) : *velocity, skip.mu));
        }
        velocity = v;
        return r_.sum(e, r_.scale(v, -skip.gamma));
      }
    }
    return e;
  }

  Value read_out(const Readout& out, Value e) {
    e = norm(out.norm, out_norm_, e);
    const int rows = r_.rows_of(e), width = r_.columns_of(e);
    if (out.rows == ReadoutRows::query && rows > 1) e = last_row(e);
    if (out.rows == ReadoutRows::mean) e = r_.apply(ops::MeanRows{}, {e});
    switch (out.map) {
      case ReadoutMap::columns:
        e = r_.columns(e, out.first < 0 ? width + out.first : out.first, out.outputs);
        break;
      case ReadoutMap::matrix:
        e = r_.product(e, out_matrix_);
        break;
      case ReadoutMap::symbols:
        e = r_.product(e, Recorder::transposed(table_));
        break;
      case ReadoutMap::signs: {
        std::vector<double> signs;
        for (int i = 0; i < width; ++i) signs.push_back((i % 2 == 0 ? 1 : -1) / std::sqrt(width));
        e = r_.product(e, r_.constant(width, 1, signs));
        break;
      }
    }
    return out.factor == 1 ? e : r_.scale(e, out.factor);
  }

  Value last_row(Value e) { return r_.rows(e, r_.rows_of(e) - 1, 1); }

  RecordedTransformer result_;
  const TransformerSpec& spec_ = result_.spec;
  Recorder r_;
  std::vector<BlockWeights> weights_;
  std::vector<Value> out_norm_;
  Value out_matrix_;
  Value table_;        // of the vocabulary
  std::string block_;  // the name of the block that is being recorded
  std::optional<Value> mixer_velocity_, mlp_velocity_;  // of momentum
};

}  // namespace

Expected<Value> RecordedTransformer::value(std::string_view name) const {
  const auto found = std::ranges::find(names, name, &std::pair<std::string, Value>::first);
  if (found != names.end()) return found->second;
  std::vector<std::string_view> all;
  for (const auto& [known, value] : names) all.push_back(known);
  return fail(ErrorKind::config, "the transformer has no value '{}'; it has {}", name,
              fmt::join(all, ", "));
}

Expected<RecordedTransformer> record(const TransformerSpec& spec) {
  GRAMIAN_TRY(spec.check());
  return Recording(spec).run(static_cast<int>(spec.blocks.size()), true);
}

Expected<RecordedTransformer> record_loss(const TransformerSpec& spec, PredictionLoss loss) {
  return record_loss(spec, [loss](Recorder& r, Value prediction, std::optional<Value>& target) {
    target = r.input("target", r.rows_of(prediction), r.columns_of(prediction));
    if (loss == PredictionLoss::hinge) return r.apply(ops::Hinge{}, {prediction, *target});
    return r.apply(ops::HalfSquaredError{}, {prediction, *target});
  });
}

Expected<RecordedTransformer> record_loss(const TransformerSpec& spec, const RecordAfter& after) {
  GRAMIAN_TRY(spec.check());
  return Recording(spec).run(static_cast<int>(spec.blocks.size()), true, after);
}

Expected<RecordedTransformer> record_states(const TransformerSpec& spec, int blocks) {
  GRAMIAN_TRY(spec.check());
  if (blocks < 0 || blocks > static_cast<int>(spec.blocks.size())) {
    return fail(ErrorKind::config, "states after {} blocks of a network of {}", blocks,
                spec.blocks.size());
  }
  return Recording(spec).run(blocks, false);
}

}  // namespace gramian
