#include "memory/knowledge/ingest/source_file.h"

#include "memory/knowledge/ingest/source_list.h"
#include "runtime/base/sha256.h"
#include "tests/memory/ingest/folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using troupe::memory::testing::Folder;

namespace {

ErrorCode refusal(const std::string& path, const std::string& root = "", std::size_t most = 1'000) {
  const auto file = read_source_file(path, root, most);
  REQUIRE_FALSE(file.has_value());
  return file.error().code;
}

}  // namespace

TEST_CASE("a file is read with its hash and the stamp that the listing has") {
  Folder folder;
  const std::string text(5'000'000, 'x');
  for (const std::string& content : {text, std::string("short"), std::string()}) {
    const auto path = folder.write("a.txt", content);
    const auto file = read_source_file(path, folder.path(), content.size());
    REQUIRE(file.has_value());
    CHECK(file->bytes == content);
    CHECK(file->content == sha256_hex(content));
    CHECK(file->stamp == list_sources({path}, {}).items.at(0).stamp);
  }
}

TEST_CASE("the stamp of a file that was written this moment is not believed") {
  Folder folder;
  const auto path = folder.write("a.txt", "x");
  std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now());
  CHECK(read_source_file(path, "", 9)->stamp.empty());
}

TEST_CASE("what is no file holds nobody up") {
  Folder folder;
  REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  CHECK(refusal(folder.path("pipe")) == ErrorCode::invalid);
  CHECK(refusal("/dev/zero") == ErrorCode::invalid);
  CHECK(refusal(folder.path()) == ErrorCode::invalid);
  CHECK(refusal(folder.path("none")) == ErrorCode::not_found);
}

TEST_CASE("a file beyond the limit is not read, however little disk it takes, nor one without an end") {
  Folder folder;
  const auto path = folder.write("a.txt", "x");
  REQUIRE(::truncate(path.c_str(), 1ll << 40) == 0);
  CHECK(refusal(path) == ErrorCode::too_large);
  // Its size is 0, and it goes on.
  CHECK(refusal("/proc/self/status", "", 10) == ErrorCode::too_large);
  CHECK(read_source_file("/proc/self/status", "", 100'000)->bytes.contains("Name:"));
}

TEST_CASE("a link that was put in the place of a file leads nowhere else") {
  Folder folder, other;
  const auto secret = other.write("secret.txt", "s");
  folder.write("docs/a.txt", "a");
  folder.link(secret, "docs/b.txt");
  folder.link("a.txt", "docs/c.txt");
  CHECK(refusal(folder.path("docs/b.txt"), folder.path("docs")) == ErrorCode::denied);
  CHECK(refusal(folder.path("docs/a.txt"), folder.path("doc")) == ErrorCode::denied);
  CHECK(read_source_file(folder.path("docs/c.txt"), folder.path("docs"), 9)->bytes == "a");
  CHECK(read_source_file(folder.path("docs/b.txt"), "", 9)->bytes == "s");
}
