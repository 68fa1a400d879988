// What is asked of a graph with Laplacian L = U diag(lambda) U^T; of one part lambda_1 = 0 alone is
// zero, with the constant vector:
//
//   potential     L^+ Psi                       for demands Psi
//   embedding     L^(+ 1/2) Psi                 the resistive embedding
//   heat          exp(-s L) Psi                 the heat kernel, without the constant direction
//   eigenvectors  U, without the constant one   those of the largest eigenvalues, or of the least
//   resistance    (e_u - e_v)^T L^+ (e_u - e_v) the effective resistance of a pair
//
// Preconditions of answer_of_eigenvalue: potential, embedding or heat (asserted). Errors: none.
#pragma once

#include "gramian/base/words.h"

namespace gramian {

enum class GraphQuestion { potential, resistance, embedding, heat, eigenvectors };
inline constexpr auto kGraphQuestions =
    words<GraphQuestion>({{GraphQuestion::potential, "potential"},
                          {GraphQuestion::resistance, "resistance"},
                          {GraphQuestion::embedding, "embedding"},
                          {GraphQuestion::heat, "heat"},
                          {GraphQuestion::eigenvectors, "eigenvectors"}});

// f(lambda) of the answers that are functions of L times Psi, for lambda > 0.
double answer_of_eigenvalue(GraphQuestion question, double lambda, double heat_time);

}  // namespace gramian
