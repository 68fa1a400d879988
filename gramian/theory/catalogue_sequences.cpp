// Constructions on sequences, by name (sequence_constructions.h).
#include <array>

#include "gramian/theory/catalogue.h"
#include "gramian/theory/sequence_constructions.h"

namespace gramian {
namespace {

constexpr Key kSequenceD = key::integer("construct.d", "5", 1, 341, "numbers of s_t"),
              kSequenceTokens =
                  key::integer("construct.tokens", "20", 1, kMaxTokens, "tokens T of a sequence");
constexpr std::array kSequenceDescentKeys{kSequenceD, kSequenceTokens,
                                          key::number("construct.step", "0.1", key::above(0, 1e6),
                                                      "step size, for sums over the pairs so far")};
constexpr std::array kSequenceSolveKeys{
    kSequenceD, kSequenceTokens,
    key::integer("construct.steps", "20", 0, kMaxLayers - 1, "steps of the iteration"),
    key::number("construct.ridge", "1", key::above(0, 1e6),
                "penalty: ridge/2 |Phi|^2 beside the sum over the pairs"),
    key::number("construct.largest", "20", key::above(0, 1e6),
                "largest eigenvalue of S S^T that the steps are made for")};
constexpr std::array kSequenceMesaKeys{
    key::integer("construct.d", "5", 1, static_cast<double>(kMaxMesaKey), "numbers of s_t"),
    kSequenceTokens,
    key::number("construct.ridge", "1", key::above(0, 1e6),
                "penalty: ridge/2 |Phi|^2 beside the sum over the pairs")};

int sequence_integer(const Settings& s, const char* key) {
  return static_cast<int>(s.integer(key));
}

Expected<Constructed> make_sequence_descent(const Settings& s) {
  return Constructed{
      GRAMIAN_TRY(sequence_descent({.d = sequence_integer(s, "construct.d"),
                                    .tokens = sequence_integer(s, "construct.tokens"),
                                    .step = s.number("construct.step")}))};
}

Expected<Constructed> make_sequence_solve(const Settings& s, bool chebyshev) {
  return Constructed{GRAMIAN_TRY(sequence_solve({.d = sequence_integer(s, "construct.d"),
                                                 .tokens = sequence_integer(s, "construct.tokens"),
                                                 .steps = sequence_integer(s, "construct.steps"),
                                                 .ridge = s.number("construct.ridge"),
                                                 .largest = s.number("construct.largest"),
                                                 .chebyshev = chebyshev}))};
}

Expected<Constructed> make_sequence_mesa(const Settings& s) {
  return Constructed{GRAMIAN_TRY(sequence_mesa({.d = sequence_integer(s, "construct.d"),
                                                .tokens = sequence_integer(s, "construct.tokens"),
                                                .ridge = s.number("construct.ridge")}))};
}
Expected<Constructed> make_richardson(const Settings& s) { return make_sequence_solve(s, false); }
Expected<Constructed> make_chebyshev(const Settings& s) { return make_sequence_solve(s, true); }

constexpr NamedConstruction kSequences[] = {
    {"mesa-descent", "a step of gradient descent on a dynamical system, for every token at once",
     kSequenceDescentKeys, make_sequence_descent},
    {"mesa-richardson", "ridge regression on a dynamical system by Richardson, a step a layer",
     kSequenceSolveKeys, make_richardson},
    {"mesa-chebyshev", "ridge regression on a dynamical system by Chebyshev, a step a layer",
     kSequenceSolveKeys, make_chebyshev},
    {"mesa-layer", "ridge regression on a dynamical system by one mesa layer", kSequenceMesaKeys,
     make_sequence_mesa},
};

}  // namespace

std::span<const NamedConstruction> sequence_constructions() { return kSequences; }

}  // namespace gramian
