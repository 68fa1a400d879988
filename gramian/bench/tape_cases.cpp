#include "gramian/bench/tape_cases.h"

#include <algorithm>
#include <cmath>

#include "gramian/tape/masks.h"

namespace gramian {

namespace {

using C = CaseRecorder;

// One operation of one value.
TapeCase of_one(const char* name, Attributes operation) {
  return {name, [operation](C& c) { return c.r.apply(operation, {c.value()}); }};
}
// One operation of two values of one shape.
TapeCase of_two(const char* name, Attributes operation) {
  return {name, [operation](C& c) {
            const Value a = c.value();
            return c.r.apply(operation, {a, c.value()});
          }};
}

// Each side of a product of a prompt or shared, as it is or transposed.
void add_products(std::vector<TapeCase>& list) {
  static constexpr const char* kNames[] = {"product A B", "product A B^T", "product A^T B",
                                           "product A^T B^T"};
  static constexpr const char* kSharedLeft[] = {"product W B", "product W B^T", "product W^T B",
                                                "product W^T B^T"};
  static constexpr const char* kSharedRight[] = {"product A W", "product A W^T", "product A^T W",
                                                 "product A^T W^T"};
  const auto add = [&](const char* name, bool shared_left, bool shared_right, int flips) {
    const bool left = flips >= 2, right = flips % 2 == 1;
    list.push_back({name, [=](C& c) {
                      const int inner = c.columns, out = c.rows + 1;
                      const auto side = [&](bool shared, int m, int n) {
                        return shared ? c.shared(m, n) : c.value(m, n);
                      };
                      const Value a = side(shared_left, left ? inner : c.rows,
                                           left ? c.rows : inner),
                                  b = side(shared_right, right ? out : inner, right ? inner : out);
                      return c.r.product(left ? Recorder::transposed(a) : Factor(a),
                                         right ? Recorder::transposed(b) : Factor(b));
                    }});
  };
  for (int flips = 0; flips < 4; ++flips) {
    add(kNames[flips], false, false, flips);
    add(kSharedLeft[flips], true, false, flips);
    add(kSharedRight[flips], false, true, flips);
  }
}

// Operations by elements with each way in which the second operand goes with the first.
void add_pairs(std::vector<TapeCase>& list) {
  list.push_back(of_two("sum", ops::Sum{}));
  list.push_back(of_two("times", ops::Times{}));
  list.push_back({"sum, one row", [](C& c) {
                    const Value a = c.value();
                    return c.r.sum(a, c.shared(1, c.columns));
                  }});
  list.push_back({"times, one row", [](C& c) {
                    const Value a = c.value();
                    return c.r.times(a, c.value(1, c.columns));
                  }});
  list.push_back({"times, one column", [](C& c) {
                    const Value a = c.value();
                    return c.r.times(a, c.value(c.rows, 1));
                  }});
  list.push_back({"sum, one column", [](C& c) {
                    const Value a = c.value();
                    return c.r.sum(a, c.shared(c.rows, 1));
                  }});
  list.push_back({"sum, one number", [](C& c) {
                    const Value a = c.value();
                    return c.r.sum(a, c.shared(1, 1));
                  }});
  list.push_back({"times itself", [](C& c) {
                    const Value a = c.value();
                    return c.r.times(a, a);
                  }});
  const auto positive = [](C& c, int rows, int columns) {
    return c.input(InputKind::positive, rows, columns);
  };
  list.push_back({"division", [=](C& c) {
                    const Value a = c.value();
                    return c.r.apply(ops::Division{}, {a, positive(c, c.rows, c.columns)});
                  }});
  list.push_back({"division, one column", [=](C& c) {
                    const Value a = c.value();
                    return c.r.apply(ops::Division{}, {a, positive(c, c.rows, 1)});
                  }});
  list.push_back({"division, one row", [=](C& c) {
                    const Value a = c.value();
                    return c.r.apply(ops::Division{}, {a, positive(c, 1, c.columns)});
                  }});
}

// What only moves numbers.
void add_moves(std::vector<TapeCase>& list) {
  list.push_back({"rows", [](C& c) { return c.r.rows(c.value(), c.rows / 2, (c.rows + 1) / 2); }});
  list.push_back(
      {"columns", [](C& c) { return c.r.columns(c.value(), c.columns / 2, (c.columns + 1) / 2); }});
  list.push_back({"beside", [](C& c) {
                    const Value a = c.value();
                    return c.r.beside(a, c.shared(c.rows, 2));
                  }});
  list.push_back({"above", [](C& c) {
                    const Value a = c.value();
                    return c.r.above(c.shared(2, c.columns), a);
                  }});
  const auto repeated = [](C& c, int rows, int columns) {
    const Attributes to = ops::Broadcast{.rows = c.rows, .columns = c.columns};
    return c.r.apply(to, {c.value(rows, columns)});
  };
  list.push_back({"broadcast, row", [=](C& c) { return repeated(c, 1, c.columns); }});
  list.push_back({"broadcast, column", [=](C& c) { return repeated(c, c.rows, 1); }});
  list.push_back({"broadcast, number", [=](C& c) { return repeated(c, 1, 1); }});
  list.push_back({"broadcast, shared row", [](C& c) {
                    const Attributes to = ops::Broadcast{.rows = c.rows, .columns = c.columns};
                    return c.r.apply(to, {c.shared(1, c.columns)});
                  }});
  list.push_back(of_one("mean_rows", ops::MeanRows{}));
  list.push_back({"look_up", [](C& c) {
                    const Value table = c.shared(7, c.columns);
                    return c.r.apply(ops::LookUp{}, {table, c.classes(c.rows, 7)});
                  }});
  list.push_back({"look_up of each prompt", [](C& c) {
                    const Value table = c.value();
                    return c.r.apply(ops::LookUp{}, {table, c.classes(c.rows + 2, c.rows)});
                  }});
}

void add_functions(std::vector<TapeCase>& list) {
  list.push_back(of_one("scale", ops::Scale{.factor = -0.3}));
  list.push_back(of_one("gelu", ops::Gelu{}));
  list.push_back(of_one("relu", ops::Relu{}));
  list.push_back(of_one("silu", ops::Silu{}));
  list.push_back(of_one("sigmoid", ops::Sigmoid{}));
  list.push_back(of_one("softplus", ops::Softplus{}));
  list.push_back(of_one("elu", ops::Elu{}));
  list.push_back(of_one("elu + 1", ops::Elu{.plus_one = true}));
  list.push_back(of_one("exponential", ops::Exponential{}));
  list.push_back(of_one("clip", ops::Clip{.low = -0.5, .high = 0.4}));
  list.push_back({"reciprocal", [](C& c) {
                    const Value x = c.input(InputKind::positive, c.rows, c.columns);
                    return c.r.apply(ops::Reciprocal{}, {x});
                  }});
  list.push_back({"square_root", [](C& c) {
                    const Value x = c.input(InputKind::positive, c.rows, c.columns);
                    return c.r.apply(ops::SquareRoot{.epsilon = 0.1}, {x});
                  }});
}

void add_rows(std::vector<TapeCase>& list) {
  list.push_back(of_one("softmax", ops::Softmax{}));
  list.push_back({"softmax, causal",
                  [](C& c) { return c.r.softmax(c.value(c.rows, c.rows), causal_mask(c.rows)); }});
  list.push_back({"softmax, window", [](C& c) {
                    return c.r.softmax(c.value(c.rows, c.rows), window_mask(c.rows, 2));
                  }});
  list.push_back({"softmax, mask of each prompt", [](C& c) {
                    const Value a = c.value();
                    const Value mask = c.input(InputKind::mask, c.rows, c.columns);
                    return c.r.apply(ops::Softmax{}, {a, mask});
                  }});
  list.push_back(of_one("normalise", ops::Normalise{.epsilon = 0.01}));
  list.push_back(of_one("rms_normalise", ops::RmsNormalise{.epsilon = 0.01}));
  list.push_back(of_one("normalise_columns", ops::NormaliseColumns{.epsilon = 0.01}));
  list.push_back({"normalise_columns, part", [](C& c) {
                    const ops::NormaliseColumns part{
                        .first = c.rows / 3, .count = (c.rows + 1) / 2, .epsilon = 0.01};
                    return c.r.apply(part, {c.value()});
                  }});
  list.push_back(of_one("normalise_block", ops::NormaliseBlock{.epsilon = 0.01}));
  list.push_back({"normalise_block, part", [](C& c) {
                    const ops::NormaliseBlock part{
                        .first = c.rows / 3, .count = (c.rows + 1) / 2, .epsilon = 0.01};
                    return c.r.apply(part, {c.value()});
                  }});
}

void add_losses(std::vector<TapeCase>& list) {
  list.push_back(of_two("half_squared_error", ops::HalfSquaredError{}));
  list.push_back(of_two("error_up_to_scale", ops::ErrorUpToScale{}));
  list.push_back(of_two("error_up_to_sign", ops::ErrorUpToSign{}));
  list.push_back(of_two("cosine_distance", ops::CosineDistance{.epsilon = 0.01}));
  list.push_back({"cross_entropy", [](C& c) {
                    const Value a = c.value();
                    return c.r.apply(ops::CrossEntropy{}, {a, c.classes(c.rows, c.columns, true)});
                  }});
  list.push_back(
      {"hinge", [](C& c) {
         const Value a = c.value();
         return c.r.apply(ops::Hinge{}, {a, c.input(InputKind::signs, c.rows, c.columns)});
       }});
  list.push_back({"sum of losses", [](C& c) {
                    const Value a = c.value(), b = c.value();
                    const Value distance = c.r.apply(ops::CosineDistance{.epsilon = 0.01}, {a, b});
                    return c.r.sum(c.r.half_squared_error(a, b), c.r.scale(distance, 0.5));
                  }});
}

// Of a case of T rows and some columns: q and k [T, key], v [T, columns + 1], where key is the
// number of columns, and k has rows of length 1, as the delta rule needs them.
struct MixedValues {
  Value q, k, v;

