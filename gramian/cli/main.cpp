// gramian: train linear transformers on in-context regression and compare them with what a
// statistician would do. The program is a client of the library; see commands.h.
#include "gramian/cli/program.h"

int main(int argc, char** argv) { return gramian::cli::run_program(argc, argv); }
