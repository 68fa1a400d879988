// Numbers that the public notebooks of Cheng, Carin and Sra (2024) print: mean log losses of full
// weights on graphs with circular skip links, and of their constrained linear variant, at L = 1, 3,
// 5, 7 and 9. Their demands are normal; those of potentials were not centred.
#pragma once

namespace gramian::electric {

inline constexpr double kPublishedPotential[] = {-0.96, -1.40, -2.74, -4.63, -5.43},
                        kPublishedEmbedding[] = {-1.55, -2.07, -3.67, -5.98, -7.36},
                        kPublishedConstrainedCsl[] = {-0.96, -1.10, -1.77, -2.51, -3.17},
                        kPublishedConstrainedComplete[] = {-1.36, -2.51, -4.24, -5.80, -6.38};

}  // namespace gramian::electric
