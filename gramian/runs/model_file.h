// model.safetensors: a trained network that ten lines of NumPy can evaluate.
//
//   layers.{l}.P, layers.{l}.Q   float64 [H, d+1, d+1], l = 0..L-1, whatever the parametrisation
//
// with e' = e + sum_h P_h G Q_h e, G = sum_{j <= n} e_j e_j^T (no 1/n: a context scale of 1/n
// is folded into P for the context length n of training), and prediction = minus the last
// coordinate of the query token. The metadata says so in words, and has what is needed to
// undo the folding for another n.
#pragma once

#include <map>
#include <string>

#include "gramian/base/error.h"
#include "gramian/models/network.h"

namespace gramian {

// n: the context length of training. `notes` are entries of the metadata beside those of every
// file. Requires: n >= 1. Errors: io.
Status save_model(const std::string& path, const Network& network, int n,
                  const std::map<std::string, std::string>& notes = {});

struct ModelFile {
  Network network;
  int n = 1;  // context length of training; 1 where the scale is that of plain sums
};

// Reads float32 or float64 tensors of any file with this layout. The metadata says which kind of
// network it is and whether its layers are tied; weights that are not exactly of that kind come
// back as full, the same function. Without metadata the scale is that of plain sums, and networks
// that are exactly diagonal come back as diag or gdpp, all others as full. Errors: io, and format
// for missing tensors, wrong shapes, numbers that are not finite, words that mean nothing.
Expected<ModelFile> load_model_file(const std::string& path);

Expected<Network> load_model(const std::string& path);  // the network alone

}  // namespace gramian
