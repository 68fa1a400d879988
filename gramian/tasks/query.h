// How the squared error of a prompt is taken over its query x_t.
#pragma once

namespace gramian {

// A model and every solver end in implicit weights w_hat: prediction = <w_hat, x_t>.
enum class QueryMode {
  integrated,  // E over x_t in closed form: 1/2 (w_hat - w)^T S (w_hat - w)
  sampled,     // one x_t a prompt:          1/2 <w_hat - w, x_t>^2   (as in the paper)
};

}  // namespace gramian
