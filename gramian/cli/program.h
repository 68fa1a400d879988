// The program gramian as a function: main() of the executable, and the console script of the Python
// package.
#pragma once

namespace gramian::cli {

// Reads the arguments (argv[0] is the name of the program), runs the command and returns the exit
// status. It catches signals for the process (commands.h), and may end it. Once a process.
int run_program(int argc, char** argv);

}  // namespace gramian::cli
