// A paper is a folder: what the text of the tree must say of it. scripts/check_style.py checks that
// each room includes only rooms to its left.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gramian/papers/papers.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = GRAMIAN_SOURCE_DIR;

struct Source {
  std::string path;  // "gramian/studies/study.cpp"
  std::string code;  // without comments
  bool in(const std::string& folder) const { return path.starts_with(folder + "/"); }
};

const std::vector<Source>& sources() {
  static const std::vector<Source> list = [] {
    std::vector<Source> found;
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / "gramian")) {
      const fs::path& path = entry.path();
      if (path.extension() != ".h" && path.extension() != ".cpp") continue;
      std::string code;
      std::istringstream lines(test::slurp(path));
      for (std::string line; std::getline(lines, line);)
        code += line.substr(0, line.find("//")) + "\n";
      found.push_back({fs::relative(path, kRoot).generic_string(), std::move(code)});
    }
    return found;
  }();
  return list;
}

std::set<std::string> folders() {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(kRoot / "gramian/papers")) {
    if (entry.is_directory()) names.insert(entry.path().filename());
  }
  return names;
}

// Whether a word occurs in the text, no letter, digit or underscore being directly before it.
bool has_word(const std::string& text, const std::string& word) {
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    if (at == 0) return true;
    const auto before = static_cast<unsigned char>(text[at - 1]);
    if (std::isalnum(before) == 0 && before != '_') return true;
  }
  return false;
}

TEST(PaperFolders, AreNamedByPapersCppAlone) {
  ASSERT_GT(sources().size(), 100u);
  for (const std::string& name : folders()) {
    const std::string folder = "gramian/papers/" + name;
    for (const Source& source : sources()) {
      if (source.in(folder)) continue;
      const bool found = has_word(source.code, name + "::") ||
                         has_word(source.code, "namespace gramian::" + name + " ") ||
                         source.code.find("\"" + folder + "/") != std::string::npos;
      EXPECT_EQ(found, source.path == "gramian/papers/papers.cpp") << source.path << ": " << name;
    }
  }
}

TEST(PaperFolders, HaveWhatAPaperHas) {
  const std::string list = test::slurp(kRoot / "gramian/papers/papers.cpp");
  EXPECT_EQ(folders().size(), all_papers().size());
  for (const std::string& name : folders()) {
    const fs::path folder = kRoot / "gramian/papers" / name;
    EXPECT_NE(list.find("&" + name + "::paper,"), list.npos) << name;
    EXPECT_TRUE(fs::exists(folder / "paper.h")) << name;
    EXPECT_TRUE(fs::exists(folder / "README.md")) << name;
    EXPECT_TRUE(fs::is_directory(kRoot / "tests/papers" / name)) << name;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const fs::path& path = entry.path();
      if (path.extension() != ".h" && path.extension() != ".cpp") continue;
      const std::string text = test::slurp(path);
      EXPECT_NE(text.find("namespace gramian::" + name + " {"), text.npos) << path;
    }
  }
}

// Titles in README and metadata are written twice: they must agree.
TEST(PaperFolders, HaveAReadMeOfTheirPaper) {
  for (const Paper* paper : all_papers()) {
    const bool told = std::ranges::any_of(folders(), [&](const std::string& name) {
      const std::string text = test::slurp(kRoot / "gramian/papers" / name / "README.md");
      const bool all_studies_named = std::ranges::all_of(paper->studies, [&](const Study& study) {
        return text.find(fmt::format("`{}`", study.name)) != text.npos;
      });
      return text.starts_with(fmt::format("# {}\n", paper->title)) && all_studies_named &&
             text.find(paper->arxiv) != text.npos && text.find(paper->venue) != text.npos;
    });
    EXPECT_TRUE(told) << paper->name;
  }
}

// Names of studies that are words of their own, as "steps" is, may stand for something else.
TEST(SharedRooms, NameNoPaperAndNoStudy) {
  std::set<std::string> names;
  for (const Paper* paper : all_papers()) {
    names.insert(std::string(paper->name));
    names.insert(std::string(paper->title));
    std::istringstream authors{std::string(paper->authors)};
    for (std::string author; std::getline(authors, author, ',');) {
      author.erase(0, author.find_first_not_of(' '));
      if (author.size() > 4) names.insert(author);  // shorter ones are syllables of other words
    }
    for (const Study& study : paper->studies) {
      const bool numbered = study.name.find_first_of("0123456789") != study.name.npos;
      if (numbered) names.insert(fmt::format("\"{}\"", study.name));
    }
  }
  ASSERT_GT(names.size(), 20u);
  for (const Source& source : sources()) {
    if (source.in("gramian/papers")) continue;
    for (const std::string& name : names)
      EXPECT_EQ(source.code.find(name), source.code.npos) << source.path << ": " << name;
  }
}

}  // namespace
}  // namespace gramian
