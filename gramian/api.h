// The facade: tasks, networks, training, solvers, evaluation, explanation and studies as values,
// with row-major arrays in and out. The example of README.md and the Python package use this and
// nothing below it; gramian.h has the parts.
//
//   namespace api = gramian::api;
//   const auto problem = api::configure({"task.d=5", "model.layers=2"}).value();
//   const auto network = api::train(problem).value();
//   const auto prompts = api::draw(problem.task, {.count = 1000}).value();
//   const auto weights = api::implicit_weights(network, prompts.gram, prompts.n).value();
#pragma once

#include "gramian/api/array.h"
#include "gramian/api/networks.h"
#include "gramian/api/problem.h"
#include "gramian/api/prompts.h"
#include "gramian/api/studies.h"
