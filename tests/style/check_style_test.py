"""Tests of scripts/check_style.py: each rule finds its fault, and nothing else is a fault."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import check_style


def rules(path, text):
    faults = check_style.faults_of(pathlib.PurePosixPath(path), text)
    return [rule for _, rule, _ in faults]


def lengths(text):
    return {name: last - first + 1 for first, last, name in check_style.functions(text)}


class Lines(unittest.TestCase):
    def test_a_line_of_code_has_at_most_100_columns(self):
        self.assertEqual(rules("scripts/a.py", "x" * 100 + "\n"), [])
        self.assertEqual(rules("scripts/a.py", "x" * 101 + "\n"), ["columns"])
        self.assertEqual(rules("demo.sh", "x" * 101 + "\n"), ["columns"])
        self.assertEqual(rules("tests/CMakeLists.txt", "x" * 101 + "\n"), ["columns"])
        self.assertEqual(rules("README.md", "x" * 101 + "\n"), [])

    def test_columns_are_letters_and_not_bytes(self):
        self.assertEqual(rules("web/report/src/a.ts", "\u03c3" * 100 + "\n"), [])

    def test_templates_in_raw_strings_are_exempt(self):
        template = 'const char* kPage = R"page(\n' + "x" * 200 + ' \n)page";\n'
        self.assertEqual(rules("gramian/report/a.cpp", template), [])
        self.assertEqual(rules("gramian/report/a.cpp", template + "y" * 101), ["columns"])

    def test_files_have_at_most_600_lines(self):
        self.assertEqual(rules("gramian/io/a.cpp", "int x;\n" * 600), [])
        self.assertEqual(rules("gramian/io/a.cpp", "int x;\n" * 601), ["file"])

    def test_spaces_at_the_end_and_work_left_for_later(self):
        self.assertEqual(rules("README.md", "a \n"), ["space"])
        self.assertEqual(rules("gramian/io/a.cpp", "// TO" "DO: this\n"), ["later"])


class Links(unittest.TestCase):
    def links(self, text):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "page.md").write_text("# The house\n\n## 2. GD++, exactly\n")
            found = check_style.faults_of(pathlib.PurePosixPath("README.md"), text, root)
            return [rule for _, rule, _ in found]

    def test_links_lead_somewhere(self):
        self.assertEqual(self.links("[a](page.md) [b](page.md#the-house) [c](https://x.org)\n"), [])
        self.assertEqual(self.links("[a](page.md#2-gd-exactly) `[a](b)`\n"), [])
        self.assertEqual(self.links("[a](pages.md)\n"), ["link"])
        self.assertEqual(self.links("[a](page.md#the-garden)\n"), ["link"])


class Includes(unittest.TestCase):
    def test_a_room_includes_only_rooms_to_its_left(self):
        self.assertEqual(rules("gramian/tasks/a.cpp", '#include "gramian/lanes/block.h"\n'), [])
        self.assertEqual(rules("gramian/tasks/a.cpp", '#include "gramian/tasks/task.h"\n'), [])
        self.assertEqual(rules("gramian/tasks/a.cpp", '#include "gramian/models/network.h"\n'),
                         ["includes"])
        self.assertEqual(rules("gramian/attic/a.cpp", "int x;\n"), ["includes"])
        self.assertEqual(rules("tests/tasks/a.cpp", '#include "gramian/models/network.h"\n'), [])

    def test_papers_do_not_know_one_another(self):
        line = '#include "gramian/papers/loops/paper.h"\n'
        self.assertEqual(rules("gramian/papers/loops/claims.cpp", line), [])
        self.assertEqual(rules("gramian/papers/papers.cpp", line), [])
        self.assertEqual(rules("gramian/papers/newton/claims.cpp", line), ["includes"])

    def test_a_header_begins_with_a_comment(self):
        self.assertEqual(rules("gramian/io/a.h", "// Files.\n#pragma once\n"), [])
        self.assertEqual(rules("gramian/io/a.h", "#pragma once\n// Files.\n"), ["header"])


class Functions(unittest.TestCase):
    def test_length_from_signature_to_brace(self):
        body = "  x += 1;\n" * 58
        self.assertEqual(rules("gramian/io/a.cpp", "void f() {\n" + body + "}\n"), [])
        longer = "void f(int a,\n       int b) {\n" + body + "}\n"
        self.assertEqual(rules("gramian/io/a.cpp", longer), ["function"])

    def test_what_is_a_function(self):
        text = """
#define MACRO(x) { x
namespace a::b {
struct Point { int x = 0; std::vector<int> y{1, 2}; };
enum class Kind { one, two };
constexpr Entry kTable[] = {{"a", f(1)}, {"b", f(2)}};
class Pool {
 public:
  explicit Pool(int threads) : threads_{threads}, names_(f({1, 2})) { start("}"); }
  template <class F = Less<int>>
  int count(const Options& o = {}, char brace = '{') const noexcept {
    for (int i = 0; i < 1'000; ++i) {
      auto g = [&](int j) { return j; };
    }
  }
 private:
  int threads_;
};
const auto kLambda = [](int x) { return x; };
Status Pool::run(const std::function<void()>& f) {  // { in a comment
  return R"({)";
}
}  // namespace a::b
TEST(Pool, Runs) {
}
"""
        self.assertEqual(lengths(text), {"Pool": 1, "count": 6, "[]": 1, "Pool::run": 3, "TEST": 2})


if __name__ == "__main__":
    unittest.main()
