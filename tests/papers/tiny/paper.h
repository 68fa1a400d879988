// The smallest paper: it shows, and its test checks, that a paper is a folder and a line. One
// transformer, with a task of its own, learns bent lines in context; one study draws its loss.
#pragma once

#include "gramian/studies/study.h"

namespace gramian::tiny {

extern const Paper paper;

// What the study measures: mean losses, 1/2 (prediction - target)^2.
struct Numbers {
  Estimate model = {}, zero = {};  // of the trained network, and of predicting zero
};
std::vector<Claim> claims(const Numbers& numbers);

}  // namespace gramian::tiny
