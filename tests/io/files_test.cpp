#include "gramian/io/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <set>
#include <thread>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/small_disk.h"

namespace gramian {
namespace {

using test::is_error;
using test::slurp;
using test::SmallDisk;
using test::spill;
using test::TemporaryFolder;

std::set<std::string> names_in(const TemporaryFolder& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    names.insert(entry.path().filename());
  return names;
}

TEST(Files, ReadsBackWhatWasWritten) {
  const TemporaryFolder folder;
  std::string bytes(300'000, 'x');  // several chunks
  bytes[7] = '\0';
  bytes.back() = '\xff';
  ASSERT_TRUE(write_file_atomically(folder / "a", bytes));
  EXPECT_EQ(read_file(folder / "a"), bytes);
  ASSERT_TRUE(write_file_atomically(folder / "a", "short"));
  EXPECT_EQ(read_file(folder / "a"), "short");
  EXPECT_EQ(names_in(folder), std::set<std::string>{"a"});
}

// /dev/stdout is such a link wherever the output goes to a file: root must not replace it.
TEST(Files, LinksAreFollowedAndStay) {
  const TemporaryFolder folder;
  spill(folder / "file", "old and longer");
  std::filesystem::create_symlink(folder / "file", folder / "link");
  ASSERT_TRUE(write_file_atomically(folder / "link", "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(slurp(folder / "file"), "new");
  EXPECT_EQ(names_in(folder), (std::set<std::string>{"file", "link"}));
}

// Each writer has a temporary file of its own: none fails, and no reader sees half of a file.
TEST(Files, SeveralWritersReplaceOneFile) {
  const TemporaryFolder folder;
  constexpr std::size_t kSize = 20'000;
  ASSERT_TRUE(write_file_atomically(folder / "a", std::string(kSize, 'z')));
  {
    std::vector<std::jthread> writers;
    for (const char c : {'p', 'q', 'r'}) {
      writers.emplace_back([&folder, c] {
        for (int i = 0; i < 40; ++i) {
          const Status written = write_file_atomically(folder / "a", std::string(kSize, c));
          EXPECT_TRUE(written) << test::message_of(written);
        }
      });
    }
    for (int i = 0; i < 200; ++i) {
      const std::string bytes = read_file(folder / "a").value();
      ASSERT_EQ(bytes.size(), kSize);
      ASSERT_EQ(bytes.find_first_not_of(bytes[0]), bytes.npos);
    }
  }
  EXPECT_EQ(names_in(folder), std::set<std::string>{"a"});
}

TEST(Files, TemporaryFilesOfKilledWritersAreRemoved) {
  const TemporaryFolder folder;
  const std::set<std::string> others{"a",     "a.tmp",      "a.txt.tmp",
                                     "b.tmp", "a.0123.tmp", "a.0123456789ABCDEF.tmp"};
  for (const std::string& name : others) spill(folder / name, "mine");
  EXPECT_TRUE(is_temporary_of("a.0123456789abcdef.tmp", "a"));
  spill(folder / "a.0123456789abcdef.tmp", "half");
  // This one is still being written: its writer holds a lock.
  const std::string busy = folder / "a.fedcba9876543210.tmp";
  spill(busy, "half");
  const int writer = open(busy.c_str(), O_WRONLY);
  ASSERT_EQ(flock(writer, LOCK_EX), 0);

  ASSERT_TRUE(write_file_atomically(folder / "a", "new"));
  std::set<std::string> expected = others;
  expected.insert("a.fedcba9876543210.tmp");
  EXPECT_EQ(names_in(folder), expected);
  close(writer);
  ASSERT_TRUE(write_file_atomically(folder / "a", "newer"));
  EXPECT_EQ(names_in(folder), others);
  EXPECT_EQ(slurp(folder / "a"), "newer");
}

TEST(Files, MissingFileIsNamed) {
  const TemporaryFolder folder;
  EXPECT_TRUE(is_error(read_file(folder / "none.toml"), ErrorKind::io,
                       {"cannot read", folder / "none.toml", "No such file or directory"}));
}

TEST(Files, FolderIsNoFile) {
  const TemporaryFolder folder;
  EXPECT_TRUE(is_error(read_file(folder.path()), ErrorKind::io, {folder.path(), "Is a directory"}));
  EXPECT_TRUE(is_error(write_file_atomically(folder.path(), "x"), ErrorKind::io,
                       {folder.path(), "Is a directory"}));
}

TEST(Files, RefusesMoreThanTheLimit) {
  const TemporaryFolder folder;
  spill(folder / "a", std::string(101, 'x'));
  EXPECT_TRUE(is_error(read_file(folder / "a", 100), ErrorKind::format,
                       {folder / "a", "at most 100 bytes"}));
  EXPECT_TRUE(read_file(folder / "a", 101));
  EXPECT_TRUE(is_error(read_file("/dev/zero", 1000), ErrorKind::format, {"/dev/zero"}));
}

TEST(Files, UnwritablePlaceIsNamed) {
  const TemporaryFolder folder;
  EXPECT_TRUE(is_error(write_file_atomically(folder / "none/a", "x"), ErrorKind::io,
                       {"cannot write", folder / "none/a", "No such file or directory"}));
  spill(folder / "file", "");
  EXPECT_TRUE(is_error(write_file_atomically(folder / "file/a", "x"), ErrorKind::io,
                       {folder / "file/a", "Not a directory"}));
}

TEST(Files, FullDiskKeepsTheOldFileAndLeavesNothing) {
  const TemporaryFolder folder;
  spill(folder / "a", "old");
  {
    const SmallDisk disk(1000);
    EXPECT_TRUE(is_error(write_file_atomically(folder / "a", std::string(2000, 'x')), ErrorKind::io,
                         {"cannot write", folder / "a", "File too large"}));
  }
  EXPECT_EQ(slurp(folder / "a"), "old");
  EXPECT_EQ(names_in(folder), std::set<std::string>{"a"});
}

TEST(Files, DevicesAreWrittenInPlace) {
  EXPECT_TRUE(is_error(write_file_atomically("/dev/full", "x"), ErrorKind::io,
                       {"/dev/full", "No space left"}));
  EXPECT_TRUE(write_file_atomically("/dev/null", "x"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(Files, ReadAtRefusesToReadPastTheEnd) {
  const TemporaryFolder folder;
  spill(folder / "a", "0123456789");
  const Expected<File> file = File::open_for_reading(folder / "a");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size(), 10u);
  std::string part(4, ' ');
  ASSERT_TRUE(file->read_at(6, part));
  EXPECT_EQ(part, "6789");
  EXPECT_TRUE(is_error(file->read_at(7, part), ErrorKind::io, {folder / "a", "ends at byte 10"}));
}

}  // namespace
}  // namespace gramian
