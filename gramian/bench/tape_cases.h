// The one list of operations of a tape: the tests run it for values and gradients on every
// instruction set, `gramian bench --operations` for speed.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "gramian/tape/tape.h"

namespace gramian {

// What the numbers of an input are. To be different from one another: numbers in (-1, 1). shares
// are in [0, 1), and one in five is 0.
enum class InputKind { numbers, positive, shares, mask, signs, classes };

struct CaseInput {
  Value value;
  InputKind kind = InputKind::numbers;
  int classes = 0;  // for InputKind::classes: integers in [-1, classes), or in [0, classes)
  bool may_be_none = false;  // whether -1 is among them
};

// Number `i` of an input, in (-1, 1) or of its kind: u in (-1, 1) is a random number.
double case_number(const CaseInput& input, double u);

// Writes a case down. A prompt value is an input, or with `deep` an input times a parameter, so
// that gradients flow further.
class CaseRecorder {
 public:
  CaseRecorder(int of_rows, int of_columns, bool deep)
      : rows(of_rows), columns(of_columns), deep_(deep) {}

  Recorder r;
  const int rows, columns;  // the size of the case

  Value value() { return value(rows, columns); }
  Value value(int of_rows, int of_columns);
  Value shared(int of_rows, int of_columns) { return r.parameter("W", of_rows, of_columns); }
  Value input(InputKind kind, int of_rows, int of_columns);
  // `count` integers in [0, classes), a column; with `or_none` some may be -1.
  Value classes(int count, int number, bool or_none = false);

  const std::vector<CaseInput>& inputs() const { return inputs_; }

 private:
  bool deep_;
  std::vector<CaseInput> inputs_;
};

struct TapeCase {
  const char* name;
  std::function<Value(CaseRecorder&)> record;
};

struct RecordedCase {
  Tape tape;
  std::vector<CaseInput> inputs;  // in the order of the tape
};

RecordedCase record_case(const TapeCase& what, int rows, int columns, bool deep);

// Each takes any number of rows and columns from 1 on.
std::vector<TapeCase> tape_cases();

}  // namespace gramian
