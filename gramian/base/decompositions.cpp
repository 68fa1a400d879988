#define GRAMIAN_DEFINES_DECOMPOSITIONS
#include "gramian/base/decompositions.h"

GRAMIAN_DECOMPOSITIONS()