  explicit MixedValues(C& c) : q(c.value()) {
    const Value rms = c.r.apply(ops::RmsNormalise{.epsilon = 0.01}, {c.value()});
    k = c.r.scale(rms, 1 / std::sqrt(c.columns));
    v = c.value(c.rows, c.columns + 1);
  }
};

Value share_of_tokens(C& c) { return c.input(InputKind::shares, c.rows, 1); }

void add_mixers(std::vector<TapeCase>& list) {
  const auto add = [&](const char* name, CausalMixer mixer, bool decays, bool strengthens) {
    list.push_back({name, [=](C& c) {
                      const ops::CausalMix op{mixer, decays, strengthens};
                      const auto [q, k, v] = MixedValues(c);
                      if (decays && strengthens)
                        return c.r.apply(op, {q, k, v, share_of_tokens(c), share_of_tokens(c)});
                      if (decays || strengthens)
                        return c.r.apply(op, {q, k, v, share_of_tokens(c)});
                      return c.r.apply(op, {q, k, v});
                    }});
  };
  const CausalMixer additive{.scale = 0.7}, delta{.rule = StateRule::delta, .scale = 0.7};
  const CausalMixer normalised{
      .features = FeatureMap::elu_plus_one, .normalise = true, .scale = 0.7};
  add("causal_mix, additive", additive, false, false);
  add("causal_mix, additive, strength", additive, false, true);
  add("causal_mix, additive, decay and strength", additive, true, true);
  add("causal_mix, normalised, decay", normalised, true, false);
  add("causal_mix, momentum", {.scale = 0.7, .momentum = 0.6}, false, false);
  add("causal_mix, momentum, decay and strength", {.momentum = 0.6}, true, true);
  add("causal_mix, delta, strength", delta, false, true);
  add("causal_mix, delta, decay and strength", delta, true, true);
  list.push_back({"causal_mix, shared decay", [](C& c) {
                    const auto [q, k, v] = MixedValues(c);
                    const Value decay = c.shared(c.rows, 1);
                    return c.r.apply(ops::CausalMix{.decays = true}, {q, k, v, decay});
                  }});
  list.push_back({"causal_softmax", [](C& c) {
                    const auto [q, k, v] = MixedValues(c);
                    return c.r.apply(ops::CausalSoftmax{.scale = 0.7}, {q, k, v});
                  }});
  list.push_back({"short_convolution", [](C& c) {
                    const Value x = c.value();
                    return c.r.apply(ops::ShortConvolution{}, {x, c.shared(4, c.columns)});
                  }});
  list.push_back({"short_convolution of each prompt", [](C& c) {
                    const Value x = c.value();
                    return c.r.apply(ops::ShortConvolution{}, {x, c.value(2, c.columns)});
                  }});
}

void add_mesa(std::vector<TapeCase>& list) {
  list.push_back(
      {"mesa_mix", [](C& c) {
         const auto [q, k, v] = MixedValues(c);
         const std::vector<double> ridge(static_cast<std::size_t>(c.columns), 0.6);
         const MesaLayer layer{.scale = 0.7};
         return c.r.apply(ops::MesaMix{layer}, {q, k, v, c.r.constant(1, c.columns, ridge)});
       }});
  list.push_back({"mesa_mix, recursive", [](C& c) {
                    const auto [q, k, v] = MixedValues(c);
                    const Value ridge = c.input(InputKind::positive, 1, c.columns);
                    const ops::MesaMix op{{.solver = MesaSolver::recursive}, false, true};
                    return c.r.apply(op, {q, k, v, ridge, share_of_tokens(c)});
                  }});
  list.push_back({"mesa_mix, learned ridge, decay and strength", [](C& c) {
                    const auto [q, k, v] = MixedValues(c);
                    const Attributes row = ops::Broadcast{.columns = c.columns};
                    const Value of_prompts = c.r.apply(row, {c.shared(1, c.columns)});
                    const Value ridge = c.r.apply(ops::Exponential{}, {of_prompts});
                    const ops::MesaMix op{{}, true, true};
                    return c.r.apply(op, {q, k, v, ridge, share_of_tokens(c), share_of_tokens(c)});
                  }});
}

}  // namespace

double case_number(const CaseInput& input, double u) {
  switch (input.kind) {
    case InputKind::numbers:
      return u;
    case InputKind::positive:
      return 1 + 0.5 * u;
    case InputKind::shares:
      return u < -0.6 ? 0 : (u + 1) / 2;
    case InputKind::mask:
      return u > -0.2 ? 1 : 0;
    case InputKind::signs:
      return u > 0 ? 1 : -1;
    case InputKind::classes: {
      const int lowest = input.may_be_none ? -1 : 0;
      const int number = static_cast<int>((u + 1) / 2 * (input.classes - lowest));
      return lowest + std::min(number, input.classes - 1 - lowest);
    }
  }
  return u;
}

Value CaseRecorder::value(int of_rows, int of_columns) {
  if (!deep_) return input(InputKind::numbers, of_rows, of_columns);
  const Value x = input(InputKind::numbers, of_rows, 3);
  return r.product(x, r.parameter("W", 3, of_columns));
}

Value CaseRecorder::input(InputKind kind, int of_rows, int of_columns) {
  inputs_.push_back({.value = r.input("X", of_rows, of_columns), .kind = kind});
  return inputs_.back().value;
}

Value CaseRecorder::classes(int count, int number, bool or_none) {
  const Value value = input(InputKind::classes, count, 1);
  inputs_.back().classes = number;
  inputs_.back().may_be_none = or_none;
  return value;
}

RecordedCase record_case(const TapeCase& what, int rows, int columns, bool deep) {
  CaseRecorder recorder(rows, columns, deep);
  const Value output = what.record(recorder);
  return {recorder.r.finish(output).value(), recorder.inputs()};
}

std::vector<TapeCase> tape_cases() {
  std::vector<TapeCase> list;
  add_products(list);
  add_pairs(list);
  add_moves(list);
  add_functions(list);
  add_rows(list);
  add_mixers(list);
  add_mesa(list);
  add_losses(list);
  return list;
}

}  // namespace gramian
