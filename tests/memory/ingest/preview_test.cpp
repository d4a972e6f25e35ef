#include "memory/knowledge/ingest/preview.h"

#include "tests/memory/ingest/ingest_bench.h"

#include <filesystem>

using namespace troupe;
using namespace troupe::memory;
using troupe::memory::testing::IngestBench;

namespace {

using Names = std::vector<std::string>;

Result<IngestPreview> preview(IngestBench& bench, IngestRequest request) {
  return fakes::run(bench.loop, preview_ingest({bench.loop, bench.workers, *bench.store}, bench.target,
                                               std::move(request), *bench.stop));
}

IngestPreview previewed(IngestBench& bench) {
  auto made = preview(bench, bench.request());
  REQUIRE(made);
  return std::move(*made);
}

// What is said beforehand is what is done.
void check_agrees(const IngestPreview& before, const IngestReport& after) {
  CHECK(before.added.size() == after.added);
  CHECK(before.changed.size() == after.changed);
  CHECK(before.removed.size() == after.removed);
  CHECK(before.unchanged == after.unchanged);
  CHECK(before.failed == after.failed);
}

}  // namespace

TEST_CASE("a preview of an empty base writes nothing, not even a file") {
  IngestBench bench;
  bench.folder.write("a.md", "# Apples\n");
  bench.folder.write("b.txt", "pears");
  const IngestPreview before = previewed(bench);
  CHECK(before.added == Names{bench.folder.path("a.md"), bench.folder.path("b.txt")});
  CHECK(bench.embedder->calls == 0);
  CHECK(bench.reader.sources.empty());
  CHECK_FALSE(bench.ask(bench.store->find_base(bench.target.key)));
  check_agrees(before, bench.done());
}

TEST_CASE("a preview says what is new, what changed and what is gone") {
  IngestBench bench;
  for (const char* name : {"same.md", "touched.md", "changed.md", "gone.md"})
    bench.folder.write(name, std::string("# ") + name);
  bench.done();
  bench.folder.write("touched.md", "# touched.md");  // another time, the same words
  bench.folder.write("changed.md", "# other words");
  bench.folder.write("new.md", "# new");
  std::filesystem::remove(bench.folder.path("gone.md"));

  const IngestPreview before = previewed(bench);
  CHECK(before.added == Names{bench.folder.path("new.md")});
  CHECK(before.changed == Names{bench.folder.path("changed.md")});
  CHECK(before.removed == Names{bench.folder.path("gone.md")});
  CHECK(before.unchanged == 2);
  CHECK(bench.names() == Names{"changed.md", "gone.md", "same.md", "touched.md"});
  check_agrees(before, bench.done());
  CHECK(previewed(bench).unchanged == 4);
}

TEST_CASE("another size of chunks or another embedding changes everything, and so does force") {
  IngestBench bench;
  bench.folder.write("a.md", "# Apples\n");
  bench.done();
  IngestRequest forced = bench.request();
  forced.force = true;
  CHECK(preview(bench, forced)->changed.size() == 1);
  bench.target.chunk.size = 40;
  CHECK(previewed(bench).changed.size() == 1);
  bench.target.chunk.size = 60;
  CHECK(previewed(bench).changed.empty());
  bench.target.embedding = "other/64";
  CHECK(previewed(bench).changed.size() == 1);
  CHECK(bench.ask(bench.store->find_base(bench.target.key))->embedding == "builtin/512");
}

TEST_CASE("by hand nothing is taken away, and a document that is given is compared by its words") {
  IngestBench bench;
  bench.folder.write("a.md", "# Apples\n");
  bench.done();
  IngestRequest given{.origin = Origin::added, .given = {{"notes.md", "# Notes"}, {"notes.md", "# Newer"}}};
  const auto first = preview(bench, given);
  REQUIRE(first);
  CHECK(first->added == Names{"notes.md"});
  CHECK(first->removed.empty());
  bench.done(given);
  CHECK(preview(bench, given)->unchanged == 1);
  given.given.back().bytes = "# Newest";
  CHECK(preview(bench, given)->changed == Names{"notes.md"});
}

TEST_CASE("pages that the base has are asked for, new ones are added") {
  IngestBench bench;
  bench.sources = {"https://example.org/a.html"};
  CHECK(previewed(bench).added.size() == 1);
  const auto base = bench.ask(bench.store->claim_base(bench.target.key, bench.target.embedding));
  bench.ask(bench.store->put_document(
      base,
      {.source = "https://example.org/a.html", .version = {"c", "p", "e"}, .document = {.text = "words"}}));
  CHECK(previewed(bench).asked == Names{"https://example.org/a.html"});
}

TEST_CASE("sources that are not there fail a preview's lines, wrong requests the preview") {
  IngestBench bench;
  bench.sources = {bench.folder.path("nowhere.md")};
  const IngestPreview made = previewed(bench);
  CHECK(made.failed == 1);
  REQUIRE(made.warnings.size() == 1);
  CHECK(made.warnings[0].contains("nowhere.md"));
  const auto mixed = preview(bench, {.given = {{"a", "b"}}});
  REQUIRE_FALSE(mixed);
  CHECK(mixed.error().code == ErrorCode::invalid);
  bench.stop->request(StopReason::cancelled);
  const auto stopped = preview(bench, bench.request());
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == ErrorCode::cancelled);
}
