// Eigen, with the matrix decompositions of this project compiled once, in decompositions.cpp.
//
// Computes nothing of its own: a file that includes this header in place of <Eigen/Dense> uses
// Eigen as always, but the compiler does not make the functions listed below again in each file
// that calls them. An eigenvalue problem costs 5.6 s of compiling in a file, a QR decomposition
// with pivoting 5.6 s, LDL^T and the inverse 2.3 s each (GCC 12, -O2).
//
// Shapes: dynamic, in double; the order of storage is part of the type, and results of the two
// orders may differ in the last bits.
#pragma once

#include <Eigen/Dense>

namespace gramian {

// A matrix whose rows lie one after the other, as in files and in the arrays of this project.
using RowMajorMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace gramian

// NOLINTBEGIN(bugprone-macro-parentheses): a macro cannot put a type or `extern` in parentheses.
#define GRAMIAN_SYMMETRIC_EIGENVALUES(linkage, Matrix)    \
  linkage template Eigen::SelfAdjointEigenSolver<Matrix>& \
  Eigen::SelfAdjointEigenSolver<Matrix>::compute(const Eigen::EigenBase<Matrix>&, int);

#define GRAMIAN_LEAST_NORM(linkage, Matrix)                                                      \
  linkage template void Eigen::ColPivHouseholderQR<Matrix>::computeInPlace();                    \
  linkage template void Eigen::ColPivHouseholderQR<Matrix>::_solve_impl(const Eigen::VectorXd&,  \
                                                                        Eigen::VectorXd&) const; \
  linkage template void Eigen::CompleteOrthogonalDecomposition<Matrix>::computeInPlace();        \
  linkage template void Eigen::CompleteOrthogonalDecomposition<Matrix>::_solve_impl(             \
      const Eigen::VectorXd&, Eigen::VectorXd&) const;

#define GRAMIAN_DECOMPOSITIONS(linkage)                                                    \
  GRAMIAN_SYMMETRIC_EIGENVALUES(linkage, Eigen::MatrixXd)                                  \
  GRAMIAN_SYMMETRIC_EIGENVALUES(linkage, gramian::RowMajorMatrix)                          \
  GRAMIAN_LEAST_NORM(linkage, Eigen::MatrixXd)                                             \
  GRAMIAN_LEAST_NORM(linkage, gramian::RowMajorMatrix)                                     \
  linkage template Eigen::LDLT<Eigen::MatrixXd>& Eigen::LDLT<Eigen::MatrixXd>::compute(    \
      const Eigen::EigenBase<Eigen::MatrixXd>&);                                           \
  linkage template void Eigen::LDLT<Eigen::MatrixXd>::_solve_impl(const Eigen::VectorXd&,  \
                                                                  Eigen::VectorXd&) const; \
  linkage template Eigen::LLT<Eigen::MatrixXd>& Eigen::LLT<Eigen::MatrixXd>::compute(      \
      const Eigen::EigenBase<Eigen::MatrixXd>&);                                           \
  linkage template void Eigen::LLT<Eigen::MatrixXd>::_solve_impl(const Eigen::VectorXd&,   \
                                                                 Eigen::VectorXd&) const;  \
  linkage template void Eigen::HouseholderQR<Eigen::MatrixXd>::computeInPlace();           \
  linkage template void Eigen::PartialPivLU<Eigen::MatrixXd>::compute();                   \
  linkage template void Eigen::ColPivHouseholderQR<Eigen::MatrixXd>::_solve_impl(          \
      const Eigen::MatrixXd&, Eigen::MatrixXd&) const;

#ifndef GRAMIAN_DEFINES_DECOMPOSITIONS
GRAMIAN_DECOMPOSITIONS(extern)
#endif
// NOLINTEND(bugprone-macro-parentheses)
