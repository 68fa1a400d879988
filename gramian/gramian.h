// Everything a program needs: link gramian::gramian and include this.
#pragma once

#include "gramian/base/error.h"
#include "gramian/evaluation/evaluate.h"
#include "gramian/evaluation/table.h"
#include "gramian/models/network.h"
#include "gramian/models/pass.h"
#include "gramian/models/reference.h"
#include "gramian/parallel/pool.h"
#include "gramian/runs/checkpoint.h"
#include "gramian/runs/model_file.h"
#include "gramian/runs/run_directory.h"
#include "gramian/runs/train_run.h"
#include "gramian/solvers/solver.h"
#include "gramian/tasks/noise.h"
#include "gramian/tasks/task.h"
#include "gramian/training/trainer.h"
