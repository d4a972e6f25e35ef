#include "memory/knowledge/ingest/source_list.h"

#include "memory/knowledge/ingest/limits.h"
#include "tests/memory/ingest/folder.h"

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using troupe::memory::testing::Folder;
namespace fs = std::filesystem;

namespace {

/// What was found, without the folder in front.
std::vector<std::string> names(const SourceList& list, const Folder& folder) {
  std::vector<std::string> all;
  for (const SourceItem& item : list.items)
    all.push_back(item.source.starts_with(folder.path()) ? item.source.substr(folder.path().size() + 1)
                                                         : item.source);
  return all;
}

std::vector<std::string> listed(const Folder& folder, const std::vector<Source>& sources) {
  return names(list_sources(sources, {}), folder);
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a folder gives its files of known formats at any depth, in order, without hidden ones") {
  Folder folder;
  for (const char* name :
       {"b.md", "a.txt", "sub/deep/c.pdf", ".hidden.md", ".git/x.md", "photo.jpg", "Makefile"})
    folder.write(name, name);
  CHECK(listed(folder, {folder.path()}) == Names{"Makefile", "a.txt", "b.md", "sub/deep/c.pdf"});
  CHECK(listed(folder, {folder.path() + "/"}) == listed(folder, {folder.path()}));
  const auto list = list_sources({folder.path()}, {});
  CHECK(list.items[1].size == 5);
  CHECK(list.items[1].root == folder.path());
  CHECK(list.problems.empty());
  CHECK(list.remarks.empty());
}

TEST_CASE("what is named is taken whatever it is called, and each thing once") {
  Folder folder;
  const auto photo = folder.write("photo.xyz", "x"), hidden = folder.write(".hidden", "y");
  folder.write("a.md", "a");
  CHECK(listed(folder, {photo, hidden, folder.path(), folder.path("a.md"), folder.path("./a.md"), photo}) ==
        Names{".hidden", "a.md", "photo.xyz"});
}

TEST_CASE("patterns find files by name; those that say no kind of file find known formats") {
  Folder folder;
  for (const char* name : {"a.md", "b.log1", "sub/c.md", "sub/d.log1", "photo.jpg"}) folder.write(name, name);
  CHECK(listed(folder, {folder.path("*.md")}) == Names{"a.md"});
  CHECK(listed(folder, {folder.path("**/*.{md,log1}")}) == Names{"a.md", "b.log1", "sub/c.md", "sub/d.log1"});
  CHECK(listed(folder, {folder.path("**")}) == Names{"a.md", "sub/c.md"});
  CHECK(listed(folder, {folder.path("s?b/[c-d].*")}) == Names{"sub/c.md", "sub/d.log1"});
}

TEST_CASE("a name that looks like a pattern is a file where there is one") {
  Folder folder;
  const auto file = folder.write("a[1].md", "x");
  folder.write("a1.md", "y");
  CHECK(listed(folder, {file}) == Names{"a[1].md"});
}

TEST_CASE(
    "what does not exist is a problem and keeps what is known of it; a pattern without match is a remark") {
  Folder folder;
  const auto list = list_sources({folder.path("gone.md"), folder.path("*.none"), "relative.md"}, {});
  CHECK(list.items.empty());
  REQUIRE(list.problems.size() == 2);
  CHECK(list.problems[0].contains("gone.md cannot be read: No such file"));
  CHECK(list.problems[1].contains("neither an absolute path nor a URL"));
  REQUIRE(list.remarks.size() == 1);
  CHECK(list.remarks[0].contains("matches no file"));
  CHECK(list.is_unseen(folder.path("gone.md")));
  CHECK(list.is_unseen(folder.path("gone.md/below")));
  CHECK_FALSE(list.is_unseen(folder.path("gone.md2")));
}

TEST_CASE("only files are taken: not FIFOs, devices and sockets") {
  Folder folder;
  REQUIRE(::mkfifo(folder.path("pipe.md").c_str(), 0600) == 0);
  folder.write("a.md", "a");
  CHECK(listed(folder, {folder.path()}) == Names{"a.md"});
  const auto list = list_sources({folder.path("pipe.md"), "/dev/null"}, {});
  CHECK(list.items.empty());
  CHECK(list.problems.size() == 2);
}

TEST_CASE("symbolic links are followed within their folder only, and no cycle holds a walk up") {
  Folder folder, other;
  other.write("secret.md", "s");
  folder.write("docs/real.md", "r");
  folder.write("docs/.versions/3/inner.md", "i");
  folder.write("docs/.versions/3/more/deep.md", "d");
  folder.link(other.path("secret.md"), "docs/stolen.md");
  folder.link(other.path(), "docs/stolen");
  folder.link("real.md", "docs/again.md");     // found as it is
  folder.link(".versions/3", "docs/current");  // hidden but for the link
  folder.link("..", "docs/.versions/3/up");    // out of the link, not of the folder
  folder.link("../..", "docs/.versions/3/more/loop");
  folder.link(".", "docs/self");
  folder.link("circle2", "docs/circle1");
  folder.link("circle1", "docs/circle2");
  folder.link("nowhere.md", "docs/dangling.md");
  CHECK(listed(folder, {folder.path("docs")}) ==
        Names{"docs/current/inner.md", "docs/current/more/deep.md", "docs/real.md"});
  CHECK(listed(folder, {folder.path("docs/stolen.md")}) == Names{"docs/stolen.md"});
}

TEST_CASE("a folder that is itself a link is walked under the name it was given") {
  Folder folder;
  folder.write("real/a.md", "a");
  folder.link("real", "alias");
  const auto list = list_sources({folder.path("alias")}, {});
  REQUIRE(list.items.size() == 1);
  CHECK(list.items[0].source == folder.path("alias/a.md"));
  CHECK(list.items[0].root == folder.path("real"));
}

TEST_CASE("URLs are taken as they are named, unless they cannot be used or hold a password") {
  const auto list = list_sources(
      {"https://example.org/a?b=1", "http://user:secret@example.org/", "http://", "ftp://x/y"}, {});
  REQUIRE(list.items.size() == 1);
  CHECK(list.items[0] == SourceItem{.source = "https://example.org/a?b=1", .is_url = true});
  REQUIRE(list.problems.size() == 3);
  for (const auto& problem : list.problems) CHECK_FALSE(problem.contains("secret"));
}

TEST_CASE("more files than the limit are left out, and nothing that is missing counts as gone") {
  Folder folder;
  for (int i = 0; i < 5; ++i) folder.write(std::to_string(i) + ".md", "x");
  const auto list = list_sources({folder.path(), folder.path("4.md")}, {.files = 3});
  CHECK(list.items.size() == 3);
  CHECK_FALSE(list.complete);
  CHECK(list.problems.at(0).contains("more than 3 documents"));
  CHECK(list.is_unseen("/anything"));
  CHECK(list_sources({folder.path(), folder.path("4.md")}, {.files = 5}).complete);
}

TEST_CASE("a folder that cannot be read is told, and what was known of it stays") {
  // Root reads everything, so a folder too deep to be walked stands for one that may not be read.
  Folder folder;
  std::string deep;
  for (std::size_t i = 0; i <= limits::kFolderDepth; ++i) deep += "d/";
  folder.write(deep + "a.md", "a");
  folder.write("b.md", "b");
  const auto list = list_sources({folder.path()}, {});
  CHECK(list.items.size() == 1);
  REQUIRE(list.remarks.size() == 1);
  CHECK(list.complete);
  CHECK(list.is_unseen(folder.path(deep + "a.md")));
  CHECK_FALSE(list.is_unseen(folder.path("c.md")));
  if (::geteuid() != 0) {
    fs::permissions(folder.path("d"), fs::perms::none);
    CHECK(list_sources({folder.path()}, {}).is_unseen(folder.path("d/x.md")));
    fs::permissions(folder.path("d"), fs::perms::owner_all);
  }
}

TEST_CASE("a file whose name is no UTF-8 is passed over with a remark") {
  Folder folder;
  folder.write("bad\xff.md", "x");
  const auto list = list_sources({folder.path()}, {});
  CHECK(list.items.empty());
  CHECK(list.remarks.at(0).contains("no UTF-8"));
}

TEST_CASE("a listing that is cancelled ends and is not complete") {
  Folder folder;
  folder.write("a.md", "x");
  const auto cancelled = std::make_shared<std::atomic<bool>>(true);
  const auto list = list_sources({folder.path()}, {.cancelled = cancelled});
  CHECK(list.items.empty());
  CHECK_FALSE(list.complete);
}

TEST_CASE("a stamp tells another size, time or file") {
  Folder folder;
  const auto file = folder.write("a.md", "x");
  const auto stamp = [&] { return list_sources({file}, {}).items.at(0).stamp; };
  const auto first = stamp();
  CHECK(stamp() == first);
  folder.age(file);
  const auto second = stamp();
  CHECK(second != first);
  const auto time = fs::last_write_time(file);
  fs::rename(folder.write("new", "y"), file);
  fs::last_write_time(file, time);
  CHECK(stamp() != second);
}
