// Results that are not numbers are said to be none, in words and by the exit code.
#include "gramian/io/safetensors.h"
#include "tests/cli/process.h"

namespace gramian {
namespace {

using test::fails;
using test::run_gramian;
using test::Workshop;

class Numbers : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(test::succeeds(shop_.train("run", {"train.steps=2"}))); }

  void scale_weights(double factor) const {
    const std::string path = shop_ / "run/model.safetensors";
    auto file = read_safetensors(path).value();
    for (Tensor& tensor : file.tensors) {
      for (double& value : tensor.values) value *= factor;
    }
    ASSERT_TRUE(write_safetensors(path, file));
  }

  Workshop shop_;
};

TEST_F(Numbers, EvalOfAModelThatOverflows) {
  scale_weights(1e200);
  const auto outcome = run_gramian({"eval", shop_ / "run", "--prompts", "500"});
  EXPECT_TRUE(fails(outcome, 4, {"this evaluation", "not numbers"}));
  EXPECT_NE(outcome.out.find("eval.json"), std::string::npos);  // the results are written
}

TEST_F(Numbers, ExplanationOfAModelThatUnderflows) {
  scale_weights(1e-200);
  const auto outcome = run_gramian(
      {"explain", shop_ / "run", "--prompts", "500", "--blowup-prompts", "500", "--retrain", "0"});
  EXPECT_TRUE(fails(outcome, 4, {"this explanation", "not numbers"})) << outcome.out;
}

}  // namespace
}  // namespace gramian
